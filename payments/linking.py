"""Failed payments whose webhook names no subscription: whose invoice is it?

`payment.failed` carries the payment alone, and a payment names an invoice of Razorpay's
but never a subscription (razorpay.com, "Payments entity"). Such deliveries wait as
*unroutable* under the invoice's id until Razorpay was asked.
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from flexoraa.lib import clean
from payments import settlement
from payments.models import Subscription, WebhookDelivery
from payments.razorpay import client, entities, errors, events
from payments.settlement import Paid, Seen

log = logging.getLogger(__name__)
BATCH = 20
LEASE = timedelta(minutes=2)  # longer than a call takes; then another worker asks
LONGEST_PAUSE = timedelta(hours=1)


def drain() -> int:
    """Ask about those that are due; how many that were."""
    claimed = _claim()
    for delivery in claimed:
        try:
            _link(delivery)
        except errors.Refused as error:  # Razorpay knows no such invoice
            _close(delivery, f"nobody's: {error.description}")
        except errors.RazorpayError as error:
            _postpone(delivery, error)
    return len(claimed)


def awaited(event: events.Event) -> str:
    """The id of the invoice that says whose the event is; "" if none has to."""
    is_failure = event.name == "payment.failed" and event.payment is not None
    return event.payment.invoice_id if is_failure and event.payment else ""


def _link(delivery: WebhookDelivery) -> None:
    event = events.parse(clean.loads(bytes(delivery.body)))
    invoice = client.connect().invoice(awaited(event))
    row = Subscription.objects.filter(razorpay_id=invoice.subscription_id).first()
    if not invoice.subscription_id or row is None:
        _close(delivery, "nobody's")
        return
    with transaction.atomic():
        _settle(row, invoice, event, delivery)
        _close(delivery, f"subscription {row.pk}")


def _settle(
    row: Subscription,
    invoice: entities.Invoice,
    event: events.Event,
    delivery: WebhookDelivery,
) -> None:
    assert event.payment is not None  # noqa: S101 (`awaited` saw it)
    row.note("event", event.name, "webhook", delivery=delivery.pk)
    paid = Paid(
        payment=event.payment,
        invoice_id=invoice.id,
        period_start=invoice.billing_start,
        period_end=invoice.billing_end,
    )
    at = event.at or delivery.received_at
    settlement.apply(row.pk, Seen(at=at, source="webhook", paid=[paid]))


def _claim() -> list[WebhookDelivery]:
    """Lease the due ones by the database's clock."""
    with transaction.atomic():
        due = WebhookDelivery.objects.filter(state="unroutable", due_at__lte=Now())
        found = list(
            due.select_for_update(skip_locked=True).order_by("due_at", "id")[:BATCH]
        )
        ids = [delivery.pk for delivery in found]
        WebhookDelivery.objects.filter(pk__in=ids).update(due_at=Now() + LEASE)
    return found


def _close(delivery: WebhookDelivery, whose: str) -> None:
    WebhookDelivery.objects.filter(pk=delivery.pk, state="unroutable").update(
        state="done",
        outcome=delivery.outcome | {"for": whose[:200]},
        unrouted=[],
        error="",
        finished_at=Now(),
    )


def _postpone(delivery: WebhookDelivery, error: Exception) -> None:
    """Later, and later still: it says nothing about the delivery."""
    failures = delivery.failures + 1
    pause = min(timedelta(seconds=5) * 2 ** min(failures, 10), LONGEST_PAUSE)
    if failures in (1, 5, 20):
        log.warning("Delivery %s has no owner yet: %s", delivery.pk, error)
    WebhookDelivery.objects.filter(pk=delivery.pk, state="unroutable").update(
        failures=failures, error=str(error)[:500], due_at=Now() + pause
    )
