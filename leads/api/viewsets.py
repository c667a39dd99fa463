"""Leads, and what the team notes and does about them."""

from typing import Any

from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from flexoraa.lib import stream
from flexoraa.lib.errors import Conflict
from flexoraa.lib.etags import Tagged
from flexoraa.lib.rows import ReadsRows
from leads.api.changes import (
    LeadChangeSerializer,
    NoteChangeSerializer,
    TaskChangeSerializer,
)
from leads.api.filters import LeadFilter, TaskFilter
from leads.api.serializers import LeadSerializer, NoteSerializer, TaskSerializer
from leads.limits import check_room
from leads.models import Lead, Note, Task
from teams.api.scoping import WorkspaceScoped
from teams.roles import Action

IF_MATCH = OpenApiParameter(
    "If-Match",
    location=OpenApiParameter.HEADER,
    description="The ETag that was read; 412 if it is another by now.",
)
LEAD_ID = OpenApiParameter("lead", OpenApiTypes.UUID, OpenApiParameter.PATH)


class LeadViewSet(WorkspaceScoped, Tagged, ReadsRows, GenericViewSet):
    """Leads in the asker's reach, the newest first."""

    queryset = Lead.objects.all()
    serializer_class = LeadSerializer
    filterset_class = LeadFilter
    ordering = "-id"
    actions = {
        "list": Action.READ,
        "retrieve": Action.READ,
        "create": Action.WORK_LEADS,
        "partial_update": Action.WORK_LEADS,
        "destroy": Action.MANAGE_LEADS,
        "restore": Action.MANAGE_LEADS,
    }

    def get_queryset(self) -> Any:
        return super().get_queryset().in_reach_of(self.membership)

    def tag(self, answer: Any) -> str:
        """A score that is counted anew makes nobody's copy stale."""
        return f'"v{answer["version"]}"'

    def get_object(self) -> Lead:
        """Who was merged into another is that one."""
        lead = super().get_object()
        for _ in range(20):
            if lead.merged_into_id is None:
                return lead
            lead = get_object_or_404(self.get_queryset(), pk=lead.merged_into_id)
        raise Http404

    def filter_queryset(self, queryset: Any) -> Any:
        """Filters are for lists; a lead that is archived has its page still."""
        return queryset if self.detail else super().filter_queryset(queryset)

    @extend_schema(request=LeadChangeSerializer, responses={201: LeadSerializer})
    @transaction.atomic
    def create(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        check_room(self.workspace)
        change = self.change(data=request.data)
        change.is_valid(raise_exception=True)
        lead = change.save(workspace=self.workspace)
        stream.publish(self.workspace.pk, "lead.updated", [lead.public_id])
        answer = self.tagged_anyway(lead)
        answer.status_code = status.HTTP_201_CREATED
        return answer

    @extend_schema(request=LeadChangeSerializer, parameters=[IF_MATCH])
    @transaction.atomic
    def partial_update(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        lead = self.get_locked()
        self.check_if_match(lead)
        change = self.change(lead, data=request.data, partial=True)
        change.is_valid(raise_exception=True)
        read = request.data.get("version")
        if read is not None and int(read) != lead.version:
            raise Conflict("Somebody has changed this lead: read it again.")
        if not lead.is_live:
            raise Conflict("It is archived: restore it first.")
        change.save()
        stream.publish(self.workspace.pk, "lead.updated", [lead.public_id])
        return self.tagged_anyway(lead)

    @extend_schema(parameters=[IF_MATCH])
    @transaction.atomic
    def destroy(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Archive it: out of every list, with all that hangs on it."""
        lead = self.get_locked()
        self.check_if_match(lead)
        lead.archive()
        stream.publish(self.workspace.pk, "lead.updated", [lead.public_id])
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None)
    @transaction.atomic
    def restore(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Take it out of the archive."""
        check_room(self.workspace)
        lead = self.get_locked()
        lead.restore()
        stream.publish(self.workspace.pk, "lead.updated", [lead.public_id])
        return self.tagged_anyway(lead)

    def get_locked(self) -> Lead:
        """The lead of the path, which nobody else changes until we are done."""
        pk = self.get_object().pk
        rows = self.get_queryset().select_for_update(of=("self",), no_key=True)
        return get_object_or_404(rows.select_related("workspace"), pk=pk)

    def tagged_anyway(self, lead: Lead) -> Response:
        """Whoever gives a lead away sees once more what became of it."""
        self.get_queryset = lambda: self.queryset.all()
        return self.tagged(lead)

    def change(self, *args: Any, **kwargs: Any) -> LeadChangeSerializer:
        context = self.get_serializer_context()
        return LeadChangeSerializer(*args, context=context, **kwargs)


class OfLead:
    """Goes before the classes of a viewset whose rows hang on the lead of the path."""

    def lead_of_path(self) -> Lead:
        """The lead, after merges; 404 out of reach."""
        rows = Lead.objects.for_workspace(self.workspace).in_reach_of(self.membership)
        if (lead := rows.head(self.kwargs["lead"])) is None:
            raise Http404
        return lead


@extend_schema(parameters=[LEAD_ID])
class NoteViewSet(WorkspaceScoped, OfLead, ReadsRows, GenericViewSet):
    """Notes about a lead and those merged into it, the newest first."""

    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    ordering = "-id"
    actions = {"list": Action.READ, "create": Action.WORK_LEADS}

    def filter_queryset(self, queryset: Any) -> Any:
        lead = self.lead_of_path()
        family = Lead.objects.for_workspace(self.workspace).family_of(lead)
        return super().filter_queryset(queryset.filter(lead__in=family))

    @extend_schema(request=NoteChangeSerializer, responses={201: NoteSerializer})
    @transaction.atomic
    def create(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        lead = self.lead_of_path()
        change = NoteChangeSerializer(data=request.data)
        change.is_valid(raise_exception=True)
        note = change.save(workspace=self.workspace, lead=lead, author=request.user)
        stream.publish(self.workspace.pk, "lead.updated", [lead.public_id])
        return Response(self.representation(note.pk), status=status.HTTP_201_CREATED)


class TaskViewSet(WorkspaceScoped, ReadsRows, mixins.DestroyModelMixin, GenericViewSet):
    """What is to do about leads in reach, the next due first."""

    queryset = Task.objects.all()
    serializer_class = TaskSerializer
    filterset_class = TaskFilter
    ordering = "due_at"
    actions = {
        "list": Action.READ,
        "retrieve": Action.READ,
        "create": Action.WORK_LEADS,
        "partial_update": Action.WORK_LEADS,
        "destroy": Action.WORK_LEADS,
        "done": Action.WORK_LEADS,
    }

    def get_queryset(self) -> Any:
        leads = Lead.objects.for_workspace(self.workspace).in_reach_of(self.membership)
        return super().get_queryset().filter(lead__in=leads)

    def get_serializer_context(self) -> dict[str, Any]:
        return {
            **super().get_serializer_context(),
            "membership": getattr(self, "membership", None),
        }

    @extend_schema(request=TaskChangeSerializer, responses={201: TaskSerializer})
    def create(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        task = self.saved(
            data=request.data, workspace=self.workspace, created_by=request.user
        )
        return Response(self.representation(task.pk), status=status.HTTP_201_CREATED)

    @extend_schema(request=TaskChangeSerializer)
    def partial_update(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        task = self.saved(self.get_object(), data=request.data, partial=True)
        return Response(self.representation(task.pk))

    @extend_schema(request=None)
    def done(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """It is done; the first time counts."""
        task = self.get_object()
        Task.objects.filter(pk=task.pk, done_at=None).update(done_at=timezone.now())
        return Response(self.representation(task.pk))

    def saved(
        self, *args: Any, data: Any, partial: bool = False, **fields: Any
    ) -> Task:
        context = self.get_serializer_context()
        change = TaskChangeSerializer(
            *args, data=data, partial=partial, context=context
        )
        change.is_valid(raise_exception=True)
        return change.save(**fields)
