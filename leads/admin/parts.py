"""What a lead's page has beside its fields: notes, tasks, intervals, the timeline."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.module_loading import import_string

from leads.models import AssignmentInterval, Lead, Note, StageInterval, Task
from teams.back_office import ScopedTabularInline
from teams.roles import Action

LINES = 30  # of the timeline on a page


class NoteInline(ScopedTabularInline):
    """What was noted."""

    asks = {"view": Action.READ, "add": Action.WORK_LEADS}
    model = Note
    fields = ("text", "author", "created_at")
    readonly_fields = ("author", "created_at")
    ordering = ("-id",)
    extra = 0
    per_page = 20
    tab = True


class TaskInline(ScopedTabularInline):
    """What is to do."""

    asks = {
        "view": Action.READ,
        "add": Action.WORK_LEADS,
        "change": Action.WORK_LEADS,
        "delete": Action.WORK_LEADS,
    }
    model = Task
    fields = ("title", "due_at", "assignee", "done_at")
    autocomplete_fields = ("assignee",)
    ordering = ("due_at", "id")
    extra = 0
    per_page = 20
    tab = True


class StageInline(ScopedTabularInline):
    """Where it was, written by the database."""

    asks = {"view": Action.READ}
    model = StageInterval
    fields = readonly_fields = ("stage", "started_at", "ended_at", "by", "bulk")
    ordering = ("-id",)
    extra = 0
    per_page = 20
    tab = True
    verbose_name_plural = "stages it was in"


class OwnerInline(ScopedTabularInline):
    """Whose it was, written by the database."""

    asks = {"view": Action.READ}
    model = AssignmentInterval
    fields = readonly_fields = ("user", "started_at", "ended_at", "by", "bulk")
    ordering = ("-id",)
    extra = 0
    per_page = 20
    tab = True
    verbose_name_plural = "owners it had"


def history_of(lead: Lead, before: str) -> dict[str, Any]:
    """The lines of a lead's page, and where older ones begin ("at,kind,id")."""
    lines: Callable = import_string(settings.LEAD_TIMELINE)
    at, _, rest = before.partition(",")
    kind, _, pk = rest.partition(",")
    known = {}
    if parse_datetime_or_none(at) and kind.isdecimal() and pk.isdecimal():
        known = {"before": (at, int(kind[:4]), int(pk[:18]))}
    found = lines(lead, limit=LINES + 1, **known)
    older = ""
    if len(found) > LINES:
        older = urlencode({"before": ",".join(map(str, found[LINES - 1].place))})
    return {"lines": found[:LINES], "older": older, "is_older": bool(known)}


def parse_datetime_or_none(text: str) -> Any:
    """A moment, if it is one."""
    try:
        return parse_datetime(text)
    except ValueError:
        return None
