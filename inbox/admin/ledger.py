"""The ledger of webhook deliveries: raw bytes, what became of them, replay."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.options import get_content_type_for_model
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.timesince import timesince
from unfold.decorators import display

from inbox.admin import bodies
from inbox.admin.base import STATES, ReadOnly
from inbox.models import WebhookDelivery
from inbox.rehearsing import messages_of, rehearse

MOST_REHEARSED = 20


class AgeFilter(admin.SimpleListFilter):
    """By when it came."""

    title = "age"
    parameter_name = "age"
    AGES = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
    AGES |= {"week": timedelta(days=7)}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("hour", "last hour"),
            ("day", "last 24 hours"),
            ("week", "last 7 days"),
            ("older", "older"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() in self.AGES:
            since = timezone.now() - self.AGES[self.value()]
            return queryset.filter(received_at__gte=since)
        if self.value() == "older":
            since = timezone.now() - self.AGES["week"]
            return queryset.filter(received_at__lt=since)
        return queryset


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnly):
    """Look, dry-run, replay; nothing is edited or deleted."""

    list_display = (
        "id",
        "route",
        "state_label",
        "received",
        "said",
        "size_label",
        "tries",
        "problem",
    )
    list_filter = ("state", "route", AgeFilter)
    search_fields = ("sha256",)  # shows the box; see get_search_results
    search_help_text = "An id, a SHA-256, or how the error begins"
    ordering = ("-id",)
    actions = ("replay", "dry_run")
    change_form_template = "admin/inbox/delivery.html"

    @display(description="State", label=STATES, ordering="state")
    def state_label(self, delivery: WebhookDelivery) -> tuple[str, str]:
        return delivery.state, delivery.get_state_display()

    @display(description="Received", ordering="received_at")
    def received(self, delivery: WebhookDelivery) -> str:
        return timesince(delivery.received_at, depth=1) + " ago"

    @display(description="Said")
    def said(self, delivery: WebhookDelivery) -> str:
        return ", ".join(f"{n} × {kind}" for kind, n in delivery.outcome.items()) or "–"

    @display(description="Size", ordering="size")
    def size_label(self, delivery: WebhookDelivery) -> str:
        return filesizeformat(delivery.size)

    @display(description="Failures / replays")
    def tries(self, delivery: WebhookDelivery) -> str:
        return f"{delivery.failures + delivery.crashes} / {delivery.replays}"

    @display(description="Error")
    def problem(self, delivery: WebhookDelivery) -> str:
        lines = delivery.error.strip().splitlines()
        return (lines[-1] if lines else "")[:120]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).defer("body")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """Only what an index or a short look answers."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.isdigit() and len(term) < 19:
            return queryset.filter(pk=int(term)), False
        if len(term) == 64:
            return queryset.filter(sha256=term.lower()), False
        stuck = queryset.filter(state__in=["dead", "retry", "unroutable"])
        return stuck.filter(error__istartswith=term), False

    def get_urls(self) -> list:
        view = self.admin_site.admin_view
        mine = [
            path("<int:pk>/replay/", view(self.replay_one), name="inbox_replay"),
            path("<int:pk>/dry-run/", view(self.rehearse_one), name="inbox_dry_run"),
            path("<int:pk>/raw/", view(self.raw), name="inbox_raw"),
        ]
        return mine + super().get_urls()

    def change_view(self, request: HttpRequest, object_id: str, **kwargs: Any) -> Any:
        """The facts, the readable body, the buttons."""
        delivery = self.get_object(request, object_id)
        if delivery is None:
            return super().change_view(request, object_id, **kwargs)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Delivery {delivery.pk}",
            "opts": self.opts,
            "delivery": delivery,
            "body": bodies.pretty(bytes(delivery.body)),
            "brought": messages_of(delivery),
            "same": self.model.objects.filter(sha256=delivery.sha256)
            .exclude(pk=delivery.pk)
            .order_by("-pk")
            .values_list("pk", flat=True)[:5]
            if delivery.state != "done"
            else (),
        }
        return TemplateResponse(request, "admin/inbox/delivery.html", context)

    def replay_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Make one new again; only by POST."""
        delivery = get_object_or_404(WebhookDelivery.objects.defer("body"), pk=pk)
        if request.method == "POST":
            self._replay(request, WebhookDelivery.objects.filter(pk=delivery.pk))
        return HttpResponseRedirect(
            reverse("admin:inbox_webhookdelivery_change", args=[pk])
        )

    def rehearse_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What a replay would do; rolled back."""
        delivery = get_object_or_404(WebhookDelivery, pk=pk)
        return self._show_rehearsal(request, [delivery])

    def raw(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The bytes as they came, as a download that no browser interprets."""
        delivery = get_object_or_404(WebhookDelivery, pk=pk)
        return HttpResponse(
            bytes(delivery.body),
            content_type="application/octet-stream",
            headers={
                "Content-Disposition": f'attachment; filename="delivery-{pk}.bin"',
                "X-Content-Type-Options": "nosniff",
            },
        )

    @admin.action(description="Replay")
    def replay(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """Asks first: "select all" may mean very many."""
        if "confirmed" in request.POST:
            self._replay(request, queryset)
            return None
        counts = queryset.order_by().values("state").annotate(count=Count("id"))
        context = {
            **self.admin_site.each_context(request),
            "title": "Replay deliveries",
            "opts": self.opts,
            "counts": sorted((row["state"], row["count"]) for row in counts),
            "selected": request.POST.getlist("_selected_action"),
            "select_across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "admin/inbox/replay.html", context)

    @admin.action(description="Dry run (nothing is changed)")
    def dry_run(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse:
        """What a replay of the first few would do."""
        chosen = queryset.defer(None).order_by("pk")[:MOST_REHEARSED]
        return self._show_rehearsal(request, list(chosen))

    def _show_rehearsal(
        self, request: HttpRequest, deliveries: list[WebhookDelivery]
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Dry run: nothing was changed",
            "opts": self.opts,
            "rehearsals": [(row, rehearse(row)) for row in deliveries],
        }
        return TemplateResponse(request, "admin/inbox/dry_run.html", context)

    def _replay(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Replay and write down who did it, row by row up to a hundred."""
        named = list(queryset.order_by("pk").values_list("pk", flat=True)[:100])
        count = queryset.replay()
        LogEntry.objects.bulk_create(
            LogEntry(
                user_id=request.user.pk,
                content_type_id=get_content_type_for_model(self.model).pk,
                object_id=pk,
                object_repr=f"delivery {pk}",
                action_flag=CHANGE,
                change_message=f"Replayed, with {count} in all.",
            )
            for pk in named
        )
        messages.success(request, f"{count} deliveries are being taken up again.")
