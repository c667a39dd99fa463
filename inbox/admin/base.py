"""What the inbox's lists in the back office share."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.timesince import timesince
from unfold.admin import ModelAdmin

from flexoraa.lib.pagination import EstimatedPaginator

STATES = {
    "new": "info",
    "running": "info",
    "done": "success",
    "retry": "warning",
    "unroutable": "warning",
    "dead": "danger",
    "connected": "success",
    "disconnected": "danger",
    "open": "success",
    "pending": "warning",
    "snoozed": "info",
    "resolved": "default",
}
CHANNELS = {"whatsapp": "success", "instagram": "primary", "facebook": "info"}


def ago(at: datetime) -> str:
    """How long it is since then, in one word and a number."""
    words = timesince(at, depth=1)
    return "just now" if words.startswith("0") else f"{words} ago"


def in_words(outcome: Mapping[str, int]) -> str:
    """What a body said: {"InboundMessage": 2} -> "2 × inbound message"."""
    spaced = {re.sub(r"\B(?=[A-Z])", " ", k).lower(): n for k, n in outcome.items()}
    return ", ".join(f"{n} × {kind}" for kind, n in spaced.items()) or "–"


class WithHint(ModelAdmin):
    """An empty list says how to get something into it."""

    list_before_template = "admin/inbox/before_list.html"
    hint = ""

    class Media:
        css = {"all": ["inbox/admin.css"]}


class LargeTable(WithHint):
    """Pages without counting all rows."""

    paginator = EstimatedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_fullwidth = True
    list_filter_sheet = False
    sortable_by: tuple[str, ...] = ()  # only what an index has in order


class ReadOnly(LargeTable):
    """What came from outside is looked at, not edited."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
