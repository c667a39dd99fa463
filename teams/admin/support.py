"""Support's visits in the back office: enter a workspace, see who was there, end it."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from rest_framework.exceptions import APIException
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from teams import support
from teams.back_office import ReadOnly, ScopedAdmin
from teams.models import SupportVisit, Workspace
from teams.roles import Action

MOST = 10  # workspaces at a time
COLOURS = {"open": "warning", "over": "default", "ended": "default"}


class EntersWorkspaces(ScopedAdmin):
    """The action with which platform staff enter workspaces; goes before ScopedAdmin.
    `asks` names no role for it, so it is nobody else's."""

    def has_support_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "support")

    @admin.action(description="Enter as support", permissions=["support"])
    def enter_as_support(
        self, request: HttpRequest, queryset: QuerySet
    ) -> HttpResponse | None:
        """First why and for how long, then the door opens and owners get their mail."""
        chosen = list(queryset.order_by("name", "id")[:MOST])
        reason = request.POST.get("reason", "")
        minutes = request.POST.get("minutes", "")
        wanted = int(minutes) if minutes.isdecimal() and len(minutes) < 5 else 0
        refusals: list[str] = []
        if request.POST.get("confirmed") == "yes":
            refusals = self._enter(request, chosen, reason, wanted)
            if not refusals:
                return None
        page = {
            **self.admin_site.each_context(request),
            "title": "Enter as support",
            "opts": self.opts,
            "workspaces": chosen,
            "reason": reason,
            "minutes": wanted,
            "choices": support.MINUTES,
            "refusals": refusals,
        }
        return TemplateResponse(request, "admin/teams/enter_as_support.html", page)

    def _enter(
        self, request: HttpRequest, chosen: list[Workspace], reason: str, minutes: int
    ) -> list[str]:
        """What was refused, in words."""
        refusals = []
        for workspace in chosen:
            try:
                visit = support.enter(
                    workspace, request.user, reason=reason, minutes=minutes
                )
            except APIException as refusal:
                refusals.append(f"{workspace}: {words_of(refusal.detail)}")
            else:
                self.log_change(request, workspace, f"Entered as support: {reason}")
                messages.success(
                    request,
                    f"You are in {workspace} until {visit.ends_at:%H:%M} UTC, at "
                    f"/api/workspaces/{workspace.slug}. Its owners have been told.",
                )
        return refusals


@admin.register(SupportVisit)
class SupportVisitAdmin(ReadOnly):
    """Who of the platform's staff was in a workspace, why, and until when."""

    asks = {"view": Action.READ_AUDIT, "end": Action.MANAGE_TEAM}
    list_display = ("created_at", "visitor", "workspace", "reason", "until", "state")
    list_display_links = ("created_at",)
    list_filter = (("workspace", AutocompleteSelectFilter),)
    list_filter_submit = True
    list_select_related = ("visitor", "workspace", "ended_by")
    ordering = ("-id",)
    actions = ("end",)
    fields = (
        "visitor",
        "workspace",
        "reason",
        "created_at",
        "ends_at",
        "ended_at",
        "ended_by",
    )
    hint = (
        "Nobody who runs this installation has entered as support. Platform staff do "
        "so under Workspaces; owners get a mail and can end it here."
    )

    def has_end_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "end")

    @display(description="Until", ordering="ends_at")
    def until(self, visit: SupportVisit) -> Any:
        return min(visit.ended_at or visit.ends_at, visit.ends_at)

    @display(description="State", label=COLOURS)
    def state(self, visit: SupportVisit) -> tuple[str, str]:
        if visit.is_open:
            return "open", "In the workspace"
        if visit.ended_at:
            return "ended", f"Ended by {visit.ended_by}"
        return "over", "Over"

    @admin.action(description="End now", permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet) -> None:
        """They are out from their next request."""
        done = 0
        for visit in queryset.filter(ended_at=None):
            try:
                support.end(visit, actor=request.user)
            except APIException as refusal:
                messages.error(request, f"{visit}: {words_of(refusal.detail)}")
            else:
                done += 1
        messages.info(request, f"Ended: {done}.")


def words_of(detail: Any) -> str:
    """A refusal's words, however they are wrapped."""
    if isinstance(detail, dict):
        return " ".join(map(words_of, detail.values()))
    if isinstance(detail, list | tuple):
        return " ".join(map(words_of, detail))
    return str(detail)
