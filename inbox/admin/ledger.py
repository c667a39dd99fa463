"""The ledger of webhook deliveries: raw bytes, and what became of them."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.html import format_html
from unfold.decorators import display

from inbox.admin import bodies
from inbox.admin.base import CHANNELS, STATES, ago, in_words
from inbox.admin.filters import AgeFilter, RouteFilter
from inbox.admin.replaying import Replays
from inbox.models import WebhookDelivery
from inbox.rehearsing import messages_of

NEARBY = 10_000  # ids: a repeat is looked for among the neighbours, not everywhere


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(Replays):
    """Look, dry-run, replay; nothing is edited or deleted."""

    list_display = (
        "id",
        "route_label",
        "state_label",
        "received",
        "said",
        "size_label",
        "tries",
        "problem",
    )
    list_filter = ("state", RouteFilter, AgeFilter)
    search_fields = ("sha256",)  # shows the box; see get_search_results
    search_help_text = "An id, a SHA-256, or how the error of a stuck one begins"
    ordering = ("-id",)
    sortable_by = ("id",)
    change_form_template = "admin/inbox/delivery.html"
    hint = "Webhooks are listed here as they come, before anything reads them."

    @display(description="Route", label=CHANNELS)
    def route_label(self, delivery: WebhookDelivery) -> tuple[str, str]:
        return delivery.route, delivery.route

    @display(description="State", label=STATES)
    def state_label(self, delivery: WebhookDelivery) -> tuple[str, str]:
        return delivery.state, delivery.get_state_display()

    @display(description="Received")
    def received(self, delivery: WebhookDelivery) -> str:
        at = delivery.received_at
        return format_html(
            '<span class="fx-nowrap">{}<br>{}</span>', f"{at:%d %b %H:%M:%S}", ago(at)
        )

    @display(description="Said")
    def said(self, delivery: WebhookDelivery) -> str:
        return in_words(delivery.outcome)

    @display(description="Size")
    def size_label(self, delivery: WebhookDelivery) -> str:
        return filesizeformat(delivery.size)

    @display(description="Tries")
    def tries(self, delivery: WebhookDelivery) -> str:
        """Only what is out of the ordinary."""
        counts = {
            "failed": delivery.failures,
            "crashed": delivery.crashes,
            "replayed": delivery.replays,
        }
        return ", ".join(f"{word} {n}×" for word, n in counts.items() if n) or "–"

    @display(description="Error")
    def problem(self, delivery: WebhookDelivery) -> str:
        """The last line: that is where a traceback says what it is about."""
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
        if term.isdecimal() and len(term) < 19:
            return queryset.filter(pk=int(term)), False
        if len(term) == 64:
            return queryset.filter(sha256=term.lower()), False
        stuck = queryset.filter(state__in=["dead", "unroutable"])
        return stuck.filter(error__istartswith=term), False

    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.raw)
        return [path("<int:pk>/raw/", view, name="inbox_raw"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, **kwargs: Any) -> Any:
        """The facts, the readable body, the buttons."""
        delivery = self.get_object(request, object_id)
        if delivery is None:
            return super().change_view(request, object_id, **kwargs)
        self._may_look(request, delivery)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Delivery {delivery.pk}",
            "opts": self.opts,
            "delivery": delivery,
            "said": in_words(delivery.outcome),
            "body": bodies.pretty(bytes(delivery.body)),
            "brought": messages_of(delivery),
            "same": same_bytes(delivery),
        }
        return TemplateResponse(request, self.change_form_template, context)

    def raw(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The bytes as they came, as a download that no browser interprets."""
        delivery = get_object_or_404(WebhookDelivery, pk=pk)
        self._may_look(request, delivery)
        return HttpResponse(
            bytes(delivery.body),
            content_type="application/octet-stream",
            headers={
                "Content-Disposition": f'attachment; filename="delivery-{pk}.bin"',
                "X-Content-Type-Options": "nosniff",
            },
        )

    def _may_look(self, request: HttpRequest, delivery: WebhookDelivery) -> None:
        if not self.has_view_permission(request, delivery):
            raise PermissionDenied


def same_bytes(delivery: WebhookDelivery) -> list[int]:
    """Ids of deliveries around this one with the same body: Meta sent it again."""
    around = range(delivery.pk - NEARBY, delivery.pk + NEARBY)
    near = WebhookDelivery.objects.filter(pk__gte=around.start, pk__lt=around.stop)
    same = near.filter(sha256=delivery.sha256).exclude(pk=delivery.pk)
    return list(same.order_by("-pk").values_list("pk", flat=True)[:5])
