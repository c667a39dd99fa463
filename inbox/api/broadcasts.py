"""Broadcasts over the API: a door to inbox/preflight.py and inbox/broadcasts.py."""

from typing import Any
from zoneinfo import ZoneInfo

import django_filters as filters
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers, status
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from flexoraa.lib import spreadsheets
from flexoraa.lib.rows import ReadsRows
from inbox import broadcasts, preflight
from inbox.adapters.sending import Unsendable
from inbox.api.serializers import AccountSerializer, ColleagueSerializer, WithId
from inbox.models import Broadcast, BroadcastRecipient, Template
from inbox.models.broadcasts import MOST_PER_MINUTE, STATES
from inbox.reporting import lines_of
from leads.api.selecting import Selection, SelectSerializer, select
from leads.models import Campaign, Lead
from teams.api.idempotency import idempotent
from teams.api.scoping import WorkspaceRelatedField, WorkspaceScoped
from teams.roles import Action


class BroadcastGapSerializer(serializers.Serializer):
    """What goes into one gap: a `field` of the lead (name, first_name, phone, email,
    company, owner, stage, campaign, value, custom.…) with a `default`, or a `text`."""

    field = serializers.CharField(max_length=60, required=False)
    default = serializers.CharField(max_length=1024, required=False)
    text = serializers.CharField(max_length=1024, required=False)


