"""Webhooks off the ledger: what they say is settled, and the truth is asked for.

A body is a snapshot that may be old. It is applied as far as it goes forward, at once
and without a call; and the subscription it is about is queued to be asked about, so
that neither lost order nor an unreachable Razorpay leaves anything wrong for long.
"""

import logging
import traceback
import uuid
from collections.abc import Iterator

from django.db import InterfaceError, OperationalError, connection, transaction

from flexoraa.lib import clean
from flexoraa.lib.deliveries import MAX_FAILURES, Claimed, LeaseLost, Settled
from payments import clock, linking, settlement
from payments.models import Order, Payment, Subscription, WebhookDelivery
from payments.razorpay import events
from payments.razorpay.events import Event
from payments.settlement import Paid, Seen

log = logging.getLogger(__name__)
BATCH = 50
NOBODYS = "nobody's"  # an event about something that is not ours: kept, not an error


def drain(batch: int = BATCH) -> int:
    """Claim and work off one batch; how many deliveries it was."""
    claimed = WebhookDelivery.objects.claim(batch)
    for item in claimed:
        receive(item)
    return len(claimed)


def housekeep() -> None:
    """Wake retries, free what dead workers held, take loners."""
    WebhookDelivery.objects.housekeep()
    while claimed := WebhookDelivery.objects.claim_loner():
        receive(claimed[0])


def backlog() -> dict[str, float]:
    """How many deliveries wait, and for how many seconds the oldest of them."""
    return WebhookDelivery.objects.backlog()


def receive(item: Claimed) -> None:
    """One delivery: its effects and its end in one transaction."""
    try:
        with transaction.atomic():
            settled = work_off(item)
            WebhookDelivery.objects.settle([settled])
    except Exception as error:
        if isinstance(error, LeaseLost | InterfaceError) or (
            isinstance(error, OperationalError) and not connection.is_usable()
        ):
            raise
        is_last = item.failures + 1 >= MAX_FAILURES
        state = "dead" if is_last else "retry"
        told = traceback.format_exc()[-50_000:]
        with transaction.atomic():
            WebhookDelivery.objects.settle([Settled(item.id, state, {}, told)])


def work_off(item: Claimed) -> Settled:
    """Read it and settle what it says; what cannot be read is dead at once."""
    try:
        event = events.parse(clean.loads(bytes(item.body)))
    except (clean.Unreadable, events.NotAnEvent) as error:
        return Settled(item.id, "dead", {}, str(error))
    WebhookDelivery.objects.filter(pk=item.id).update(event=event.name[:60])
    whose = list(dict.fromkeys(settle(event, item)))
    if not whose and (invoice := linking.awaited(event)):
        waits = {event.name: 1, "for": f"waits for {invoice}"}
        return Settled(item.id, "unroutable", waits, unrouted=[invoice])
    return Settled(item.id, "done", {event.name: 1, "for": ", ".join(whose) or NOBODYS})


def settle(event: Event, item: Claimed) -> Iterator[str]:
    """Apply what the event says; what it was for."""
    at = event.at or item.received_at
    if row := subscription_of(event):
        row.note("event", event.name, "webhook", delivery=item.id)
        settlement.apply(
            row.pk,
            Seen(
                at=at,
                source="webhook",
                subscription=event.subscription,
                paid=list(_paid(event)),
            ),
        )
        Subscription.objects.get(pk=row.pk).ask_again("webhook", clock.now())
        yield f"subscription {row.pk}"
    if order := order_of(event):
        settlement.apply_order(order.pk, event.order, list(_paid(event)))
        Order.objects.filter(pk=order.pk).update(sync_due_at=clock.now())
        yield f"order {order.pk}"
    if event.refund and settlement.apply_refund(event.refund, event.payment):
        yield f"refund of {event.refund.payment_id}"
    if event.dispute:
        disputed = Payment.objects.filter(razorpay_id=event.dispute.payment_id)
        if disputed.update(dispute_status=event.dispute.status[:30] or "open"):
            yield f"dispute of {event.dispute.payment_id}"


def subscription_of(event: Event) -> Subscription | None:
    """Ours, by Razorpay's id; by our note only where a row waits for its id. Events
    that carry a payment alone are found by the invoice that it pays."""
    rows = Subscription.objects.all()
    if seen := event.subscription:
        if known := rows.filter(razorpay_id=seen.id).first():
            return known
        if seen.our_id is None:
            return None
        return rows.filter(public_id=seen.our_id, razorpay_id="").first()
    if event.invoice and event.invoice.subscription_id:
        return rows.filter(razorpay_id=event.invoice.subscription_id).first()
    if event.payment:
        paid = Payment.objects.filter(subscription__isnull=False)
        payment = paid.filter(razorpay_id=event.payment.id).first()
        if payment is None and event.payment.invoice_id:
            payment = paid.filter(razorpay_invoice_id=event.payment.invoice_id).first()
        return payment.subscription if payment else None
    return None


def order_of(event: Event) -> Order | None:
    """Ours, by Razorpay's id; by the receipt where the row waits for its id."""
    ids = [event.order.id if event.order else "", ""]
    if event.payment and event.payment.order_id:
        ids.append(event.payment.order_id)
    if known := Order.objects.filter(razorpay_id__in=filter(None, ids)).first():
        return known
    if event.order:
        try:
            ours = uuid.UUID(event.order.receipt)
        except ValueError:
            return None
        return Order.objects.filter(public_id=ours, razorpay_id="").first()
    return None


def _paid(event: Event) -> Iterator[Paid]:
    """The payment in it, with the period where the event says one."""
    if not event.payment:
        return
    cycle, invoice = event.subscription, event.invoice
    is_charge = cycle is not None and event.name == "subscription.charged"
    start = cycle.current_start if cycle and is_charge else None
    end = cycle.current_end if cycle and is_charge else None
    yield Paid(
        payment=event.payment,
        invoice_id=(invoice.id if invoice else "") or event.payment.invoice_id,
        period_start=start or (invoice.billing_start if invoice else None),
        period_end=end or (invoice.billing_end if invoice else None),
    )
