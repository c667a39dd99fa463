"""Razorpay's webhooks as they came, and where the books differed. Platform staff."""

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from unfold.decorators import display

from payments import alarms
from payments.admin.base import page
from payments.models import Drift, RefusedWebhook, WebhookDelivery
from teams.back_office import ReadOnly, ago

MOST_SHOWN = 100_000  # characters of a body


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnly):
    """Look and replay; a replay is always safe, since all is settled by ids."""

    list_display = ("id", "event", "state_label", "received", "whose", "repeats")
    list_filter = ("state", "event")
    search_fields = ("event_id__exact", "sha256__exact")
    search_help_text = "An event's id, or a SHA-256"
    ordering = ("-id",)
    actions = ("replay",)
    hint = "Razorpay's webhooks are listed here as they come."

    @display(
        description="State",
        label={"done": "success", "dead": "danger", "retry": "warning", "new": "info"},
    )
    def state_label(self, delivery: WebhookDelivery) -> tuple[str, str]:
        return delivery.state, delivery.get_state_display()

    @display(description="Received")
    def received(self, delivery: WebhookDelivery) -> str:
        return ago(delivery.received_at)

    @display(description="For")
    def whose(self, delivery: WebhookDelivery) -> str:
        return delivery.outcome.get("for", "–")

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """What is wrong with them stands above the list."""
        for alarm in alarms.ringing():
            messages.error(request, alarms.reason_of(alarm))
        return super().changelist_view(request, *args, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).defer("body")

    def has_replay_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "replay")

    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.replay_one)
        mine = path("<int:pk>/replay/", view, name="payments_replay")
        return [mine, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, **kwargs: Any) -> Any:
        delivery = self.get_object(request, object_id)
        if delivery is None:
            return super().change_view(request, object_id, **kwargs)
        return page(
            self,
            request,
            "delivery",
            f"Delivery {delivery.pk}",
            delivery=delivery,
            body=pretty(bytes(delivery.body)),
        )

    def replay_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        delivery = self.get_or_404(request, pk, "replay")
        if request.method == "POST":
            WebhookDelivery.objects.filter(pk=delivery.pk).replay()
            messages.success(request, "It is being taken up again.")
        return HttpResponseRedirect(
            reverse("admin:payments_webhookdelivery_change", args=[pk])
        )

    @admin.action(description="Replay", permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet) -> None:
        count = queryset.order_by().replay()
        messages.success(request, f"{count} are being taken up again.")


@admin.register(RefusedWebhook)
class RefusedWebhookAdmin(ReadOnly):
    """Counts of what the door turned away."""

    list_display = ("hour", "reason", "count", "last_at")
    ordering = ("-hour",)
    hint = "Nothing was turned away: every webhook was signed by Razorpay."


@admin.register(Drift)
class DriftAdmin(ReadOnly):
    """Differences: those without a time of healing wait for a person."""

    list_display = (
        "razorpay_id",
        "kind",
        "field",
        "ours",
        "theirs",
        "workspace",
        "found_at",
        "healed_at",
    )
    list_filter = ("kind", ("healed_at", admin.EmptyFieldListFilter))
    list_select_related = ("workspace",)
    search_fields = ("razorpay_id__exact",)
    hint = "Our books and Razorpay's never differed without a webhook telling why."


def pretty(body: bytes) -> str:
    """Indented if it is JSON, else as it came."""
    try:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        text = body.decode("utf-8", "backslashreplace")
    return text[:MOST_SHOWN]
