"""Leads: the list with its bulk actions, and a lead's page."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from leads import bulk
from leads.admin.forms import AssignForm, UpdateForm
from leads.admin.merging import merge_url
from leads.admin.parts import (
    NoteInline,
    OwnerInline,
    StageInline,
    TaskInline,
    history_of,
)
from leads.assignment import Strategy, assign
from leads.changes import Changes
from leads.models import (
    Lead,
    LeadSettings,
    Note,
    Task,
)
from leads.models.leads import LIVE, tidy_tags
from teams.back_office import LargeTable, ago, reach_of
from teams.models import User, Workspace
from teams.roles import Action, Role

KINDS = {"open": "info", "won": "success", "lost": "danger"}


class PlaceFilter(SimpleListFilter):
    """Lists show who is there; archived and merged ones are asked for."""

    title = parameter_name = "place"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("archived", "archived"), ("merged", "merged into another")]

    def choices(self, changelist: Any) -> Any:
        first, *rest = super().choices(changelist)
        return [{**first, "display": "in the list"}, *rest]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "archived":
            return queryset.filter(archived_at__isnull=False, merged_into=None)
        if self.value() == "merged":
            return queryset.filter(merged_into__isnull=False)
        return queryset.filter(LIVE)


class OwnerFilter(SimpleListFilter):
    """Whether it is mine, or nobody's."""

    title = "owned"
    parameter_name = "owned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("me", "by me"), ("nobody", "by nobody")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "me":
            return queryset.filter(owner=request.user)
        return queryset.filter(owner=None) if self.value() == "nobody" else queryset


