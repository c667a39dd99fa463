"""What the inbox's lists in the back office share."""

from typing import Any

from django.http import HttpRequest
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
CHANNELS = {"whatsapp": "success", "instagram": "danger", "facebook": "info"}


class LargeTable(ModelAdmin):
    """Pages without counting all rows."""

    paginator = EstimatedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_fullwidth = True
    list_filter_sheet = False


class ReadOnly(LargeTable):
    """What came from outside is looked at, not edited."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
