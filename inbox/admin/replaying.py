"""Replays and dry runs from the ledger: one, those ticked, all that match."""

from collections import Counter
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse

from flexoraa.lib.pagination import EstimatedPaginator
from inbox.admin.base import ReadOnly, in_words
from inbox.models import WebhookDelivery
from inbox.rehearsing import rehearse

MOST_REHEARSED = 50
MOST_LOGGED = 100


class Replays(ReadOnly):
    """The verbs of the ledger. Only a POST replays, and each is asked for twice
    unless it is about a single delivery."""

    actions = ("replay", "dry_run")

    def has_replay_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Deliveries belong to no workspace: only platform staff may."""
        return self.may(request, "replay")

    def get_urls(self) -> list:
        mine = [
            path("replay/", self._guarded(self.replay_matching), name="inbox_replays"),
            path(
                "<int:pk>/replay/", self._guarded(self.replay_one), name="inbox_replay"
            ),
            path(
                "<int:pk>/dry-run/",
                self._guarded(self.rehearse_one),
                name="inbox_dry_run",
            ),
        ]
        return mine + super().get_urls()

    def replay_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Make one new again."""
        get_object_or_404(WebhookDelivery.objects.only("pk"), pk=pk)
        if request.method == "POST":
            self._replay(request, WebhookDelivery.objects.filter(pk=pk))
        return HttpResponseRedirect(
            reverse("admin:inbox_webhookdelivery_change", args=[pk])
        )

    def replay_matching(self, request: HttpRequest) -> HttpResponse:
        """All that the list's filters and search let through, ticked or not."""
        ledger = reverse("admin:inbox_webhookdelivery_changelist")
        try:
            matching = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(f"{ledger}?{ERROR_FLAG}=1")
        if request.method == "POST":
            self._replay(request, matching)
            return HttpResponseRedirect(ledger)
        return self._ask(request, matching, query=request.GET.urlencode())

    def rehearse_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What a replay would do; rolled back."""
        return self._rehearse(request, [get_object_or_404(WebhookDelivery, pk=pk)])

    @admin.action(description="Replay", permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """Asks first: "select all" may mean very many."""
        if "confirmed" in request.POST:
            self._replay(request, queryset)
            return None
        return self._ask(
            request,
            queryset,
            selected=request.POST.getlist("_selected_action"),
            select_across=request.POST.get("select_across", "0"),
        )

    @admin.action(description="Dry run (changes nothing)", permissions=["replay"])
    def dry_run(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse:
        """What a replay of the first few would do."""
        chosen = queryset.defer(None).order_by("pk")[:MOST_REHEARSED]
        return self._rehearse(request, list(chosen))

    def _guarded(self, view: Any) -> Any:
        def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            if not self.has_replay_permission(request):
                raise PermissionDenied
            return view(request, **kwargs)

        return self.admin_site.admin_view(guarded)

    def _ask(
        self, request: HttpRequest, queryset: QuerySet, **extra: Any
    ) -> HttpResponse:
        """How many would be replayed, by state, counted up to the list's limit."""
        most = EstimatedPaginator.LIMIT
        states = queryset.order_by().values_list("state", flat=True)[: most + 1]
        counts = Counter(states)
        context = {
            **self.admin_site.each_context(request),
            "title": "Replay deliveries",
            "opts": self.opts,
            "counts": sorted(counts.items()),
            "total": min(counts.total(), most),
            "is_more": counts.total() > most,
            **extra,
        }
        return TemplateResponse(request, "admin/inbox/replay.html", context)

    def _rehearse(
        self, request: HttpRequest, deliveries: list[WebhookDelivery]
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Dry run: nothing was changed",
            "opts": self.opts,
            "rehearsals": [(row, told(rehearse(row))) for row in deliveries],
            "most": MOST_REHEARSED,
        }
        return TemplateResponse(request, "admin/inbox/dry_run.html", context)

    @transaction.atomic
    def _replay(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Replay, and write down who did it for each of the first hundred."""
        pks = list(queryset.order_by("pk").values_list("pk", flat=True)[:MOST_LOGGED])
        count = queryset.order_by().replay()
        content_type = ContentType.objects.get_for_model(self.model)
        LogEntry.objects.bulk_create(
            LogEntry(
                user_id=request.user.pk,
                content_type_id=content_type.pk,
                object_id=pk,
                object_repr=f"delivery {pk}",
                action_flag=CHANGE,
                change_message=f"Replayed, with {count} in all.",
            )
            for pk in pks
        )
        noun = "delivery is" if count == 1 else "deliveries are"
        messages.success(request, f"{count} {noun} being taken up again.")


def told(found: dict[str, Any]) -> dict[str, Any]:
    """What a rehearsal found, with its events in words."""
    return {**found, "said": in_words(found["events"])}