@admin.register(Lead)
class LeadAdmin(LargeTable):
    """The newest first; many are edited by a plan that is looked at before it is
    applied, and can be undone."""

    class Media:
        css = {"all": ["leads/admin.css"]}

    asks = {
        "view": Action.READ,
        "add": Action.WORK_LEADS,
        "change": Action.WORK_LEADS,
        "bulk": Action.WORK_LEADS,
        "merge": Action.MANAGE_LEADS,
        "erase": Action.ERASE,
    }
    list_display = (
        "shown",
        "phone",
        "stage_label",
        "owner",
        "campaign",
        "worth",
        "score",
        "tag_labels",
        "changed",
        "workspace",
    )
    list_select_related = ("stage", "owner", "campaign", "workspace")
    list_filter = (
        PlaceFilter,
        OwnerFilter,
        ("stage__kind", admin.ChoicesFieldListFilter),
        ("stage", AutocompleteSelectFilter),
        ("owner", AutocompleteSelectFilter),
        ("campaign", AutocompleteSelectFilter),
        ("workspace", AutocompleteSelectFilter),
    )
    list_filter_submit = True
    search_fields = ("name",)  # shows the box; see get_search_results
    search_help_text = "Words of a name, phone, e-mail, company or external id"
    ordering = ("-id",)
    actions = ("update_many", "assign_many", "merge_two")
    autocomplete_fields = ("workspace", "stage", "owner", "campaign")
    readonly_fields = ("scored", "closed_at", "created_at", "updated_at", "merged_into")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "workspace",
                    ("name", "company"),
                    ("phone", "email"),
                    ("stage", "lost_reason"),
                    ("owner", "campaign"),
                    ("source", "external_id"),
                    ("value_paise", "currency"),
                    ("tags", "consent"),
                    "custom",
                )
            },
        ),
        (
            "Kept by the system",
            {
                "fields": (
                    ("scored", "closed_at"),
                    ("created_at", "updated_at"),
                    "merged_into",
                )
            },
        ),
    )
    inlines = (NoteInline, TaskInline, StageInline, OwnerInline)
    change_form_outer_after_template = "admin/leads/timeline.html"
    hint = (
        "Leads come with the first message of somebody new, from an import, or by hand."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """An SDR's own and nobody's, as over the API."""
        rows, reach = super().get_queryset(request), reach_of(request)
        sdr = [pk for pk, role in reach.roles.items() if role == Role.SDR]
        if reach.is_everywhere or not sdr:
            return rows
        narrow = LeadSettings.objects.filter(workspace__in=sdr, sdr_sees_all=False)
        mine = Q(owner=request.user) | Q(owner__isnull=True)
        closed = list(narrow.values_list("workspace", flat=True))
        return rows.filter(~Q(workspace__in=closed) | mine)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        if term := search_term.strip():
            places = self.places(request, "view")
            queryset = queryset.search(
                list(Workspace.objects.values_list("pk", flat=True))
                if places is None
                else list(places),
                term,
            )
        return queryset, False

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> tuple:
        return self.inlines if obj else ()

    def change_view(self, request: HttpRequest, object_id: str, **kwargs: Any) -> Any:
        """With what became of it; `?before=` is where an older part begins."""
        lead = self.get_object(request, object_id)
        extra = {**(kwargs.pop("extra_context", None) or {})}
        if lead is not None and request.method == "GET":
            extra |= history_of(lead, request.GET.get("before", ""))
            if self.may(request, "erase", lead):
                extra["erase_page"] = reverse(settings.ERASE_PAGE, args=[lead.pk])
        return super().change_view(request, object_id, extra_context=extra, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: Lead, form: Any, change: bool
    ) -> None:
        """Only what was changed is written: the rest may be newer by now."""
        obj.tags = tidy_tags(obj.tags)
        if change and form.changed_data:
            obj.save(update_fields=list(form.changed_data))
        elif not change:
            obj.save()

    def save_formset(
        self, request: HttpRequest, form: Any, formset: Any, change: bool
    ) -> None:
        for row in formset.save(commit=False):
            if isinstance(row, Note) and row.author_id is None:
                row.author = request.user
            if isinstance(row, Task) and row.created_by_id is None:
                row.created_by = request.user
            row.save()
        for row in formset.deleted_objects:
            row.delete()

    @display(description="Score")
    def scored(self, lead: Lead) -> str:
        """The score and what it is made of."""
        parts = format_html_join(
            ", ",
            "{} {}",
            ((rule, f"{points:+}") for rule, points in lead.score_parts),
        )
        return format_html("{} <small>{}</small>", lead.score, parts)

    @display(description="Lead", ordering="name")
    def shown(self, lead: Lead) -> str:
        return str(lead)

    @display(description="Stage", label=KINDS)
    def stage_label(self, lead: Lead) -> tuple[str, str]:
        return lead.stage.kind, lead.stage.name

    @display(description="Value")
    def worth(self, lead: Lead) -> str:
        return (
            f"{lead.value_paise / 100:,.0f} {lead.currency}" if lead.value_paise else ""
        )

    @display(description="Tags", label=True)
    def tag_labels(self, lead: Lead) -> list[str]:
        return lead.tags[:4]

    @display(description="Changed")
    def changed(self, lead: Lead) -> str:
        return ago(lead.updated_at)

    def has_bulk_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "bulk")

    @admin.action(description="Change fields…", permissions=["bulk"])
    def update_many(
        self, request: HttpRequest, queryset: QuerySet
    ) -> HttpResponse | None:
        return self._ask(request, queryset, UpdateForm, "update_many")

    @admin.action(description="Assign…", permissions=["bulk"])
    def assign_many(
        self, request: HttpRequest, queryset: QuerySet
    ) -> HttpResponse | None:
        return self._ask(request, queryset, AssignForm, "assign_many")

    def has_merge_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "merge")

    @admin.action(description="Merge two…", permissions=["merge"])
    def merge_two(
        self, request: HttpRequest, queryset: QuerySet
    ) -> HttpResponse | None:
        """Side by side first; the older one stays unless one says otherwise."""
        ids = list(queryset.order_by("pk").values_list("pk", flat=True)[:3])
        if len(ids) != 2:
            messages.error(request, "Tick exactly two leads that are one person.")
            return None
        return HttpResponseRedirect(merge_url(*ids))

    def _ask(
        self, request: HttpRequest, chosen: QuerySet, form_class: type, action: str
    ) -> HttpResponse | None:
        """The form; once it is filled in, the plan's page."""
        workspace = one_workspace(chosen)
        if workspace is None:
            messages.error(
                request,
                "Choose leads of one workspace: filter the list by it first.",
            )
            return None
        is_filled = "filled" in request.POST
        form = form_class(workspace, request.POST if is_filled else None)
        if is_filled and form.is_valid():
            try:
                operation = plan(request, workspace, chosen, form)
            except bulk.TooMany as error:
                messages.error(request, str(error.detail))
                return None
            url = reverse("admin:leads_bulkoperation_change", args=[operation.pk])
            return HttpResponseRedirect(url)
        context = {
            **self.admin_site.each_context(request),
            "title": {"update_many": "Change leads", "assign_many": "Assign leads"}[
                action
            ],
            "opts": self.opts,
            "form": form,
            "action": action,
            "count": chosen.order_by()[: bulk.MOST + 1].count(),
            "most": bulk.MOST,
            "workspace": workspace,
            "selected": request.POST.getlist("_selected_action"),
            "select_across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "admin/leads/choose.html", context)


def one_workspace(leads: QuerySet) -> Workspace | None:
    """The workspace that all of them are of."""
    ids = leads.order_by("workspace_id").values_list("workspace_id", flat=True)
    ends = {*ids[:1], *ids.reverse()[:1]}
    return Workspace.objects.get(pk=ends.pop()) if len(ends) == 1 else None


def plan(
    request: HttpRequest, workspace: Workspace, chosen: QuerySet, form: Any
) -> Any:
    """The plan of what was filled in."""
    common = {
        "workspace": workspace,
        "by": request.user,
        "selection": chosen.filter(workspace=workspace),
    }
    said = {"select": {"list": request.GET.urlencode()}}
    if isinstance(form, UpdateForm):
        return bulk.plan("update", **common, changes=form.changes(), request=said)
    data = form.cleaned_data
    owners = list(User.objects.filter(pk__in=data["owners"]).order_by("name", "pk"))
    given = assign(workspace, chosen, owners, data["strategy"])
    values = {"campaign": int(data["campaign"])} if data["campaign"] else {}
    changes = Changes(
        values=values,
        owners=tuple(given.owners),
        fill_owner_only=data["strategy"] == Strategy.KEEP,
    )
    return bulk.plan(
        "assign", **common, changes=changes, request=said, receipt=given.receipt
    )
