"""People who are the same, over the API: a door to leads/merging.py."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from flexoraa.lib.rows import ReadsRows
from leads import merging
from leads.api.changes import LeadField
from leads.api.serializers import LeadSerializer, OwnerSerializer, WithId
from leads.models import Duplicate, Lead, MergeRecord
from teams.api.scoping import WorkspaceScoped
from teams.roles import Action


class LeadInPairSerializer(WithId):
    """A lead, as far as one has to see it to say whether it is another."""

    stage = serializers.CharField(source="stage.name", read_only=True)
    owner = OwnerSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Lead
        fields = (
            "id",
            "name",
            "phone",
            "email",
            "company",
            "external_id",
            "stage",
            "owner",
            "created_at",
        )


class FactSerializer(serializers.Serializer):
    """What speaks for it, or with negative points against it."""

    fact = serializers.ChoiceField(
        ["phone", "email", "name", "company", "mailbox", "other_name"], read_only=True
    )
    points = serializers.IntegerField(read_only=True)


class DuplicateSerializer(WithId):
    """Two leads that may be one person, the older first."""

    first = LeadInPairSerializer(read_only=True)
    second = LeadInPairSerializer(read_only=True)
    evidence = serializers.JSONField(
        read_only=True, help_text='[{"fact": "phone", "points": 60}, …]'
    )

    class Meta:
        model = Duplicate
        fields = ("id", "score", "evidence", "first", "second", "found_at")


class LeadMergeSerializer(WithId):
    """Two leads that are one, why, and the names of what the winner got."""

    winner = LeadInPairSerializer(read_only=True)
    loser = LeadInPairSerializer(read_only=True)
    by = OwnerSerializer(read_only=True, allow_null=True)
    undone_by = OwnerSerializer(read_only=True, allow_null=True)
    filled = serializers.SerializerMethodField()
    evidence = FactSerializer(many=True, read_only=True)

    class Meta:
        model = MergeRecord
        fields = (
            "id",
            "winner",
            "loser",
            "evidence",
            "filled",
            "by",
            "created_at",
            "undone_at",
            "undone_by",
        )

    def get_filled(self, record: MergeRecord) -> list[str]:
        return merging.names(record.filled)


class LeadMergeRequestSerializer(serializers.Serializer):
    """Who stays and who joins. With `dry_run` nothing is done."""

    winner = LeadField()
    loser = LeadField()
    dry_run = serializers.BooleanField(default=False)


class LeadMergePlanSerializer(serializers.Serializer):
    """What a merge would do: the two, and the names of what the winner would get."""

    winner = LeadInPairSerializer()
    loser = LeadInPairSerializer()
    filled = serializers.ListField(child=serializers.CharField())


class LeadSplitSerializer(serializers.Serializer):
    """The record, the lead that is there again, and the names of what the winner keeps
    since somebody has changed it."""

    merge = LeadMergeSerializer()
    lead = LeadSerializer()
    kept = serializers.ListField(child=serializers.CharField())


class DuplicateViewSet(WorkspaceScoped, ReadsRows, GenericViewSet):
    """Suggestions, the likeliest first."""

    queryset = Duplicate.objects.all()
    serializer_class = DuplicateSerializer
    ordering = "-score"
    actions = {"list": Action.MANAGE_LEADS, "dismiss": Action.MANAGE_LEADS}

    def get_queryset(self) -> Any:
        return super().get_queryset().open()

    @extend_schema(request=None, responses={204: None})
    def dismiss(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """They are two people: not suggested again."""
        rows = Duplicate.objects.for_workspace(self.workspace)
        get_object_or_404(rows, public_id=kwargs["id"]).dismiss(request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MergeViewSet(WorkspaceScoped, GenericViewSet):
    """Merges, the latest first; each can be taken back."""

    queryset = MergeRecord.objects.select_related(
        "winner__stage", "winner__owner", "loser__stage", "loser__owner", "by"
    ).select_related("undone_by")
    serializer_class = LeadMergeSerializer
    ordering = "-id"
    actions = {
        "list": Action.MANAGE_LEADS,
        "create": Action.MANAGE_LEADS,
        "undo": Action.MANAGE_LEADS,
    }

    def get_serializer_context(self) -> dict[str, Any]:
        return {
            **super().get_serializer_context(),
            "membership": getattr(self, "membership", None),
        }

    def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        rows = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    @extend_schema(
        request=LeadMergeRequestSerializer,
        responses={200: LeadMergePlanSerializer, 201: LeadMergeSerializer},
    )
    def create(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Merge two leads, or with `dry_run` say what that would do. 409 when either
        is merged or archived already."""
        asked = LeadMergeRequestSerializer(
            data=request.data, context=self.get_serializer_context()
        )
        asked.is_valid(raise_exception=True)
        winner, loser = asked.validated_data["winner"], asked.validated_data["loser"]
        if asked.validated_data["dry_run"]:
            merging.check(winner, loser)
            filled = merging.names(merging.filling(winner, loser))
            plan = {"winner": winner, "loser": loser, "filled": filled}
            return Response(LeadMergePlanSerializer(plan).data)
        record = merging.merge(winner, loser, by=request.user)
        answer = self.get_serializer(self.get_queryset().get(pk=record.pk))
        return Response(answer.data, status=status.HTTP_201_CREATED)

    @extend_schema(
        request=None,
        responses={200: LeadSplitSerializer},
        parameters=[OpenApiParameter("id", str, OpenApiParameter.PATH)],
    )
    def undo(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Split: who was merged stands alone again. 409 when that is done already, or
        a later merge has to be taken back first."""
        record, kept = merging.split(self.get_object(), by=request.user)
        record = self.get_queryset().get(pk=record.pk)
        said = {"merge": record, "lead": record.loser, "kept": kept}
        return Response(LeadSplitSerializer(said).data)
