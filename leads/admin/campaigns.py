"""Campaigns and what they cost."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display

from leads import spending
from leads.admin.spending import SpendFileForm
from leads.models import Campaign, SpendEntry
from teams.back_office import ScopedTabularInline, WithHint, within
from teams.models import Workspace
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
    actions_list = ("import_spend",)

    def has_spend_permission(self, request: HttpRequest) -> bool:
        return bool(self.may(request, "add"))

    @action(
        description="Import spend…",
        url_path="import-spend",
        permissions=["spend"],
        icon="upload_file",
    )
    def import_spend(self, request: HttpRequest) -> HttpResponse:
        """A file: checked, then imported."""
        places = within(Workspace.objects.all(), self.places(request, "add"))
        given = (request.POST, request.FILES) if request.method == "POST" else ()
        form = SpendFileForm(*given)
        form.fields["workspace"].queryset = places.order_by("name")
        is_check = request.POST.get("verb") != "import"
        outcome = None
        if given and form.is_valid():
            outcome = self._read(request, form, is_check)
        context = {
            **self.admin_site.each_context(request),
            "title": "Import spend",
            "opts": self.opts,
            "form": form,
            "outcome": outcome,
            "errors": outcome.errors[: spending.SHOWN] if outcome else [],
            "checked": is_check,
        }
        return TemplateResponse(request, "admin/leads/spend.html", context)

    def _read(self, request: HttpRequest, form: Any, is_check: bool) -> Any:
        """What became of the file; None with words beside the field."""
        file = form.cleaned_data["file"]
        if file.size > spending.MOST_BYTES:
            form.add_error("file", "The file has more than 2 MB: split it.")
            return None
        workspace = form.cleaned_data["workspace"]
        try:
            return spending.import_file(
                workspace, file.read(), by=request.user, dry_run=is_check
            )
        except spending.BadFile as error:
            form.add_error("file", str(error))
            return None

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
