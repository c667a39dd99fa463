"""Edits of many leads over the API: a door to leads/bulk.py."""

from typing import Any

from django.core.exceptions import ValidationError as Refused
from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from flexoraa.lib import spreadsheets
from flexoraa.lib.rows import ReadsRows
from leads import bulk, reporting
from leads.api.changes import check_loss
from leads.api.selecting import SelectSerializer, select
from leads.api.serializers import ChangeSerializer, OperationSerializer
from leads.assignment import Strategy, assign
from leads.changes import Changes
from leads.models import BulkChange, BulkOperation, Campaign, CustomField, Lead, Stage
from leads.models.leads import MOST_TAGS, tidy_tags
from leads.models.stages import checked
from teams.api.idempotency import idempotent
from teams.api.scoping import MemberField, WorkspaceRelatedField, WorkspaceScoped
from teams.roles import Action

SAMPLE = 20
Tags = serializers.ListField


class TagsSerializer(serializers.Serializer):
    """Tags to put on and to take off."""

    add = Tags(child=serializers.CharField(max_length=50), default=list, max_length=20)
    remove = Tags(
        child=serializers.CharField(max_length=50), default=list, max_length=20
    )


class SetSerializer(serializers.Serializer):
    """What to set on each lead; null takes the owner or the campaign away."""

    stage = WorkspaceRelatedField(queryset=Stage.objects.all(), required=False)
    lost_reason = serializers.CharField(max_length=200, required=False)
    owner = MemberField(required=False, allow_null=True)
    campaign = WorkspaceRelatedField(
        queryset=Campaign.objects.all(), required=False, allow_null=True
    )
    source = serializers.CharField(max_length=60, required=False, allow_blank=True)
    value_paise = serializers.IntegerField(
        min_value=0, max_value=10**15, required=False
    )
    consent = serializers.ChoiceField(Lead.Consent.choices, required=False)
    tags = TagsSerializer(required=False)
    custom = serializers.DictField(
        child=serializers.JSONField(allow_null=True), required=False
    )

    def validate_custom(self, value: dict[str, Any]) -> dict[str, Any]:
        fields = CustomField.objects.for_workspace(self.context["workspace"])
        try:
            return checked(fields, value)
        except Refused as error:
            raise serializers.ValidationError(error.message_dict) from error

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        unknown = sorted(set(self.initial_data) - set(self.fields))
        if unknown:
            raise serializers.ValidationError(
                {unknown[0]: "Leads have no such field to set."}, code="unknown"
            )
        if not attrs:
            raise serializers.ValidationError("Say what to set.", code="required")
        check_loss(attrs)
        return attrs

    def changes(self) -> Changes:
        """What was asked for, as the engine takes it."""
        given = dict(self.validated_data)
        tags, custom = given.pop("tags", {}), given.pop("custom", {})
        values = {name: getattr(value, "pk", value) for name, value in given.items()}
        return Changes(
            values=values,
            add_tags=tuple(tidy_tags(tags.get("add", []))[:MOST_TAGS]),
            remove_tags=tuple(tidy_tags(tags.get("remove", []))),
            custom=custom,
        )


class UpdateSerializer(serializers.Serializer):
    """A mass update. With `dry_run` only the plan is made."""

    select = SelectSerializer()
    set = serializers.DictField(help_text="See the documentation of bulk updates.")
    dry_run = serializers.BooleanField(default=False)


