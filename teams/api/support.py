"""Visits of platform staff, as the workspace sees and ends them."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from teams import support
from teams.api.scoping import WorkspaceScoped
from teams.api.team_shapes import TeammateSerializer
from teams.models import SupportVisit
from teams.roles import Action


class SupportVisitSerializer(serializers.ModelSerializer):
    """Somebody who runs the installation, in the workspace as support, and why."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    visitor = TeammateSerializer(read_only=True)
    ended_by = TeammateSerializer(read_only=True, allow_null=True)
    is_open = serializers.BooleanField(read_only=True)

    class Meta:
        model = SupportVisit
        fields = (
            "id",
            "visitor",
            "reason",
            "created_at",
            "ends_at",
            "ended_at",
            "ended_by",
            "is_open",
        )
        read_only_fields = fields


class SupportVisitViewSet(WorkspaceScoped, mixins.ListModelMixin, GenericViewSet):
    """Who of the platform's staff was here, the latest first."""

    queryset = SupportVisit.objects.select_related("visitor", "ended_by")
    serializer_class = SupportVisitSerializer
    ordering = "-id"
    actions = {"list": Action.READ_AUDIT, "end": Action.MANAGE_TEAM}

    @extend_schema(request=None, responses=SupportVisitSerializer)
    def end(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Show them out: it counts from their next request. 409 `closed` when the
        visit is over already."""
        ended = support.end(self.get_object(), actor=request.user)
        return Response(self.get_serializer(ended).data)
