"""Stages, custom fields, settings and rules of scoring."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from leads.models import CustomField, LeadSettings, ScoreRule, Stage
from teams.back_office import WithHint
from teams.roles import Action

KINDS = {"open": "info", "won": "success", "lost": "danger"}
MANAGED = {
    "view": Action.READ,
    "add": Action.MANAGE_LEADS,
    "change": Action.MANAGE_LEADS,
    "delete": Action.MANAGE_LEADS,
}


class ByWorkspace(WithHint):
    """Small sets of rows of each workspace."""

    asks = MANAGED
    exclude = ("created_at",)  # the database's
    list_select_related = ("workspace",)
    list_filter = (("workspace", AutocompleteSelectFilter),)
    list_filter_submit = True
    autocomplete_fields = ("workspace",)


@admin.register(Stage)
class StageAdmin(ByWorkspace):
    """The steps of each pipeline; a kind stays, since reports count by it."""

    list_display = ("name", "kind_label", "position", "is_qualified", "workspace")
    search_fields = ("name__istartswith",)
    ordering = ("workspace", "position", "id")

    @display(description="Kind", label=KINDS)
    def kind_label(self, stage: Stage) -> tuple[str, str]:
        return stage.kind, stage.get_kind_display()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "kind") if obj else fields


@admin.register(CustomField)
class CustomFieldAdmin(ByWorkspace):
    """Fields that workspaces add to their leads; key and kind stay."""

    list_display = ("label", "key", "kind", "position", "workspace")
    ordering = ("workspace", "position", "id")
    hint = "Add a field, such as plan or city, to keep it with each lead."

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "key", "kind") if obj else fields


@admin.register(LeadSettings)
class LeadSettingsAdmin(ByWorkspace):
    """What each workspace has settled; the rows come with the workspaces."""

    asks = {"view": Action.READ, "change": Action.MANAGE_WORKSPACE}
    list_display = ("workspace", "region", "sdr_sees_all", "makes_leads_of_messages")
    ordering = ("workspace",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(ScoreRule)
class ScoreRuleAdmin(ByWorkspace):
    """Points for facts about a lead."""

    list_display = ("__str__", "points", "workspace")
    ordering = ("workspace", "-points")
    hint = "Add a rule, such as 20 points for a phone number, to score leads by."
