"""Bulk operations: the plan to look at, progress, the result, and the way back."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from flexoraa.lib import spreadsheets
from flexoraa.lib.errors import Conflict
from leads import bulk
from leads.models import BulkOperation
from leads.reporting import Words, lines_of
from teams import roles
from teams.back_office import ReadOnly, ago, reach_of
from teams.roles import Action

STATES = {
    "planned": "info",
    "applying": "warning",
    "applied": "success",
    "cancelled": "danger",
    "undoing": "warning",
    "undone": "default",
}
REASONS = {
    "not_found": "not there, or out of your reach",
    "no_change": "are so already",
    "locked": "archived or merged",
    "invalid": "would have too many tags",
}
SAMPLE = 50
TABS = ("planned", "applied", "moved", "kept", "undone", "dropped")


@admin.register(BulkOperation)
class OperationAdmin(ReadOnly):
    """What was edited in bulk, the latest first."""

    asks = {"view": Action.WORK_LEADS, "run": Action.WORK_LEADS}
    list_display = ("what", "state_label", "figures", "by", "made", "workspace")
    list_select_related = ("by", "workspace")
    list_filter = ("kind", "state", ("workspace", AutocompleteSelectFilter))
    list_filter_submit = True
    ordering = ("-id",)
    hint = "Tick leads in their list and choose an action: its plan appears here."

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """One's own, or all where one manages leads."""
        rows, reach = super().get_queryset(request), reach_of(request)
        if reach.is_everywhere:
            return rows
        managed = [
            pk
            for pk, role in reach.roles.items()
            if roles.may(role, Action.MANAGE_LEADS)
        ]
        return rows.filter(workspace__in=managed) | rows.filter(by=request.user)

    @display(description="Operation")
    def what(self, operation: BulkOperation) -> str:
        return f"{operation.get_kind_display()} of {operation.planned:,} leads"

    @display(description="State", label=STATES)
    def state_label(self, operation: BulkOperation) -> tuple[str, str]:
        return operation.state, operation.get_state_display()

    @display(description="Result")
    def figures(self, operation: BulkOperation) -> str:
        return in_words(operation)

    @display(description="Made")
    def made(self, operation: BulkOperation) -> str:
        return ago(operation.created_at)

    def get_urls(self) -> list:
        def view(function: Callable) -> Callable:
            return self.admin_site.admin_view(function)

        name = "leads_bulkoperation"
        return [
            path("<int:pk>/run/", view(self.run), name=f"{name}_run"),
            path("<int:pk>/progress/", view(self.progress), name=f"{name}_progress"),
            path("<int:pk>/report/", view(self.report), name=f"{name}_report"),
            *super().get_urls(),
        ]

    def change_view(self, request: HttpRequest, object_id: str, **kwargs: Any) -> Any:
        """The plan with a sample of before and after; then what became of it."""
        operation = self.get_object(request, object_id)
        if operation is None:
            return super().change_view(request, object_id, **kwargs)
        counts = tallies(operation)
        tab = request.GET.get("rows", "")
        if tab not in counts:
            tab = next(iter(counts), "")
        words = Words(operation.workspace_id)
        rows = operation.changes.filter(state=tab).select_related("lead")
        context = {
            **self.admin_site.each_context(request),
            "title": str(operation),
            "opts": self.opts,
            "operation": operation,
            "tabs": [(name, count, name == tab) for name, count in counts.items()],
            "rows": [
                (row, words.of(row.before, only=row.after), words.of(row.after))
                for row in rows.order_by("lead")[:SAMPLE]
            ],
            "dropped": [
                (REASONS.get(reason, reason), count)
                for reason, count in operation.dropped.items()
            ],
            "running": operation.state in BulkOperation.RUNNING,
            "undoable": operation.applied
            and operation.state in ("applied", "cancelled"),
            "figures": in_words(operation),
            "sample": SAMPLE,
        }
        return TemplateResponse(request, "admin/leads/operation.html", context)

    def run(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Apply, cancel or undo; only by POST."""
        operation = self.get_or_404(request, pk, "run")
        if request.method == "POST":
            try:
                self._do(request, operation)
            except Conflict as conflict:
                messages.error(request, str(conflict.detail))
        url = reverse("admin:leads_bulkoperation_change", args=[pk])
        return HttpResponseRedirect(url)

    def _do(self, request: HttpRequest, operation: BulkOperation) -> None:
        verb = request.POST.get("verb")
        if verb == "apply":
            bulk.start(operation, plan_hash=request.POST.get("plan_hash", ""))
        elif verb == "cancel":
            bulk.cancel(operation)
        elif verb == "undo":
            bulk.undo(operation, by=request.user)
        else:
            return
        self.log_change(request, operation, verb)

    def progress(self, request: HttpRequest, pk: int) -> JsonResponse:
        """How far it is, for the bar."""
        operation = self.get_or_404(request, pk)
        return JsonResponse(
            {
                "running": operation.state in BulkOperation.RUNNING,
                "percent": operation.percent,
                "text": f"{operation.done:,} of {operation.total:,}",
            }
        )

    def report(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Every lead of it as CSV."""
        operation = self.get_or_404(request, pk)
        return spreadsheets.download(lines_of(operation), f"bulk-{pk}.csv")


def tallies(operation: BulkOperation) -> dict[str, int]:
    """How many leads are in which state, those with none left out."""
    left = operation.planned - operation.applied - operation.moved
    known = {
        "planned": left,
        "applied": operation.applied - operation.undone - operation.kept,
        "moved": operation.moved,
        "kept": operation.kept,
        "undone": operation.undone,
        "dropped": sum(
            count for name, count in operation.dropped.items() if name != "not_found"
        ),
    }
    return {name: count for name, count in known.items() if count > 0}


def in_words(operation: BulkOperation) -> str:
    """ "1,998 changed, 2 moved since"."""
    parts = [
        (operation.applied, "changed"),
        (operation.moved, "edited meanwhile and left alone"),
        (operation.undone, "restored"),
        (operation.kept, "kept as edited since"),
        (sum(operation.dropped.values()), "left out"),
    ]
    return ", ".join(f"{count:,} {word}" for count, word in parts if count) or "–"
