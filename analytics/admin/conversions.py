"""Conversions to Meta: where a workspace tells, and what became of each event."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from unfold.decorators import display
from unfold.widgets import UnfoldAdminPasswordWidget

from analytics.models import ConversionEvent, ConversionSettings
from flexoraa.lib.crypto import Secret
from teams.back_office import ReadOnly, ScopedAdmin, ago
from teams.roles import Action

LABELS = {
    "waiting": "info",
    "sent": "success",
    "skipped": "default",
    "failed": "danger",
}


class ConversionSettingsForm(forms.ModelForm):
    """The token has a field of its own, which is always empty when shown."""

    access_token = forms.CharField(
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
        help_text="Kept encrypted and never shown again. Empty keeps the present one.",
    )

    class Meta:
        model = ConversionSettings
        fields = ("workspace", "is_on", "dataset_id", "lead_stage", "tells_purchases")

    def clean(self) -> dict[str, Any]:
        """To tell, it has to know where."""
        cleaned = super().clean()
        if token := cleaned.get("access_token", "").strip():
            self.instance.token = Secret(token)
        if cleaned.get("is_on"):
            if not cleaned.get("dataset_id"):
                self.add_error("dataset_id", "Name the dataset to tell Meta.")
            if not self.instance.token:
                self.add_error("access_token", "Give a token to tell Meta.")
        return cleaned


@admin.register(ConversionSettings)
class ConversionSettingsAdmin(ScopedAdmin):
    """Off until somebody switches it on."""

    asks = {
        "view": Action.READ_REPORTS,
        "add": Action.MANAGE_WORKSPACE,
        "change": Action.MANAGE_WORKSPACE,
        "delete": Action.MANAGE_WORKSPACE,
    }
    form = ConversionSettingsForm
    list_display = ("workspace", "is_on", "dataset_id", "lead_stage", "tells_purchases")
    list_select_related = ("workspace", "lead_stage")
    ordering = ("workspace__name",)
    autocomplete_fields = ("workspace", "lead_stage")
    fields = (
        "workspace",
        "is_on",
        "dataset_id",
        "access_token",
        "lead_stage",
        "tells_purchases",
    )


@admin.register(ConversionEvent)
class ConversionEventAdmin(ReadOnly):
    """What was told to Meta, left out or refused, and why."""

    asks = {"view": Action.READ_REPORTS, "again": Action.MANAGE_WORKSPACE}
    list_display = ("name", "lead", "workspace", "state_label", "value", "when", "said")
    list_filter = ("state", "name", "channel", "workspace")
    list_select_related = ("lead", "workspace")
    search_fields = ("public_id__exact", "trace_id__exact")
    search_help_text = "An event's id, or Meta's trace id"
    ordering = ("-id",)
    actions = ("tell_again",)
    hint = "Leads and purchases are listed here once Conversions to Meta are on."

    @display(description="State", label=LABELS)
    def state_label(self, event: ConversionEvent) -> tuple[str, str]:
        return event.state, event.get_state_display()

    @display(description="Value")
    def value(self, event: ConversionEvent) -> str:
        if event.amount_paise is None:
            return "–"
        return f"{event.currency} {event.amount_paise / 100:,.2f}"

    @display(description="Happened")
    def when(self, event: ConversionEvent) -> str:
        return ago(event.at)

    @admin.action(description="Try again", permissions=["again"])
    def tell_again(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Those that were refused or left out; told ones stay told."""
        again = queryset.filter(state__in=["failed", "skipped"])
        count = again.order_by().update(
            state="waiting", attempts=0, due_at=Now(), said=""
        )
        messages.success(request, f"{count} are tried again.")

    def has_again_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "again", obj)
