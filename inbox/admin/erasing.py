"""Erasing people in the back office: a page that says what goes and what stays, and
the list of who had whom erased."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.response import TemplateResponse
from django.urls import path, reverse
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from inbox import dossier, erasing
from inbox.admin.base import STATES, ReadOnly, ago
from inbox.models import Erasure
from leads.models import Lead
from teams.back_office import within
from teams.back_office.scoped import shown_again
from teams.recently import is_recent
from teams.roles import Action


@admin.register(Erasure)
class ErasureAdmin(ReadOnly):
    """Who had whom erased, by key; of the person nothing is here."""

    asks = {"view": Action.ERASE, "erase": Action.ERASE}
    list_display = ("shown", "state_label", "counted", "by", "asked", "workspace")
    list_select_related = ("by", "workspace", "lead")
    list_filter = ("state", ("workspace", AutocompleteSelectFilter))
    list_filter_submit = True
    ordering = ("-id",)
    fields = (
        "workspace",
        "shown",
        "by",
        "state",
        "counted",
        "created_at",
        "finished_at",
    )
    readonly_fields = ("shown", "counted")
    hint = "A lead's page leads to the page that erases a person."

    def get_urls(self) -> list:
        view, name = self.admin_site.admin_view, "inbox_erasure"
        return [
            path("person/<int:pk>/", view(self.person), name=f"{name}_person"),
            path("person/<int:pk>/export/", view(self.export), name=f"{name}_export"),
            *super().get_urls(),
        ]

    def person(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What goes and what stays; erased by POST, with the word typed."""
        lead = self._lead(request, pk)
        problem = ""
        if request.method == "POST":
            if not is_recent(request):
                return shown_again(request)
            if request.POST.get("word", "").strip().lower() == "erase":
                erasing.begin(lead, by=request.user)
                messages.success(request, "The person is being erased.")
                return HttpResponseRedirect(reverse("admin:inbox_erasure_changelist"))
            problem = "Type the word to say that you mean it."
        held = {name: len(rows) for name, rows in dossier.dossier(lead).items()}
        context = {
            **self.admin_site.each_context(request),
            "title": "Erase a person",
            "opts": self.opts,
            "lead": lead,
            "held": [(name.replace("_", " "), n) for name, n in held.items() if n],
            "alike": self._alike(lead),
            "problem": problem,
        }
        return TemplateResponse(request, "admin/inbox/erase.html", context)

    def export(self, request: HttpRequest, pk: int) -> HttpResponse:
        """All that is held of the person, as a file."""
        lead = self._lead(request, pk)
        if not is_recent(request):
            return shown_again(request)
        name = f'attachment; filename="person-{lead.public_id}.json"'
        headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
        return JsonResponse(dossier.dossier(lead), headers=headers)

    def _lead(self, request: HttpRequest, pk: int) -> Lead:
        """The lead, in a workspace in which the asker may erase; else it is absent."""
        rows = within(Lead.objects.all(), self.places(request, "erase"))
        found = rows.filter(pk=min(pk, 2**63 - 1)).first()
        if found is None:
            raise Http404
        head = found.merged_into or found
        if not self.may(request, "erase", head):
            raise PermissionDenied
        return head

    def _alike(self, lead: Lead) -> list[Lead]:
        """Others with the same number or address, who stay unless they are merged."""
        same = Q()
        if lead.phone:
            same |= Q(phone=lead.phone)
        if lead.email:
            same |= Q(email=lead.email)
        if not same:
            return []
        rows = Lead.objects.for_workspace(lead.workspace_id).live()
        return list(rows.filter(same).exclude(pk=lead.pk)[:20])

    @display(description="Lead")
    def shown(self, erasure: Erasure) -> str:
        return str(erasure.lead.public_id)

    @display(description="State", label=STATES)
    def state_label(self, erasure: Erasure) -> tuple[str, str]:
        return erasure.state, erasure.get_state_display()

    @display(description="Emptied")
    def counted(self, erasure: Erasure) -> str:
        return ", ".join(f"{n} {name}" for name, n in erasure.counts.items()) or "–"

    @display(description="Asked")
    def asked(self, erasure: Erasure) -> Any:
        return ago(erasure.created_at)
