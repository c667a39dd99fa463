"""Spend from outside: ad accounts whose figures are fetched, and files."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget

from flexoraa.lib.crypto import Secret
from leads import fetching
from leads.models import AdAccount
from teams.back_office import WithHint, ago
from teams.models import Workspace
from teams.roles import Action


class SpendFileForm(forms.Form):
    """Whose spend it is, and the file."""

    workspace = forms.ModelChoiceField(
        Workspace.objects.none(), widget=UnfoldAdminSelectWidget()
    )
    file = forms.FileField(
        help_text="CSV or XLSX with the columns day, campaign (its code), amount, and "
        "perhaps kind, currency, reference. Up to 5,000 rows."
    )


class AdAccountForm(forms.ModelForm):
    """The token has a field of its own, which is always empty when shown."""

    access_token = forms.CharField(
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
        help_text="With the permission ads_read. Kept encrypted and never shown again. "
        "Empty keeps the present one.",
    )

    class Meta:
        model = AdAccount
        fields = ("workspace", "external_id", "is_active")

    def save(self, commit: bool = True) -> AdAccount:
        if token := self.cleaned_data["access_token"].strip():
            self.instance.token = Secret(token)
        return super().save(commit)


@admin.register(AdAccount)
class AdAccountAdmin(WithHint):
    """Meta's ad accounts; what they cost comes once a day."""

    asks = {
        "view": Action.MANAGE_LEADS,
        "add": Action.MANAGE_LEADS,
        "change": Action.MANAGE_LEADS,
        "delete": Action.MANAGE_LEADS,
    }
    form = AdAccountForm
    list_display = ("shown", "is_active", "fetched", "problem", "workspace")
    list_select_related = ("workspace",)
    list_filter = (("workspace", AutocompleteSelectFilter),)
    list_filter_submit = True
    ordering = ("workspace", "id")
    autocomplete_fields = ("workspace",)
    readonly_fields = (
        "name",
        "currency",
        "timezone",
        "fetched_at",
        "problem",
        "ads_of_nobody",
    )
    fields = ("workspace", "external_id", "access_token", "is_active", *readonly_fields)
    actions = ("fetch_now",)
    hint = "Add an ad account to see what campaigns cost without typing it in."

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Without tokens: none is shown."""
        return super().get_queryset(request).defer("token")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "external_id") if obj else fields

    def save_model(
        self, request: HttpRequest, obj: AdAccount, form: Any, change: bool
    ) -> None:
        """A new token is tried soon."""
        super().save_model(request, obj, form, change)
        if form.cleaned_data.get("access_token") and obj.is_active:
            fetching.ask(obj)

    @admin.action(description="Fetch now", permissions=["change"])
    def fetch_now(self, request: HttpRequest, queryset: QuerySet) -> None:
        for account in queryset:
            fetching.ask(account)
        messages.success(request, "The worker fetches them within seconds.")

    @display(description="Ad account")
    def shown(self, account: AdAccount) -> str:
        return str(account)

    @display(description="Fetched")
    def fetched(self, account: AdAccount) -> str:
        return ago(account.fetched_at) if account.fetched_at else "not yet"

    @display(description="Ads of no campaign")
    def ads_of_nobody(self, account: AdAccount) -> str:
        lines = (
            (ad["name"], ad["ad_id"], f"{ad['paise'] / 100:,.2f} {account.currency}")
            for ad in account.unclaimed
        )
        return format_html_join("; ", "{} ({}): {}", lines) or "none"
