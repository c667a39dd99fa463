"""Imports over the API: a door to leads/importing.py."""

from collections.abc import Iterator
from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import parsers, serializers, status
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from flexoraa.lib import spreadsheets
from flexoraa.lib.api import CleanJSONParser
from leads import bulk, importing
from leads.api.serializers import OperationSerializer, OwnerSerializer, WithId
from leads.models import ImportJob
from leads.reporting import import_errors
from teams.api.idempotency import idempotent
from teams.api.scoping import WorkspaceScoped
from teams.roles import Action


class ImportSerializer(WithId):
    """An import: what was understood of the file, and how far it is. `outcomes` counts
    rows: new, update, skip, repeat, error."""

    by = OwnerSerializer(read_only=True, allow_null=True)
    operation = serializers.UUIDField(
        source="operation.public_id", read_only=True, allow_null=True, default=None
    )
    columns = serializers.ListField(child=serializers.CharField(), read_only=True)
    sample = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField()), read_only=True
    )
    mapping = serializers.ListField(child=serializers.CharField(), read_only=True)
    outcomes = serializers.DictField(child=serializers.IntegerField(), read_only=True)
    percent = serializers.IntegerField(read_only=True)

    class Meta:
        model = ImportJob
        fields = (
            "id",
            "filename",
            "size",
            "state",
            "by",
            "columns",
            "sample",
            "mapping",
            "on_duplicate",
            "is_dry_run",
            "rows",
            "outcomes",
            "percent",
            "error",
            "operation",
            "created_at",
            "finished_at",
        )
        read_only_fields = fields


class LeadFileSerializer(serializers.Serializer):
    """A CSV or XLSX file of up to 25 MB and 200,000 rows, headings first."""

    file = serializers.FileField(max_length=200)


class StartSerializer(serializers.Serializer):
    """How to import it: a field for each column ("" leaves it out), what to do with
    leads that are there already, and whether to stop after checking."""

    mapping = serializers.ListField(
        child=serializers.CharField(max_length=60, allow_blank=True), required=False
    )
    on_duplicate = serializers.ChoiceField(
        ImportJob.OnDuplicate.choices, required=False, default=""
    )
    dry_run = serializers.BooleanField(default=False)


class ImportViewSet(WorkspaceScoped, GenericViewSet):
    """Imports, the latest first."""

    queryset = ImportJob.objects.select_related("by", "operation").defer("content")
    serializer_class = ImportSerializer
    parser_classes = (CleanJSONParser, parsers.MultiPartParser)
    ordering = "-id"
    actions = {
        "list": Action.MANAGE_LEADS,
        "retrieve": Action.MANAGE_LEADS,
        "create": Action.MANAGE_LEADS,
        "start": Action.MANAGE_LEADS,
        "cancel": Action.MANAGE_LEADS,
        "undo": Action.MANAGE_LEADS,
        "errors": Action.MANAGE_LEADS,
    }

    def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(ImportSerializer(page, many=True).data)

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return self.shown(self.get_object())

    @extend_schema(
        request={"multipart/form-data": LeadFileSerializer},
        responses={201: ImportSerializer},
    )
    @idempotent()
    def create(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Upload a file; the answer says what its columns seem to be. Start it next."""
        form = LeadFileSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        file = form.validated_data["file"]
        if file.size > importing.MOST_BYTES:
            raise serializers.ValidationError(
                {"file": "The file has more than 25 MB: split it."}, code="too_large"
            )
        job = importing.upload(
            workspace=self.workspace,
            by=request.user,
            filename=file.name,
            content=file.read(),
        )
        return self.shown(job, status.HTTP_201_CREATED)

    @extend_schema(request=StartSerializer, responses={202: ImportSerializer})
    @idempotent()
    def start(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Read the file in the background, and import it unless this is a dry run."""
        form = StartSerializer(data=request.data or {})
        form.is_valid(raise_exception=True)
        job = importing.start(self.get_object(), **form.validated_data)
        return self.shown(job, status.HTTP_202_ACCEPTED)

    @extend_schema(request=None)
    def cancel(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Stop before the next slice; what was imported can be undone."""
        return self.shown(importing.cancel(self.get_object()))

    @extend_schema(request=None, responses={200: OperationSerializer})
    @idempotent()
    def undo(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Archive the leads that it made, restore those that it changed; what somebody
        worked on since is kept and reported."""
        job = self.get_object()
        if job.operation is None:
            raise bulk.Conflict("Nothing was imported: there is nothing to undo.")
        operation = bulk.undo(job.operation, by=request.user)
        return Response(OperationSerializer(operation).data)

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    def errors(self, request: Any, *args: Any, **kwargs: Any) -> StreamingHttpResponse:
        """The rows that were not imported, as they came, each with what is wrong."""
        job = self.get_object()
        lines: Iterator = import_errors(job)
        return spreadsheets.download(lines, f"errors-{job.public_id}.csv")

    def shown(self, job: ImportJob, code: int = status.HTTP_200_OK) -> Response:
        row = self.get_queryset().get(pk=job.pk)
        return Response(ImportSerializer(row).data, status=code)
