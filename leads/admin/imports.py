"""Imports: upload a file, say what its columns are, look at what would happen, go."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from flexoraa.lib import spreadsheets
from flexoraa.lib.errors import Conflict
from leads import importing
from leads.mapping import FIELDS
from leads.models import CustomField, ImportJob
from leads.reporting import import_errors
from teams.back_office import ReadOnly, ago, within
from teams.models import Workspace
from teams.roles import Action

STATES = {
    "uploaded": "info",
    "reading": "warning",
    "checked": "info",
    "importing": "warning",
    "imported": "success",
    "cancelled": "danger",
    "failed": "danger",
}
OUTCOMES = {
    "new": "new leads",
    "update": "leads changed",
    "skip": "are there already and stay as they are",
    "repeat": "repeat an earlier row",
    "error": "have errors and are left out",
}


class UploadForm(forms.Form):
    """Whose leads they are, and the file."""

    workspace = forms.ModelChoiceField(
        Workspace.objects.none(), widget=UnfoldAdminSelectWidget()
    )
    file = forms.FileField(help_text="CSV or XLSX, up to 25 MB, headings first.")

    def __init__(self, workspaces: QuerySet, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["workspace"].queryset = workspaces
        if len(mine := list(workspaces[:2])) == 1:
            self.fields["workspace"].initial = mine[0]


@admin.register(ImportJob)
class ImportAdmin(ReadOnly):
    """Files that were imported, the latest first."""

    asks = {
        "view": Action.MANAGE_LEADS,
        "add": Action.MANAGE_LEADS,
        "run": Action.MANAGE_LEADS,
    }
    list_display = ("filename", "state_label", "figures", "by", "made", "workspace")
    list_select_related = ("by", "workspace")
    list_filter = ("state", ("workspace", AutocompleteSelectFilter))
    list_filter_submit = True
    ordering = ("-id",)
    hint = "Add an import: a CSV or XLSX file of leads, its headings in the first row."

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).defer("content")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "add")

    @display(description="State", label=STATES)
    def state_label(self, job: ImportJob) -> tuple[str, str]:
        return job.state, job.get_state_display()

    @display(description="Rows")
    def figures(self, job: ImportJob) -> str:
        return ", ".join(f"{n:,} {OUTCOMES[name]}" for name, n in in_order(job)) or "–"

    @display(description="Made")
    def made(self, job: ImportJob) -> str:
        return ago(job.created_at)

    def get_urls(self) -> list:
        def view(function: Callable) -> Callable:
            return self.admin_site.admin_view(function)

        name = "leads_importjob"
        return [
            path("<int:pk>/run/", view(self.run), name=f"{name}_run"),
            path("<int:pk>/progress/", view(self.progress), name=f"{name}_progress"),
            path("<int:pk>/errors/", view(self.errors), name=f"{name}_errors"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Upload a file; its columns are on the next page."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        workspaces = within(
            Workspace.objects.order_by("name"), self.places(request, "add")
        )
        is_sent = request.method == "POST"
        form = UploadForm(
            workspaces, *((request.POST, request.FILES) if is_sent else ())
        )
        if is_sent and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                job = importing.upload(
                    workspace=form.cleaned_data["workspace"],
                    by=request.user,
                    filename=file.name,
                    content=file.read(importing.MOST_BYTES + 1),
                )
            except importing.Unfit as error:
                form.add_error("file", str(error.detail))
            else:
                return HttpResponseRedirect(page_of(job.pk))
        context = {
            **self.admin_site.each_context(request),
            "title": "Import leads",
            "opts": self.opts,
            "form": form,
        }
        return TemplateResponse(request, "admin/leads/upload.html", context)

    def change_view(self, request: HttpRequest, object_id: str, **kwargs: Any) -> Any:
        """What the columns are, what would become of the rows, what became of them."""
        job = self.get_object(request, object_id)
        if job is None:
            return super().change_view(request, object_id, **kwargs)
        custom = CustomField.objects.for_workspace(job.workspace)
        fields = [(name, name.replace("_", " ")) for name in FIELDS]
        fields += [(f"custom.{field.key}", field.label) for field in custom]
        examples = [
            [row[place] if place < len(row) else "" for row in job.sample]
            for place in range(len(job.columns))
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": job.filename,
            "opts": self.opts,
            "job": job,
            "fields": fields,
            "columns": list(zip(job.columns, job.mapping, examples, strict=True)),
            "choices": ImportJob.OnDuplicate.choices,
            "outcomes": [(OUTCOMES[name], count) for name, count in in_order(job)],
            "has_errors": job.outcomes.get("error"),
            "errors": job.lines.filter(outcome="error").order_by("number")[:20],
            "running": job.state in ImportJob.RUNNING,
            "open": job.state in ("uploaded", "checked"),
        }
        return TemplateResponse(request, "admin/leads/import.html", context)

    def run(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Check, import or stop; only by POST."""
        job = self.get_or_404(request, pk, "run")
        if request.method == "POST":
            try:
                self._do(request, job)
            except Conflict as conflict:
                messages.error(request, str(conflict.detail))
        return HttpResponseRedirect(page_of(pk))

    def _do(self, request: HttpRequest, job: ImportJob) -> None:
        verb = request.POST.get("verb")
        if verb == "cancel":
            importing.cancel(job)
        elif verb in ("check", "import"):
            importing.start(
                job,
                mapping=request.POST.getlist("mapping"),
                on_duplicate=request.POST.get("on_duplicate", ""),
                dry_run=verb == "check",
            )
        else:
            return
        self.log_change(request, job, verb)

    def progress(self, request: HttpRequest, pk: int) -> JsonResponse:
        """How far it is, for the bar."""
        job = self.get_or_404(request, pk)
        text = f"{job.done:,} of {job.rows:,}" if job.rows else "reading"
        running = job.state in ImportJob.RUNNING
        return JsonResponse({"running": running, "percent": job.percent, "text": text})

    def errors(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The rows that are left out, each with what is wrong."""
        job = self.get_or_404(request, pk)
        return spreadsheets.download(import_errors(job), f"errors-{pk}.csv")


def in_order(job: ImportJob) -> list[tuple[str, int]]:
    """The counts, the good news first."""
    return [(name, job.outcomes[name]) for name in OUTCOMES if job.outcomes.get(name)]


def page_of(pk: int) -> str:
    return reverse("admin:leads_importjob_change", args=[pk])
