"""Campaigns and what they cost."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from leads.models import Campaign, SpendEntry
from teams.back_office import ScopedTabularInline, WithHint
from teams.roles import Action

STATES = {"draft": "default", "active": "success", "paused": "warning", "ended": "info"}


class SpendInline(ScopedTabularInline):
    """What it cost, entry by entry; corrections replace entries over the API."""

    asks = {"view": Action.READ, "add": Action.MANAGE_LEADS}
    model = SpendEntry
    fk_name = "campaign"
    fields = ("day", "kind", "amount_paise", "currency", "reference", "source")
    readonly_fields = ("source",)
    ordering = ("-day", "-id")
    extra = 0
    per_page = 30

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).current()


@admin.register(Campaign)
class CampaignAdmin(WithHint):
    """Campaigns, the newest first."""

    asks = {
        "view": Action.READ,
        "add": Action.MANAGE_LEADS,
        "change": Action.MANAGE_LEADS,
    }
    list_display = (
        "name",
        "code",
        "state",
        "channel",
        "starts_on",
        "ends_on",
        "budget",
        "workspace",
    )
    list_select_related = ("workspace",)
    list_filter = ("status", "channel", ("workspace", AutocompleteSelectFilter))
    list_filter_submit = True
    search_fields = ("name__istartswith", "code__istartswith")
    ordering = ("-id",)
    autocomplete_fields = ("workspace",)
    exclude = ("created_at",)  # the database's
    inlines = (SpendInline,)
    hint = "Add a campaign to see what its leads cost and bring."

    @display(description="Status", label=STATES)
    def state(self, campaign: Campaign) -> tuple[str, str]:
        return campaign.status, campaign.get_status_display()

    @display(description="Budget")
    def budget(self, campaign: Campaign) -> str:
        if not campaign.budget_paise:
            return ""
        return f"{campaign.budget_paise / 100:,.0f} {campaign.currency}"

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> tuple:
        return self.inlines if obj else ()
