"""What lists in the back office share: empty states, long tables, reading only."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.timesince import timesince

from flexoraa.lib.pagination import EstimatedPaginator
from teams.back_office.scoped import ScopedAdmin


def ago(at: datetime) -> str:
    """How long it is since then, in one word and a number."""
    words = timesince(at, depth=1)
    return "just now" if words.startswith("0") else f"{words} ago"


class WithHint(ScopedAdmin):
    """An empty list says how to get something into it."""

    list_before_template = "admin/teams/before_list.html"
    hint = ""

    class Media:
        css = {"all": ["teams/back_office.css"]}


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

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
