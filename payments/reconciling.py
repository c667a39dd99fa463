"""Asking Razorpay what is true: after a webhook, by the hour, for all each night.

`sync_due_at` is the queue. Whatever was lost, doubled or late, this alone brings every
row right; what it had to put right without a webhook having told is written as drift.
"""

import logging
from datetime import timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from payments import clock, settlement, succession
from payments.models import Drift, Payment, Subscription
from payments.models.subscriptions import EXPIRY_LAG
from payments.razorpay import client, entities, errors
from payments.settlement import Paid, Seen

log = logging.getLogger(__name__)
BATCH = 20
LEASE = timedelta(minutes=2)  # longer than all calls for one subscription take
HOURLY, NIGHTLY = timedelta(hours=1), timedelta(days=1)
GIVE_UP_AFTER = timedelta(seconds=90)  # a create that nobody can find by then
EVERY_STRAY_LOOK = timedelta(minutes=10)
REFUNDABLE = timedelta(days=190)
WATCH_ENDED = REFUNDABLE  # what an ended one paid for can still go back
Status, Place = Subscription.Status, Subscription.Place


def drain() -> int:
    """Ask about what is due; how many that were."""
    claimed = _claim()
    for row in claimed:
        try:
            ask(row)
        except errors.RazorpayError as error:
            _postpone(row, error)
        except (InterfaceError, OperationalError):
            raise  # the lease frees the rest
        except Exception as error:  # one that is broken does not hold up the others
            log.exception("%s was not synchronised", row)
            _postpone(row, error)
    return len(claimed)


def ask(row: Subscription) -> None:
    """One subscription; raises RazorpayError."""
    razorpay = client.connect()
    if not row.razorpay_id:
        _adopt(razorpay, row)
        return
    if row.place == Place.PAST and row.is_live:
        _cancel(razorpay, row, "It was replaced")
    elif _was_forgotten(row):
        _cancel(razorpay, row, "The cancel at the period's end was not obeyed")
        Drift.note(
            "subscription",
            row.razorpay_id,
            "cancel_at_period_end",
            ours="cancelled",
            theirs=row.status,
            workspace_id=row.workspace_id,
            is_healed=True,
        )
    if row.status == Status.ACTIVE and _makes_place(row):
        _end_with_period(razorpay, row)
    # news that a webhook announced is none that we had to find
    announced = row.sync_reason not in ("hourly", "nightly")
    fetch(razorpay, row, "webhook" if announced else "poll")
    plan_next(row.pk)


def look(row: Subscription, source: str, payment_id: str = "") -> bool:
    """Ask now, for somebody who waits; False when Razorpay cannot be asked, and the
    worker does it later."""
    try:
        fetch(client.connect(), row, source, payment_id)
    except errors.RazorpayError as error:
        row.note("call", f"Fetch: {error}", source)
        row.ask_again(source, clock.now())
        return False
    plan_next(row.pk)
    return True


def fetch(
    razorpay: client.Razorpay, row: Subscription, source: str, payment_id: str = ""
) -> None:
    """The subscription, its cycles and what was paid for them: settled as the truth."""
    for _ in range(3):  # again when something newer was applied meanwhile
        began = timezone.now()
        seen = razorpay.subscription(row.razorpay_id)
        paid = _payments(razorpay, row, payment_id)
        if settlement.apply(
            row.pk,
            Seen(
                at=clock.now(),
                source=source,
                is_truth=True,
                subscription=seen,
                paid=paid,
                began_at=began,
            ),
        ):
            return
    row.ask_again(source, clock.now())