class NewBroadcastSerializer(serializers.Serializer):
    """A broadcast to be looked at; nothing is sent before it is started. The leads are
    those of `select`, or of `campaign` when nothing is selected."""

    name = serializers.CharField(max_length=120)
    template = WorkspaceRelatedField(
        queryset=Template.objects.select_related("account")
    )
    parameters = serializers.DictField(child=BroadcastGapSerializer(), default=dict)
    components = serializers.ListField(
        child=serializers.DictField(), default=list, max_length=20
    )
    select = SelectSerializer(required=False)
    campaign = WorkspaceRelatedField(queryset=Campaign.objects.all(), required=False)
    per_minute = serializers.IntegerField(
        min_value=1, max_value=MOST_PER_MINUTE, required=False, allow_null=True
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "select" not in attrs and "campaign" not in attrs:
            raise serializers.ValidationError(
                {"select": "Select leads, or say whose campaign's."}, code="required"
            )
        return attrs


class BroadcastStartSerializer(serializers.Serializer):
    """When to begin: now, or `start_at`. A time without an offset is the workspace's
    own."""

    start_at = serializers.DateTimeField(required=False, allow_null=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if workspace := self.context.get("workspace"):
            self.fields["start_at"].timezone = ZoneInfo(workspace.timezone)

    def validate_start_at(self, value: Any) -> Any:
        if value and value < timezone.now():
            raise serializers.ValidationError("This is past.", code="past")
        return value


class RetrySerializer(serializers.Serializer):
    """`unconfirmed`: also those of whom nobody knows whether they got it; some of them
    may get it twice."""

    unconfirmed = serializers.BooleanField(default=False)


class UsedTemplateSerializer(WithId):
    """Which template it is."""

    class Meta:
        model = Template
        fields = ("id", "name", "language", "category", "status")


class ForCampaignSerializer(WithId):
    """Which campaign it is for."""

    class Meta:
        model = Campaign
        fields = ("id", "code", "name")


class BroadcastSerializer(WithId):
    """A broadcast. `facts` is what the look beforehand found: pending, dropped by
    reason, open and closed windows, cost, the plan's room; `counts` how many
    recipients are where by now; `note` what holds it up."""

    account = AccountSerializer(read_only=True)
    template = UsedTemplateSerializer(read_only=True)
    campaign = ForCampaignSerializer(read_only=True, allow_null=True)
    by = ColleagueSerializer(read_only=True, allow_null=True)
    counts = serializers.SerializerMethodField()

    class Meta:
        model = Broadcast
        fields = (
            "id",
            "name",
            "state",
            "note",
            "account",
            "template",
            "campaign",
            "parameters",
            "per_minute",
            "total",
            "facts",
            "counts",
            "by",
            "start_at",
            "created_at",
            "started_at",
            "finished_at",
        )

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_counts(self, broadcast: Broadcast) -> dict[str, int]:
        return self.context["counts"].get(broadcast.pk, {})


class RecipientLeadSerializer(WithId):
    """Which lead it is."""

    class Meta:
        model = Lead
        fields = ("id", "name", "phone")


class RecipientSerializer(WithId):
    """One lead of a broadcast: `state` is pending, skipped with the `reason`, or how
    far its message is (queued, unconfirmed, sent, delivered, read, failed)."""

    state = serializers.CharField(source="fate", read_only=True)
    lead = RecipientLeadSerializer(read_only=True)
    message = serializers.UUIDField(
        source="message.public_id", read_only=True, allow_null=True
    )
    error = serializers.CharField(source="message.error", read_only=True)

    class Meta:
        model = BroadcastRecipient
        fields = (
            "id",
            "state",
            "reason",
            "detail",
            "lead",
            "parameters",
            "message",
            "error",
        )


class BroadcastFilter(filters.FilterSet):
    """By state."""

    state = filters.ChoiceFilter(choices=Broadcast.State.choices)

    class Meta:
        model = Broadcast
        fields = ()


class BroadcastViewSet(WorkspaceScoped, GenericViewSet):
    """Templates that were sent to many, the latest first."""

    queryset = Broadcast.objects.select_related(
        "account", "template", "campaign", "by"
    ).defer("account__token")
    serializer_class = BroadcastSerializer
    filterset_class = BroadcastFilter
    ordering = "-id"
    actions = {
        "list": Action.READ,
        "retrieve": Action.READ,
        "create": Action.MANAGE_LEADS,
        "start": Action.MANAGE_LEADS,
        "pause": Action.MANAGE_LEADS,
        "proceed": Action.MANAGE_LEADS,
        "cancel": Action.MANAGE_LEADS,
        "retry_failed": Action.MANAGE_LEADS,
        "report": Action.MANAGE_LEADS,
    }
    again = ("report",)

    def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.said(page, many=True))

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response(self.said(self.get_object()))

    @extend_schema(request=NewBroadcastSerializer, responses={201: BroadcastSerializer})
    @idempotent()
    def create(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Freeze the list and look: who is left out and why, and what it costs."""
        form = NewBroadcastSerializer(
            data=request.data, context=self.get_serializer_context()
        )
        form.is_valid(raise_exception=True)
        given = form.validated_data
        chosen = self._chosen(given)
        try:
            made = preflight.plan(
                workspace=self.workspace,
                by=request.user,
                name=given["name"],
                template=given["template"],
                selection=chosen.leads,
                parameters=given["parameters"],
                components=given["components"],
                campaign=given.get("campaign"),
                per_minute=given.get("per_minute"),
                missing=chosen.missing,
                request={"select": chosen.said},
            )
        except Unsendable as error:
            field = "parameters" if "parameters" in error.code else "template"
            detail = ErrorDetail(error.words, error.code)
            raise ValidationError({field: [detail]}) from error
        return self.shown(made, status.HTTP_201_CREATED)

    @extend_schema(
        request=BroadcastStartSerializer, responses={200: BroadcastSerializer}
    )
    @idempotent()
    def start(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Begin now or at a time. 409 says what is in the way."""
        form = BroadcastStartSerializer(
            data=request.data or {}, context=self.get_serializer_context()
        )
        form.is_valid(raise_exception=True)
        at = form.validated_data.get("start_at")
        return self.shown(broadcasts.start(self.get_object(), at=at))

    @extend_schema(request=None, responses={200: BroadcastSerializer})
    @idempotent(required=False)
    def pause(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Stop for now; what is in line already still goes."""
        return self.shown(broadcasts.pause(self.get_object()))

    @extend_schema(request=None, responses={200: BroadcastSerializer})
    @idempotent(required=False)
    def proceed(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Go on at once."""
        return self.shown(broadcasts.resume(self.get_object()))

    @extend_schema(request=None, responses={200: BroadcastSerializer})
    @idempotent(required=False)
    def cancel(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Nobody else gets it, also of those who are in line."""
        return self.shown(broadcasts.cancel(self.get_object()))

    @extend_schema(request=RetrySerializer, responses={200: BroadcastSerializer})
    @idempotent()
    def retry_failed(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Try once more what failed; who opted out meanwhile is left."""
        broadcast = self.get_object()
        form = RetrySerializer(data=request.data or {})
        form.is_valid(raise_exception=True)
        broadcasts.retry_failed(broadcast, **form.validated_data)
        return self.shown(broadcast)

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    def report(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Every recipient as CSV: state, reason, times."""
        broadcast = self.get_object()
        return spreadsheets.download(
            lines_of(broadcast), f"broadcast-{broadcast.public_id}.csv"
        )

    def shown(self, broadcast: Broadcast, code: int = status.HTTP_200_OK) -> Response:
        row = self.get_queryset().get(pk=broadcast.pk)
        return Response(self.said(row), status=code)

    def said(self, rows: Any, many: bool = False) -> Any:
        """The answer, with counts of all these rows in one query."""
        ids = [row.pk for row in rows] if many else [rows.pk]
        context = self.get_serializer_context()
        context["counts"] = Broadcast.objects.tallies(ids)
        return BroadcastSerializer(rows, many=many, context=context).data

    def _chosen(self, given: dict[str, Any]) -> Selection:
        if "select" in given:
            return select(given["select"], self.request, self.membership)
        reach = Lead.objects.for_workspace(self.workspace).live()
        leads = reach.in_reach_of(self.membership).filter(campaign=given["campaign"])
        return Selection(leads, 0, {"campaign": given["campaign"].code})


@extend_schema(
    parameters=[
        OpenApiParameter("broadcast", OpenApiTypes.UUID, OpenApiParameter.PATH),
        OpenApiParameter("state", OpenApiTypes.STR, enum=STATES),
        OpenApiParameter("reason", OpenApiTypes.STR),
    ]
)
class RecipientViewSet(WorkspaceScoped, ReadsRows, GenericViewSet):
    """The recipients of a broadcast; `?state=failed`, `?reason=opted_out`."""

    queryset = BroadcastRecipient.objects.all()
    serializer_class = RecipientSerializer
    ordering = "id"
    actions = {"list": Action.READ}

    def get_queryset(self) -> Any:
        rows = Broadcast.objects.for_workspace(self.workspace)
        broadcast = get_object_or_404(rows, public_id=self.kwargs["broadcast"])
        found = super().get_queryset().filter(broadcast=broadcast).with_fate()
        if state := self.request.query_params.get("state"):
            found = found.filter(fate=state[:20])
        if reason := self.request.query_params.get("reason"):
            found = found.filter(reason=reason[:20])
        return found
