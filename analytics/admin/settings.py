"""What a workspace's reports go by, and the days on which nobody works."""

from django.contrib import admin

from analytics.models import Holiday, ReportSettings
from teams.back_office import ScopedAdmin
from teams.roles import Action

MANAGED = {
    "view": Action.READ_REPORTS,
    "add": Action.MANAGE_WORKSPACE,
    "change": Action.MANAGE_WORKSPACE,
}


@admin.register(ReportSettings)
class ReportSettingsAdmin(ScopedAdmin):
    """Targets, hours and windows; every change has the numbers counted again."""

    asks = MANAGED
    list_display = ("workspace", "sla_seconds", "lookback_days", "horizon_days")
    list_select_related = ("workspace",)
    ordering = ("workspace__name",)
    fields = (
        "workspace",
        "hours",
        "sla_seconds",
        "lookback_days",
        "horizon_days",
        "margin_percent",
        "sdr_sees",
    )
    autocomplete_fields = ("workspace",)


@admin.register(Holiday)
class HolidayAdmin(ScopedAdmin):
    """Local days without working time."""

    asks = {**MANAGED, "delete": Action.MANAGE_WORKSPACE}
    list_display = ("day", "name", "workspace")
    list_select_related = ("workspace",)
    ordering = ("-day",)
    fields = ("workspace", "day", "name")
    autocomplete_fields = ("workspace",)
