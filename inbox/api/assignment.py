"""How conversations find somebody: the rule, the desks, and the receipts."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from flexoraa.lib.rows import ReadsRows
from inbox import assignment
from inbox.api.serializers import ColleagueSerializer, WithId
from inbox.models import AssignmentInterval, AssignmentRule, Conversation, Desk
from teams.api.scoping import WorkspaceScoped
from teams.api.serializers import SavesChanges
from teams.roles import Action


class RuleSerializer(SavesChanges, serializers.ModelSerializer):
    """By hand, by turns, or to whom has the fewest; at most `capacity` open ones."""

    class Meta:
        model = AssignmentRule
        fields = ("strategy", "capacity")


class DeskSerializer(serializers.ModelSerializer):
    """Whether new conversations come to me; `capacity` null is the rule's."""

    class Meta:
        model = Desk
        fields = ("is_available", "capacity", "given_at")
        read_only_fields = ("given_at",)
        extra_kwargs = {"is_available": {"required": True}}


class IntervalSerializer(WithId):
    """Who had the conversation from when to when, and the receipt that says why."""

    user = ColleagueSerializer(read_only=True)
    by = ColleagueSerializer(read_only=True, allow_null=True)

    class Meta:
        model = AssignmentInterval
        fields = ("id", "user", "by", "strategy", "receipt", "started_at", "ended_at")


class RuleViewSet(WorkspaceScoped, GenericViewSet):
    """The workspace's one rule."""

    queryset = AssignmentRule.objects.all()
    serializer_class = RuleSerializer
    actions = {"retrieve": Action.READ, "partial_update": Action.MANAGE_WORKSPACE}

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        found = self.get_queryset().first() or AssignmentRule()
        return Response(self.get_serializer(found).data)

    def partial_update(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        rule, _ = AssignmentRule.objects.get_or_create(workspace=self.workspace)
        change = self.get_serializer(rule, data=request.data, partial=True)
        change.is_valid(raise_exception=True)
        change.save()
        return Response(change.data)


class MyDeskViewSet(WorkspaceScoped, GenericViewSet):
    """My own desk."""

    queryset = Desk.objects.all()
    serializer_class = DeskSerializer
    actions = {"retrieve": Action.READ, "update": Action.WORK}

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        found = self.get_queryset().filter(user=request.user).first() or Desk()
        return Response(self.get_serializer(found).data)

    def update(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        change = self.get_serializer(data=request.data)
        change.is_valid(raise_exception=True)
        desk = assignment.set_desk(
            self.workspace, request.user, **change.validated_data
        )
        return Response(self.get_serializer(desk).data)


@extend_schema(
    parameters=[
        OpenApiParameter("conversation", OpenApiTypes.UUID, OpenApiParameter.PATH)
    ]
)
class IntervalViewSet(WorkspaceScoped, ReadsRows, GenericViewSet):
    """Everybody who had a conversation, the latest first."""

    queryset = AssignmentInterval.objects.all()
    serializer_class = IntervalSerializer
    ordering = "-id"
    actions = {"list": Action.READ}

    def filter_queryset(self, queryset: Any) -> Any:
        conversation = get_object_or_404(
            Conversation.objects.for_workspace(self.workspace).only("pk"),
            public_id=self.kwargs["conversation"],
        )
        return super().filter_queryset(queryset.filter(conversation=conversation))