class AssignSerializer(serializers.Serializer):
    """A mass assignment to a campaign, to owners, or to both."""

    select = SelectSerializer()
    campaign = WorkspaceRelatedField(queryset=Campaign.objects.all(), required=False)
    owners = serializers.ListField(
        child=MemberField(), required=False, default=list, max_length=100
    )
    strategy = serializers.ChoiceField(Strategy.choices, default=Strategy.ROUND_ROBIN)
    dry_run = serializers.BooleanField(default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs["owners"] and "campaign" not in attrs:
            raise serializers.ValidationError(
                {"campaign": "Say a campaign, owners, or both."}, code="required"
            )
        return attrs


PLAN = inline_serializer(
    "BulkPlan",
    {
        "operation": OperationSerializer(),
        "sample": ChangeSerializer(many=True),
    },
)


class BulkViewSet(WorkspaceScoped, GenericViewSet):
    """Operations on many leads, the latest first: one's own, or all for admins."""

    queryset = BulkOperation.objects.select_related("by")
    serializer_class = OperationSerializer
    ordering = "-id"
    actions = {
        "list": Action.WORK_LEADS,
        "retrieve": Action.WORK_LEADS,
        "update_many": Action.WORK_LEADS,
        "assign_many": Action.WORK_LEADS,
        "apply": Action.WORK_LEADS,
        "cancel": Action.WORK_LEADS,
        "undo": Action.WORK_LEADS,
        "report": Action.WORK_LEADS,
    }

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        if not self.membership.may(Action.MANAGE_LEADS):
            rows = rows.filter(by=self.request.user.pk)
        return rows

    def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(OperationSerializer(page, many=True).data)

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response(OperationSerializer(self.get_object()).data)

    @extend_schema(request=UpdateSerializer, responses={200: PLAN, 202: PLAN})
    @idempotent()
    def update_many(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Set fields of many leads."""
        asked = self.valid(UpdateSerializer, request.data)
        wanted = self.valid(SetSerializer, asked["set"], "set")
        chosen = select(asked["select"], request, self.membership)
        operation = bulk.plan(
            "update",
            workspace=self.workspace,
            by=request.user,
            selection=chosen.leads,
            changes=wanted.changes(),
            missing=chosen.missing,
            request={"select": chosen.said, "set": asked["set"]},
        )
        return self.answer(operation, dry_run=asked["dry_run"])

    @extend_schema(request=AssignSerializer, responses={200: PLAN, 202: PLAN})
    @idempotent()
    def assign_many(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Give many leads to a campaign and to owners; the receipt says who got how
        many and why."""
        asked = self.valid(AssignSerializer, request.data)
        chosen = select(asked["select"], request, self.membership)
        given = assign(self.workspace, chosen.leads, asked["owners"], asked["strategy"])
        campaign = asked.get("campaign")
        operation = bulk.plan(
            "assign",
            workspace=self.workspace,
            by=request.user,
            selection=chosen.leads,
            changes=Changes(
                values={"campaign": campaign.pk} if campaign else {},
                owners=tuple(given.owners),
                fill_owner_only=asked["strategy"] == Strategy.KEEP,
            ),
            missing=chosen.missing,
            request={
                "select": chosen.said,
                "campaign": campaign.code if campaign else None,
            },
            receipt=given.receipt,
        )
        return self.answer(operation, dry_run=asked["dry_run"])

    @extend_schema(
        request=inline_serializer(
            "BulkApply", {"plan_hash": serializers.CharField(required=False)}
        ),
        responses={200: PLAN, 202: PLAN},
    )
    @idempotent()
    def apply(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Apply a plan; with its `plan_hash`, only the one that was seen."""
        given = request.data.get("plan_hash", "")
        return self.answer(bulk.start(self.get_object(), plan_hash=str(given)))

    @extend_schema(request=None, responses=OperationSerializer)
    def cancel(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Stop before the next slice; what was changed can be undone."""
        return Response(OperationSerializer(bulk.cancel(self.get_object())).data)

    @extend_schema(request=None, responses={200: PLAN, 202: PLAN})
    @idempotent()
    def undo(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Restore what still stands as it was written; once."""
        return self.answer(bulk.undo(self.get_object(), by=request.user))

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    def report(self, request: Any, *args: Any, **kwargs: Any) -> StreamingHttpResponse:
        """Every lead of the operation as CSV: before, after, what became of it."""
        operation = self.get_object()
        return spreadsheets.download(
            reporting.lines_of(operation), f"bulk-{operation.public_id}.csv"
        )

    def valid(self, serializer: type, data: Any, under: str = "") -> Any:
        """The validated form; a nested one by itself, its errors under its name."""
        form = serializer(data=data, context=self.get_serializer_context())
        if not form.is_valid():
            raise serializers.ValidationError(
                {under: form.errors} if under else form.errors
            )
        return form if under else form.validated_data

    def answer(self, operation: BulkOperation, *, dry_run: bool = True) -> Response:
        """The operation with a sample; applied first unless that is for later."""
        if not dry_run:
            operation = bulk.start(operation)
        rows = operation.changes.exclude(state="dropped").select_related("lead")
        body = {
            "operation": OperationSerializer(operation).data,
            "sample": ChangeSerializer(rows.order_by("lead")[:SAMPLE], many=True).data,
        }
        running = operation.state in BulkOperation.RUNNING
        return Response(
            body, status=status.HTTP_202_ACCEPTED if running else status.HTTP_200_OK
        )


@extend_schema(
    parameters=[OpenApiParameter("operation", OpenApiTypes.UUID, OpenApiParameter.PATH)]
)
class BulkChangeViewSet(WorkspaceScoped, ReadsRows, GenericViewSet):
    """What an operation does to each lead; `?state=moved` and `?reason=locked`."""

    queryset = BulkChange.objects.all()
    serializer_class = ChangeSerializer
    ordering = "id"
    actions = {"list": Action.WORK_LEADS}

    def get_queryset(self) -> Any:
        rows = BulkOperation.objects.for_workspace(self.workspace)
        if not self.membership.may(Action.MANAGE_LEADS):
            rows = rows.filter(by=self.request.user.pk)
        operation = get_object_or_404(rows, public_id=self.kwargs["operation"])
        found = super().get_queryset().filter(operation=operation)
        for name in ("state", "reason"):
            if value := self.request.query_params.get(name):
                found = found.filter(**{name: value[:20]})
        return found