def plan_next(pk: int) -> None:
    """When to ask again by itself: what may change soon, sooner."""
    with transaction.atomic():
        row = Subscription.objects.select_for_update().get(pk=pk)
        now = clock.now()
        row.synced_at, row.sync_failures, row.sync_error = now, 0, ""
        row.sync_leased_until, row.sync_reason = None, "hourly"
        if row.place == Place.PAST and row.is_live:
            row.sync_due_at, row.sync_reason = now, "succession"
        elif row.is_live:
            row.sync_due_at = now + HOURLY
            if row.status == Status.CREATED and row.expire_by:
                expiry = max(row.expire_by + EXPIRY_LAG, now + timedelta(minutes=1))
                row.sync_due_at = min(row.sync_due_at, expiry)
        else:
            row.sync_due_at = None
        row.save(
            update_fields=[
                "synced_at",
                "sync_failures",
                "sync_error",
                "sync_leased_until",
                "sync_reason",
                "sync_due_at",
            ]
        )


def nightly() -> int:
    """Have every subscription asked about that was not for a day, the ended ones too
    while their payments can be refunded; how many. Cheap when idle."""
    now = clock.now()
    known = Subscription.objects.exclude(razorpay_id="").filter(sync_due_at=None)
    stale = Q(synced_at=None) | Q(synced_at__lt=now - NIGHTLY)
    lately = Q(ended_at=None) | Q(ended_at__gt=now - WATCH_ENDED)
    return known.filter(stale, lately).update(sync_due_at=now, sync_reason="nightly")


def strays() -> int:
    """Subscriptions at Razorpay that carry our note and that no row knows: adopted
    when the row waits for one, else cancelled while nothing was paid. Looks back two
    days; how many were found."""
    razorpay, now, found = client.connect(), clock.now(), 0
    known = set(
        Subscription.objects.filter(
            created_at__gt=timezone.now() - timedelta(days=3)
        ).values_list("razorpay_id", flat=True)
    )
    since = now - timedelta(days=2)
    for seen in razorpay.subscriptions(since=since, until=now + timedelta(minutes=5)):
        if seen.id in known or not seen.our_id:
            continue
        row = Subscription.objects.filter(public_id=seen.our_id).first()
        if row is None or row.razorpay_id == seen.id:
            continue
        found += 1
        _take_stray(razorpay, row, seen)
    return found


def _take_stray(
    razorpay: client.Razorpay, row: Subscription, seen: entities.Subscription
) -> None:
    """Adopt it, or cancel it; written down either way."""
    Drift.note(
        "subscription",
        seen.id,
        "stray",
        ours=row.razorpay_id or row.status,
        theirs=seen.status,
        workspace_id=row.workspace_id,
        is_healed=True,
    )
    if not row.razorpay_id and row.status == Status.CREATING:
        _settle_found(row, seen)
    elif seen.status in Subscription.LIVE:
        razorpay.cancel_subscription(seen.id, at_cycle_end=False)
        row.note("call", f"Cancelled the stray {seen.id}", "poll")


def _claim() -> list[Subscription]:
    """Lease the due ones to this worker, by the database's clock."""
    with transaction.atomic():
        due = list(
            Subscription.objects.due(clock.now())
            .select_related("plan", "workspace")
            .select_for_update(skip_locked=True, of=("self",))[:BATCH]
        )
        Subscription.objects.filter(pk__in=[row.pk for row in due]).update(
            sync_leased_until=Now() + LEASE
        )
    return due


def _adopt(razorpay: client.Razorpay, row: Subscription) -> None:
    """Find out what became of a create whose answer never came: look for our note."""
    asked = row.asked_at or row.created_at
    found = [
        seen
        for seen in razorpay.subscriptions(
            plan_id=row.plan.razorpay_id,
            since=asked - timedelta(minutes=1),
            until=clock.now() + timedelta(minutes=1),
        )
        if seen.our_id == row.public_id
    ]
    if found:
        _settle_found(row, found[-1])
        for extra in found[:-1]:
            razorpay.cancel_subscription(extra.id, at_cycle_end=False)
            row.note("call", f"Cancelled the extra {extra.id}", "poll")
        return
    now = clock.now()
    if now - asked < GIVE_UP_AFTER:
        Subscription.objects.filter(pk=row.pk).update(
            sync_due_at=now + timedelta(seconds=15), sync_leased_until=None
        )
        return
    row.note("state", "Razorpay never got it: subscribe again", "poll")
    Subscription.objects.filter(pk=row.pk, status=Status.CREATING).update(
        status=Status.FAILED, sync_due_at=None, sync_leased_until=None
    )


