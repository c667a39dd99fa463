"""How a workspace works with leads: stages, its own fields, settings, saved views."""

from typing import Any

from django.db import transaction
from django.db.models import ProtectedError, Q
from rest_framework import mixins, serializers
from rest_framework.viewsets import GenericViewSet

from flexoraa.lib.errors import Conflict
from leads.api.changes import (
    CustomFieldChangeSerializer,
    SavedViewSerializer,
    ScoreRuleChangeSerializer,
    StageChangeSerializer,
)
from leads.api.selecting import check_filter
from leads.models import CustomField, LeadSettings, SavedView, ScoreRule, Stage
from leads.models.scoring import MOST_RULES
from teams.api.scoping import WorkspaceScoped
from teams.api.serializers import SavesChanges
from teams.models import Workspace
from teams.roles import Action

CRUD = {
    "list": Action.READ,
    "retrieve": Action.READ,
    "create": Action.MANAGE_LEADS,
    "partial_update": Action.MANAGE_LEADS,
    "destroy": Action.MANAGE_LEADS,
}


class Crud(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.CreateModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    GenericViewSet,
):
    """A small set of rows that admins look after."""


class StageViewSet(WorkspaceScoped, Crud):
    """The pipeline. A stage that leads are or were in stays."""

    queryset = Stage.objects.all()
    serializer_class = StageChangeSerializer
    ordering = "position"
    actions = CRUD

    def perform_destroy(self, instance: Stage) -> None:
        try:
            instance.delete()
        except ProtectedError as error:
            raise Conflict(
                "Leads are or were in this stage: move it down or rename it instead."
            ) from error


class CustomFieldViewSet(WorkspaceScoped, Crud):
    """Fields of the workspace's own. Without one its values stay, out of sight."""

    queryset = CustomField.objects.all()
    serializer_class = CustomFieldChangeSerializer
    ordering = "position"
    actions = CRUD


class ScoreRuleViewSet(WorkspaceScoped, Crud):
    """Rules by which leads are scored. Scores are counted again in the background
    when a rule comes, goes or changes."""

    queryset = ScoreRule.objects.all()
    serializer_class = ScoreRuleChangeSerializer
    ordering = "id"
    actions = CRUD

    @transaction.atomic
    def perform_create(self, serializer: Any) -> None:
        Workspace.objects.locked().get(pk=self.workspace.pk)
        if self.get_queryset().count() >= MOST_RULES:
            raise Conflict(f"A workspace has {MOST_RULES} rules at most.", "too_many")
        super().perform_create(serializer)


class LeadSettingsSerializer(SavesChanges, serializers.ModelSerializer):
    """What a workspace has settled for its leads."""

    class Meta:
        model = LeadSettings
        fields = ("region", "sdr_sees_all", "makes_leads_of_messages")


class LeadSettingsViewSet(
    WorkspaceScoped, mixins.RetrieveModelMixin, mixins.UpdateModelMixin, GenericViewSet
):
    """The one row of settings."""

    serializer_class = LeadSettingsSerializer
    actions = {"retrieve": Action.READ, "partial_update": Action.MANAGE_WORKSPACE}

    def get_object(self) -> LeadSettings:
        return self.workspace.lead_settings


class SavedViewViewSet(WorkspaceScoped, Crud):
    """My views and the team's. Only whose it is changes it."""

    queryset = SavedView.objects.all()
    serializer_class = SavedViewSerializer
    ordering = "id"
    actions = {
        "list": Action.READ,
        "retrieve": Action.READ,
        "create": Action.READ,
        "partial_update": Action.READ,
        "destroy": Action.READ,
    }

    def get_queryset(self) -> Any:
        mine = Q(user=self.request.user.pk)
        if self.action in ("list", "retrieve"):
            mine |= Q(is_shared=True)
        return super().get_queryset().filter(mine)

    def get_serializer_context(self) -> dict[str, Any]:
        return {
            **super().get_serializer_context(),
            "check_filter": lambda value: check_filter(value, self.request),
        }

    def perform_create(self, serializer: Any) -> None:
        serializer.save(workspace=self.workspace, user=self.request.user)
