"""Who changed what in the workspace: a list with filters, and the same as CSV."""

from typing import Any

import django_filters
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.viewsets import GenericViewSet

from flexoraa.lib.rows import ReadsRows
from teams import trail
from teams.api.scoping import WorkspaceScoped
from teams.api.team_shapes import TeammateSerializer
from teams.models import AuditEvent
from teams.roles import Action

MOST_ROWS = 100_000  # of one CSV


@extend_schema_field(
    {
        "type": ["object", "null"],
        "additionalProperties": {"type": "array", "items": {}},
    }
)
class ChangesField(serializers.JSONField):
    """`{"role": ["sdr", "admin"]}`: before and after."""


class AuditEventSerializer(serializers.ModelSerializer):
    """One change of one row. Without an actor it was a worker or a command."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    changes = ChangesField(read_only=True)
    actor = TeammateSerializer(read_only=True, allow_null=True)

    class Meta:
        model = AuditEvent
        fields = (
            "id",
            "at",
            "actor",
            "action",
            "subject",
            "subject_id",
            "label",
            "changes",
            "door",
            "request_id",
        )
        read_only_fields = fields


class AuditFilter(django_filters.FilterSet):
    """By whom, of what, when."""

    actor = django_filters.UUIDFilter(field_name="actor__public_id")
    subject = django_filters.CharFilter()
    subject_id = django_filters.UUIDFilter()
    action = django_filters.ChoiceFilter(choices=AuditEvent.Action.choices)
    door = django_filters.CharFilter()
    since = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    until = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = AuditEvent
        fields = ("actor", "subject", "subject_id", "action", "door", "since", "until")


class AuditViewSet(WorkspaceScoped, ReadsRows, GenericViewSet):
    """The audit trail of the workspace, the latest first."""

    queryset = AuditEvent.objects.all()
    serializer_class = AuditEventSerializer
    filterset_class = AuditFilter
    ordering = "-id"
    actions = {"list": Action.READ_AUDIT, "export": Action.READ_AUDIT}
    again = ("export",)

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    def export(self, request: Any, *args: Any, **kwargs: Any) -> StreamingHttpResponse:
        """The same as CSV, with the same filters: up to 100,000 rows."""
        rows = self.filter_queryset(self.get_queryset()).order_by("-id")
        return StreamingHttpResponse(
            trail.csv_lines(rows[:MOST_ROWS]),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="audit.csv"'},
        )