def _settle_found(row: Subscription, seen: entities.Subscription) -> None:
    row.note("state", f"Found {seen.id} at Razorpay and took it over", "poll")
    settlement.apply(
        row.pk,
        Seen(at=clock.now(), source="poll", is_truth=True, subscription=seen),
    )
    plan_next(row.pk)


def _payments(
    razorpay: client.Razorpay, row: Subscription, payment_id: str
) -> list[Paid]:
    """What was paid for its cycles, fetched one by one: Razorpay has no list of a
    subscription's payments, only invoices that name the one that paid."""
    settled = _settled(row)
    found = []
    for invoice in razorpay.invoices_of(row.razorpay_id):
        id = invoice.payment_id
        if not id or id in settled:
            continue
        found.append(_paid(razorpay, id, invoice))
        payment_id = "" if id == payment_id else payment_id
    if payment_id and payment_id not in settled:  # of checkout: a mandate's token
        found.append(_paid(razorpay, payment_id, None))
    return found[::-1]  # the oldest first, as they are numbered


def _settled(row: Subscription) -> set[str]:
    """The payments that need not be fetched again. The first look of each day fetches
    them all the same, as long as they can be refunded: six months (razorpay.com,
    "Refunds")."""
    now = clock.now()
    paid = Payment.objects.filter(subscription=row, period_end__isnull=False).taken()
    if row.synced_at is None or row.synced_at.date() != now.date():
        paid = paid.filter(made_at__lt=now - REFUNDABLE)
    return set(paid.values_list("razorpay_id", flat=True))


def _paid(razorpay: client.Razorpay, id: str, invoice: entities.Invoice | None) -> Paid:
    payment = razorpay.payment(id)
    refunds = razorpay.refunds_of(id) if payment.refunded_paise else []
    return Paid(
        payment=payment,
        invoice_id=invoice.id if invoice else "",
        period_start=invoice.billing_start if invoice else None,
        period_end=invoice.billing_end if invoice else None,
        refunds=refunds,
    )


def _was_forgotten(row: Subscription) -> bool:
    """A new cycle began although it was to end before."""
    return bool(
        row.cancel_at_period_end
        and row.status in (Status.ACTIVE, Status.PENDING)
        and row.cancel_asked_at
        and row.current_start
        and row.current_start > row.cancel_asked_at
    )


def _makes_place(row: Subscription) -> bool:
    """A successor has its mandate and starts when this one's period ends."""
    mine = Subscription.objects.for_workspace(row.workspace_id).live()
    successor = mine.filter(place=Place.SUCCESSOR, replaces=row).first()
    return successor is not None and succession.is_awaited(successor, row)


def _end_with_period(razorpay: client.Razorpay, row: Subscription) -> None:
    razorpay.cancel_subscription(row.razorpay_id, at_cycle_end=True)
    row.note("call", "Ends with its period, to make place for the next plan", "poll")
    Subscription.objects.filter(pk=row.pk).update(
        cancel_at_period_end=True, cancel_asked_at=clock.now()
    )


def _cancel(razorpay: client.Razorpay, row: Subscription, why: str) -> None:
    try:
        razorpay.cancel_subscription(row.razorpay_id, at_cycle_end=False)
        row.note("call", f"Cancelled: {why}", "poll")
    except errors.Refused as error:  # it has ended by itself: the fetch says how
        row.note("call", f"Cancel: {error}", "poll")


def _postpone(row: Subscription, error: Exception) -> None:
    """Later, and later still; the errors themselves say nothing about the row."""
    failures = row.sync_failures + 1
    pause = min(timedelta(seconds=5) * 2 ** min(failures, 10), HOURLY)
    if failures in (1, 5, 20):
        log.warning("%s was not synchronised: %s", row, error)
    Subscription.objects.filter(pk=row.pk).update(
        sync_failures=failures,
        sync_error=str(error)[:300],
        sync_due_at=clock.now() + pause,
        sync_leased_until=None,
    )
