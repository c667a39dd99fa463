"""Routes of leads and campaigns inside a workspace."""

from django.urls import path

from leads.api.bulk import BulkChangeViewSet, BulkViewSet
from leads.api.campaigns import CampaignViewSet, SpendViewSet
from leads.api.exporting import ExportViewSet
from leads.api.importing import ImportViewSet
from leads.api.merging import DuplicateViewSet, MergeViewSet
from leads.api.pipeline import (
    CustomFieldViewSet,
    LeadSettingsViewSet,
    SavedViewViewSet,
    ScoreRuleViewSet,
    StageViewSet,
)
from leads.api.spending import AdAccountViewSet, SpendImportViewSet
from leads.api.viewsets import LeadViewSet, NoteViewSet, TaskViewSet

MANY = {"get": "list", "post": "create"}
ONE = {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}

app_name = "leads"
urlpatterns = [
    path("leads", LeadViewSet.as_view(MANY, detail=False), name="leads"),
    path("leads/<uuid:id>", LeadViewSet.as_view(ONE, detail=True), name="lead"),
    path(
        "leads/<uuid:id>/restore",
        LeadViewSet.as_view({"post": "restore"}, detail=True),
        name="lead-restore",
    ),
    path("leads/<uuid:lead>/notes", NoteViewSet.as_view(MANY), name="notes"),
    path("leads/export.csv", ExportViewSet.as_view({"get": "csv"}), name="export"),
    path("leads/bulk", BulkViewSet.as_view({"get": "list"}), name="operations"),
    path(
        "leads/bulk/update",
        BulkViewSet.as_view({"post": "update_many"}),
        name="bulk-update",
    ),
    path(
        "leads/bulk/assign",
        BulkViewSet.as_view({"post": "assign_many"}),
        name="bulk-assign",
    ),
    path(
        "leads/bulk/<uuid:id>",
        BulkViewSet.as_view({"get": "retrieve"}),
        name="operation",
    ),
    path(
        "leads/bulk/<uuid:operation>/changes",
        BulkChangeViewSet.as_view({"get": "list"}),
        name="operation-changes",
    ),
    *(
        path(
            f"leads/bulk/<uuid:id>/{verb}",
            BulkViewSet.as_view({"post": verb}),
            name=f"operation-{verb}",
        )
        for verb in ("apply", "cancel", "undo")
    ),
    path(
        "leads/bulk/<uuid:id>/report.csv",
        BulkViewSet.as_view({"get": "report"}),
        name="operation-report",
    ),
    path(
        "leads/import",
        ImportViewSet.as_view({"get": "list", "post": "create"}),
        name="imports",
    ),
    path(
        "leads/import/<uuid:id>",
        ImportViewSet.as_view({"get": "retrieve"}),
        name="import",
    ),
    *(
        path(
            f"leads/import/<uuid:id>/{verb}",
            ImportViewSet.as_view({"post": verb}),
            name=f"import-{verb}",
        )
        for verb in ("start", "cancel", "undo")
    ),
    path(
        "leads/import/<uuid:id>/errors.csv",
        ImportViewSet.as_view({"get": "errors"}),
        name="import-errors",
    ),
    path(
        "leads/duplicates",
        DuplicateViewSet.as_view({"get": "list"}),
        name="duplicates",
    ),
    path(
        "leads/duplicates/<uuid:id>/dismiss",
        DuplicateViewSet.as_view({"post": "dismiss"}),
        name="duplicate-dismiss",
    ),
    path("leads/merge", MergeViewSet.as_view({"post": "create"}), name="merge"),
    path("leads/merges", MergeViewSet.as_view({"get": "list"}), name="merges"),
    path(
        "leads/merges/<uuid:id>/undo",
        MergeViewSet.as_view({"post": "undo"}),
        name="merge-undo",
    ),
    path("score-rules", ScoreRuleViewSet.as_view(MANY), name="score-rules"),
    path("score-rules/<uuid:id>", ScoreRuleViewSet.as_view(ONE), name="score-rule"),
    path("tasks", TaskViewSet.as_view(MANY), name="tasks"),
    path("tasks/<uuid:id>", TaskViewSet.as_view(ONE), name="task"),
    path(
        "tasks/<uuid:id>/done", TaskViewSet.as_view({"post": "done"}), name="task-done"
    ),
    path("stages", StageViewSet.as_view(MANY), name="stages"),
    path("stages/<uuid:id>", StageViewSet.as_view(ONE), name="stage"),
    path("custom-fields", CustomFieldViewSet.as_view(MANY), name="custom-fields"),
    path(
        "custom-fields/<uuid:id>", CustomFieldViewSet.as_view(ONE), name="custom-field"
    ),
    path("saved-views", SavedViewViewSet.as_view(MANY), name="saved-views"),
    path("saved-views/<uuid:id>", SavedViewViewSet.as_view(ONE), name="saved-view"),
    path(
        "lead-settings",
        LeadSettingsViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="lead-settings",
    ),
    path("campaigns", CampaignViewSet.as_view(MANY), name="campaigns"),
    path("campaigns/<uuid:id>", CampaignViewSet.as_view(ONE), name="campaign"),
    path(
        "campaigns/spend/import",
        SpendImportViewSet.as_view({"post": "create"}),
        name="spend-import",
    ),
    path("ad-accounts", AdAccountViewSet.as_view(MANY), name="ad-accounts"),
    path("ad-accounts/<uuid:id>", AdAccountViewSet.as_view(ONE), name="ad-account"),
    path(
        "ad-accounts/<uuid:id>/fetch",
        AdAccountViewSet.as_view({"post": "fetch"}),
        name="ad-account-fetch",
    ),
    path("campaigns/<uuid:campaign>/spend", SpendViewSet.as_view(MANY), name="spend"),
    path(
        "campaigns/<uuid:campaign>/spend/<uuid:id>",
        SpendViewSet.as_view({"patch": "partial_update"}),
        name="spend-entry",
    ),
]
