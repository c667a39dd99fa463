"""Money at a glance: monthly recurring revenue, what is at risk, what waits."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.timesince import timesince

from payments import alarms, paper, recurring
from payments.access import State
from payments.models import Drift, Payment, Subscription, WebhookDelivery
from teams.models import Workspace

MOST_STUCK = 1_000


@dataclass(frozen=True, kw_only=True)
class Revenue:
    """Paise a month, net of tax, by the state of each mandate (docs/payments.md)."""

    mrr: int = 0
    at_risk: int = 0
    on_trial: int = 0
    paying: int = 0
    ending: int = 0


def revenue() -> Revenue:
    """Active and pending ones count; halted ones are at risk and do not."""
    sums = dict.fromkeys(("mrr", "at_risk", "on_trial", "ending"), 0)
    paying = 0
    rows = Subscription.objects.current().select_related("plan")
    for row in rows.filter(status__in=["active", "pending", "halted", "authenticated"]):
        paise = recurring.net_month(row.plan) * row.quantity
        if row.status in recurring.COUNTED:
            sums["mrr"] += paise
            paying += 1
            sums["ending"] += paise if row.cancel_at_period_end else 0
        else:
            sums["at_risk" if row.status == "halted" else "on_trial"] += paise
    return Revenue(**sums, paying=paying)


def cards() -> list[dict[str, Any]]:
    """For platform staff."""
    found, held = revenue(), Payment.objects.held().count()
    drift = Drift.objects.filter(healed_at=None).count()
    return [
        {
            "title": "Monthly revenue",
            "value": paper.money(found.mrr, "INR").removesuffix(".00"),
            "note": f"{found.paying} subscriptions, without tax",
            "link": reverse("admin:payments_revenue"),
        },
        {
            "title": "Held payments",
            "value": held,
            "note": "came in with another amount" if held else "all amounts match",
            "link": reverse("admin:payments_payment_changelist") + "?is_held__exact=1",
            "alarm": held > 0,
        },
        {
            "title": "Drift",
            "value": drift,
            "note": "where the books differ" if drift else "our books are Razorpay's",
            "link": reverse("admin:payments_drift_changelist"),
            "alarm": drift > 0,
        },
        *webhook_cards(),
    ]


def webhook_cards() -> list[dict[str, Any]]:
    """Whether Razorpay's webhooks come and are taken."""
    ringing = alarms.ringing()
    heard = alarms.last_heard()
    calm = f"last one {timesince(heard, depth=1)} ago" if heard else "none came yet"
    return [
        {
            "title": "Razorpay's webhooks",
            "value": "Look" if ringing else "Well" if heard else "–",
            "note": alarms.reason_of(ringing[0]) if ringing else calm,
            "link": reverse("admin:payments_webhookdelivery_changelist"),
            "alarm": bool(ringing),
        }
    ]


def team_cards(workspaces: Collection[int]) -> list[dict[str, Any]]:
    """For staff of workspaces: only where something is to be done."""
    found = Workspace.objects.filter(
        pk__in=workspaces, limits__state__in=[State.GRACE, State.READ_ONLY]
    )
    return [
        {
            "title": f"Billing of {workspace.name}",
            "value": "Read only" if workspace.limits["read_only"] else "Payment due",
            "note": workspace.limits["reason"],
            "link": reverse("admin:payments_billing", args=[workspace.slug]),
            "alarm": True,
        }
        for workspace in found.order_by("name")
    ]


def stuck_badge(request: HttpRequest) -> str | None:
    """How many payment webhooks could not be worked off."""
    dead = WebhookDelivery.objects.filter(state="dead")
    return str(dead.order_by()[:MOST_STUCK].count() or "") or None
