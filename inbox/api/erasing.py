"""One person over the API: erased, or handed out; doors to inbox/erasing.py and
inbox/dossier.py."""

from typing import Any

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from inbox import dossier, erasing
from inbox.api.serializers import ColleagueSerializer, WithId
from inbox.models import Erasure
from leads.models import Lead
from teams.api.idempotency import idempotent
from teams.api.scoping import WorkspaceScoped
from teams.roles import Action

PATH = OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH)


class ErasureSerializer(WithId):
    """How far an erasure is, and how many rows of what it has emptied."""

    lead = serializers.UUIDField(source="lead.public_id", read_only=True)
    by = ColleagueSerializer(read_only=True, allow_null=True)
    counts = serializers.DictField(child=serializers.IntegerField(), read_only=True)

    class Meta:
        model = Erasure
        fields = ("id", "lead", "by", "state", "counts", "created_at", "finished_at")
        read_only_fields = fields


@extend_schema(parameters=[PATH])
class PersonViewSet(WorkspaceScoped, GenericViewSet):
    """A lead, whoever was merged into it, and their contacts on every channel."""

    queryset = Lead.objects.all()
    serializer_class = ErasureSerializer
    actions = {"erase": Action.ERASE, "state": Action.ERASE, "export": Action.ERASE}
    again = ("erase", "export")

    @extend_schema(request=None, responses={202: ErasureSerializer})
    @idempotent()
    def erase(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Erase the person everywhere and for good; the workers do it. No undo."""
        made = erasing.begin(self.lead(), by=request.user)
        return Response(self.get_serializer(made).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(responses=ErasureSerializer)
    def state(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """The last erasure of this person: how far it is."""
        rows = Erasure.objects.filter(lead=self.lead()).select_related("lead", "by")
        last = rows.order_by("-pk").first()
        if last is None:
            raise Http404
        return Response(self.get_serializer(last).data)

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    def export(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """All that is held of the person, as one JSON file."""
        lead = self.lead()
        name = f'attachment; filename="person-{lead.public_id}.json"'
        headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
        return Response(dossier.dossier(lead), headers=headers)

    def lead(self) -> Lead:
        """The lead of the path, or whom it was merged into."""
        found = self.get_queryset().head(self.kwargs["id"])
        if found is None:
            raise Http404
        return found
