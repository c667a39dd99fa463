"""The ledger of opt-outs and the settings of writing to many, in the back office."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from inbox.admin.base import ReadOnly, WithHint
from inbox.models import ConsentEntry, OutreachSettings
from teams.roles import Action


@admin.register(ConsentEntry)
class ConsentEntryAdmin(ReadOnly):
    """Who wants no marketing, or wants it again; the latest stands."""

    asks = {"view": Action.READ}
    list_display = ("key", "wish", "source", "words", "by", "at", "workspace")
    list_select_related = ("by", "workspace")
    list_filter = ("wants", "source", ("workspace", AutocompleteSelectFilter))
    list_filter_submit = True
    search_fields = ("key__startswith",)
    search_help_text = "The beginning of a number or another id"
    ordering = ("-id",)
    fields = (
        "workspace",
        "channel",
        "kind",
        "key",
        "contact",
        "wants",
        "source",
        "words",
        "by",
        "at",
        "created_at",
    )
    hint = "Whoever writes STOP appears here, and so does what the platform tells."

    @display(description="Wants marketing", label={"yes": "success", "no": "danger"})
    def wish(self, entry: ConsentEntry) -> tuple[str, str]:
        return ("yes", "yes") if entry.wants else ("no", "no")


@admin.register(OutreachSettings)
class OutreachSettingsAdmin(WithHint):
    """Words that end and allow marketing, and prices; the defaults without a row."""

    asks = {
        "view": Action.READ,
        "add": Action.MANAGE_WORKSPACE,
        "change": Action.MANAGE_WORKSPACE,
    }
    list_display = ("workspace", "stop_words", "start_words")
    list_select_related = ("workspace",)
    autocomplete_fields = ("workspace",)
    ordering = ("workspace",)
    hint = "Without a row the words of all languages count, and no price is known."

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
