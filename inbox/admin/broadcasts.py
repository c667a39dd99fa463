"""Broadcasts in the back office: made, looked at, started, held and watched."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from flexoraa.lib import spreadsheets
from flexoraa.lib.errors import Conflict
from inbox import broadcasts, preflight
from inbox.adapters.sending import Unsendable
from inbox.admin.base import ReadOnly, ago
from inbox.admin.broadcast_forms import BroadcastForm, TemplateForm, reach_in
from inbox.models import Broadcast, Template
from inbox.models.broadcasts import REASONS, STATES
from inbox.reporting import lines_of
from teams.back_office import within
from teams.roles import Action

COLOURS = {
    "planned": "info",
    "scheduled": "info",
    "running": "warning",
    "paused": "warning",
    "finished": "success",
    "cancelled": "danger",
}
SAMPLE = 50
STEPS: dict[str, Callable] = {
    "pause": broadcasts.pause,
    "resume": broadcasts.resume,
    "cancel": broadcasts.cancel,
    "retry": broadcasts.retry_failed,
}


@admin.register(Broadcast)
class BroadcastAdmin(ReadOnly):
    """Templates that go to many leads, the latest first."""

    asks = {
        "view": Action.READ,
        "add": Action.MANAGE_LEADS,
        "run": Action.MANAGE_LEADS,
    }
    list_display = ("name", "state_label", "template", "reached", "made", "workspace")
    list_select_related = ("template", "workspace")
    list_filter = ("state", ("workspace", AutocompleteSelectFilter))
    list_filter_submit = True
    ordering = ("-id",)
    hint = "Send an approved template to the leads of a campaign, a view or a stage."

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "add")

    @display(description="State", label=COLOURS)
    def state_label(self, broadcast: Broadcast) -> tuple[str, str]:
        return broadcast.state, broadcast.get_state_display()

    @display(description="Leads")
    def reached(self, broadcast: Broadcast) -> str:
        return f"{broadcast.facts.get('pending', 0):,} of {broadcast.total:,}"

    @display(description="Made")
    def made(self, broadcast: Broadcast) -> str:
        return ago(broadcast.created_at)

    def get_urls(self) -> list:
        def view(function: Callable) -> Callable:
            return self.admin_site.admin_view(function)

        name = "inbox_broadcast"
        return [
            path("<int:pk>/run/", view(self.run), name=f"{name}_run"),
            path("<int:pk>/progress/", view(self.progress), name=f"{name}_progress"),
            path("<int:pk>/report/", view(self.report), name=f"{name}_report"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """First the template, then to whom and with which words; then the look."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        templates = self._templates(request)
        key = request.POST.get("template") or request.GET.get("template") or ""
        template = templates.filter(pk=key).first() if key.isdecimal() else None
        form: Any = TemplateForm(templates)
        if template is not None:
            form = BroadcastForm(template, request.POST or None)
            if request.method == "POST" and form.is_valid():
                if made := self._plan(request, template, form):
                    return HttpResponseRedirect(page_of(made))
        context = {
            **self.admin_site.each_context(request),
            "title": "New broadcast",
            "opts": self.opts,
            "form": form,
            "template": template,
        }
        return TemplateResponse(request, "admin/inbox/new_broadcast.html", context)

    def _templates(self, request: HttpRequest) -> QuerySet:
        rows = Template.objects.filter(status=Template.Status.APPROVED)
        rows = rows.select_related("account", "workspace").defer("account__token")
        return within(rows, self.places(request, "add"))

    def _plan(
        self, request: HttpRequest, template: Template, form: BroadcastForm
    ) -> Broadcast | None:
        try:
            made = preflight.plan(
                workspace=template.workspace,
                by=request.user,
                name=form.cleaned_data["name"],
                template=template,
                selection=form.selection(
                    request, reach_in(template.workspace, request)
                ),
                parameters=form.parameters(),
                campaign=form.campaign(),
                per_minute=form.cleaned_data["per_minute"],
                request={"select": form.said()},
            )
        except Unsendable as error:
            form.add_error(None, error.words)
        except Conflict as conflict:
            form.add_error(None, str(conflict.detail))
        else:
            self.log_addition(request, made, "planned")
            return made
        return None

    def change_view(self, request: HttpRequest, object_id: str, **kwargs: Any) -> Any:
        """What would happen, what happens, and what became of each."""
        broadcast = self.get_object(request, object_id)
        if broadcast is None:
            return super().change_view(request, object_id, **kwargs)
        counts = broadcast.tally()
        tab = request.GET.get("rows", "")
        if tab not in counts:
            tab = next(iter(counts), "")
        rows = broadcast.recipients.with_fate().filter(fate=tab)
        rows = rows.select_related("lead", "message").order_by("pk")[:SAMPLE]
        facts = broadcast.facts
        context = {
            **self.admin_site.each_context(request),
            "title": str(broadcast),
            "opts": self.opts,
            "broadcast": broadcast,
            "facts": facts,
            "cost": cost_in_words(facts.get("cost", {})),
            "dropped": [
                (REASONS.get(reason, reason), count)
                for reason, count in facts.get("dropped", {}).items()
            ],
            "tabs": [(name, count, name == tab) for name, count in counts.items()],
            "rows": rows,
            "example": example_of(broadcast),
            "counts": counts,
            "may_run": self.may(request, "run", broadcast),
            "watched": broadcast.state in ("running", "scheduled")
            or bool(counts.get("queued")),
            "percent": percent_of(broadcast, counts),
            "text": text_of(counts),
            "sample": SAMPLE,
            "zone": broadcast.workspace.timezone,
        }
        return TemplateResponse(request, "admin/inbox/broadcast.html", context)

    def run(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Start, pause, go on, cancel, try again; only by POST."""
        broadcast = self.get_or_404(request, pk, "run")
        if request.method == "POST":
            try:
                self._do(request, broadcast)
            except Conflict as conflict:
                messages.error(request, str(conflict.detail))
        return HttpResponseRedirect(page_of(broadcast))

    def _do(self, request: HttpRequest, broadcast: Broadcast) -> None:
        verb = request.POST.get("verb", "")
        if verb == "start":
            broadcasts.start(broadcast)
        elif verb == "schedule":
            broadcasts.start(broadcast, at=self._time(request, broadcast))
        elif verb == "retry_all":
            broadcasts.retry_failed(broadcast, unconfirmed=True)
        elif verb in STEPS:
            STEPS[verb](broadcast)
        else:
            return
        self.log_change(request, broadcast, verb)

    def _time(self, request: HttpRequest, broadcast: Broadcast) -> Any:
        """What was typed is the workspace's time. Raises Conflict."""
        try:
            at = parse_datetime(request.POST.get("start_at", ""))
        except ValueError:
            at = None
        if at is None:
            raise Conflict("Say a day and a time.")
        if timezone.is_naive(at):
            at = at.replace(tzinfo=ZoneInfo(broadcast.workspace.timezone))
        if at < timezone.now():
            raise Conflict("This is past.")
        return at

    def progress(self, request: HttpRequest, pk: int) -> JsonResponse:
        """How far it is, for the bar."""
        broadcast = self.get_or_404(request, pk)
        counts = broadcast.tally()
        is_over = broadcast.state in ("finished", "cancelled", "paused")
        return JsonResponse(
            {
                "running": not is_over or bool(counts.get("queued")),
                "percent": percent_of(broadcast, counts),
                "text": text_of(counts),
            }
        )

    def report(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Every recipient as CSV."""
        broadcast = self.get_or_404(request, pk, "run")
        return spreadsheets.download(lines_of(broadcast), f"broadcast-{pk}.csv")


def page_of(broadcast: Broadcast) -> str:
    return reverse("admin:inbox_broadcast_change", args=[broadcast.pk])


def percent_of(broadcast: Broadcast, counts: dict[str, int]) -> int:
    """Of those who are not left out, how many have left the queue."""
    wanted = sum(counts.values()) - counts.get("skipped", 0)
    waiting = counts.get("pending", 0) + counts.get("queued", 0)
    return 100 * (wanted - waiting) // wanted if wanted else 100


def text_of(counts: dict[str, int]) -> str:
    """ "12 pending, 3 queued, 85 delivered"."""
    known = (f"{counts[state]:,} {state}" for state in STATES if state in counts)
    return ", ".join(known)


def cost_in_words(cost: dict[str, Any]) -> str:
    """The estimate as a sentence says it."""
    if not cost:
        return "–"
    kind = cost["category"].lower()
    if cost["paise"] is None:
        return f"{cost['charged']:,} × {kind}; enter prices in Outreach settings"
    return f"about {cost['paise'] / 100:,.2f} {cost['currency']} ({kind})"


def example_of(broadcast: Broadcast) -> str:
    """What the first who gets it reads."""
    first = broadcast.recipients.exclude(state="skipped").order_by("pk").first()
    return broadcast.template.filled(first.parameters if first else {})
