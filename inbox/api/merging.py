"""Joining two contacts who are one person, and taking them apart again."""

from typing import Any

from django.db.models import Q
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from flexoraa.lib.errors import Conflict
from flexoraa.lib.rows import ReadsRows
from inbox import merging
from inbox.api.serializers import ColleagueSerializer, WithId
from inbox.models import Contact, ContactMerge
from teams.api.scoping import WorkspaceRelatedField, WorkspaceScoped
from teams.roles import Action


class JoinSerializer(serializers.Serializer):
    """Who joins the contact of the path, which stays."""

    contact = WorkspaceRelatedField(queryset=Contact.objects.all())


class SplitSerializer(serializers.Serializer):
    """Which merge to undo; left out, the last one that still holds."""

    merge = WorkspaceRelatedField(queryset=ContactMerge.objects.all(), required=False)


class NamedSerializer(WithId):
    """A person by name."""

    class Meta:
        model = Contact
        fields = ("id", "name", "username")


class MergeSerializer(WithId):
    """One merge: who stayed, who joined, who said so, and who took it back."""

    stayed = NamedSerializer(read_only=True)
    joined = NamedSerializer(read_only=True)
    by = ColleagueSerializer(read_only=True, allow_null=True)
    undone_by = ColleagueSerializer(read_only=True, allow_null=True)

    class Meta:
        model = ContactMerge
        fields = (
            "id",
            "stayed",
            "joined",
            "by",
            "created_at",
            "undone_at",
            "undone_by",
        )


@extend_schema(
    parameters=[OpenApiParameter("contact", OpenApiTypes.UUID, OpenApiParameter.PATH)]
)
class MergeViewSet(WorkspaceScoped, ReadsRows, GenericViewSet):
    """The merges of a person, the latest first. Nothing is deleted by any of them."""

    queryset = ContactMerge.objects.all()
    serializer_class = MergeSerializer
    ordering = "-id"
    actions = {"list": Action.READ, "merge": Action.WORK, "split": Action.WORK}

    def filter_queryset(self, queryset: Any) -> Any:
        person = self.person()
        return super().filter_queryset(
            queryset.filter(Q(stayed=person) | Q(joined=person))
        )

    @extend_schema(request=JoinSerializer, responses=MergeSerializer)
    def merge(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """`contact` joins the contact of the path: one person from now on."""
        stays = self.person()
        joins = self.valid(JoinSerializer)["contact"]
        record = merging.merge(stays, joins, by=request.user)
        return Response(self.representation(record.pk))

    @extend_schema(request=SplitSerializer, responses=MergeSerializer)
    def split(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Undo a merge: who joined the contact of the path stands alone again."""
        person = self.person()
        record = self.valid(SplitSerializer).get("merge")
        if record is None:
            held = self.get_queryset().filter(stayed=person, undone_at=None)
            record = held.order_by("-id").first()
        if record is None or record.stayed_id != person.pk:
            raise Conflict("Nobody was merged into this contact.", "not_merged")
        merging.split(record, by=request.user)
        return Response(self.representation(record.pk))

    def person(self) -> Contact:
        """The contact of the path."""
        return get_object_or_404(
            Contact.objects.for_workspace(self.workspace),
            public_id=self.kwargs["contact"],
        )

    def valid(self, serializer: type[serializers.Serializer]) -> dict[str, Any]:
        """What was sent, as the serializer understands it."""
        sent = serializer(data=self.request.data, context=self.get_serializer_context())
        sent.is_valid(raise_exception=True)
        return sent.validated_data
