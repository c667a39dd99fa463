"""One-time payments: an order in a row first, then at Razorpay, then paid."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from payments import clock, problems, settlement
from payments.models import Order
from payments.razorpay import client, entities, errors
from payments.razorpay.signatures import is_order_payment
from payments.settlement import Paid
from teams.models import Workspace

BATCH = 20
HOURLY = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(seconds=90)
CLOSELY = timedelta(days=4)  # a late authorisation comes within three
DAILY, WATCHED = timedelta(days=1), timedelta(days=365)  # orders never expire
Status = Order.Status


def create(
    workspace: Workspace, *, purpose: str, amount_paise: int, actor: Any
) -> Order:
    """An order that waits for payment in checkout; `creating` when Razorpay did not
    answer. Raises Conflict, NotSetUp, ProviderUnavailable."""
    try:
        razorpay = client.connect()
    except errors.NotConfigured as error:
        raise problems.NotSetUp from error
    row = Order.objects.create(
        workspace=workspace,
        purpose=purpose,
        amount_paise=amount_paise,
        created_by=actor,
        created_at=clock.now(),
        sync_due_at=clock.now() + timedelta(seconds=20),
    )
    try:
        made = razorpay.create_order(
            amount_paise=amount_paise, currency=row.currency, receipt=receipt_of(row)
        )
    except errors.RazorpayError as error:
        if error.is_ambiguous:
            return row
        Order.objects.filter(pk=row.pk).update(status=Status.FAILED, sync_due_at=None)
        raise problems.of(error) from error
    settlement.apply_order(row.pk, made, ())
    return Order.objects.get(pk=row.pk)


def verify(
    workspace: Workspace, order_id: str, payment_id: str, signature: str
) -> Order:
    """What checkout handed to the browser; raises BadSignature."""
    mine = Order.objects.for_workspace(workspace).exclude(razorpay_id="")
    row = mine.filter(razorpay_id=order_id).first()
    secret = settings.RAZORPAY_KEY_SECRET
    if row is None or not is_order_payment(
        row.razorpay_id, payment_id, signature, secret
    ):
        raise problems.BadSignature
    try:
        look(row)
    except errors.RazorpayError:
        Order.objects.filter(pk=row.pk).update(sync_due_at=clock.now())
    return Order.objects.get(pk=row.pk)


def look(row: Order) -> None:
    """Ask Razorpay and settle; takes what is only authorised. Raises RazorpayError."""
    razorpay = client.connect()
    if not row.razorpay_id:
        _adopt(razorpay, row)
        return
    found = razorpay.order(row.razorpay_id)
    payments = razorpay.payments_of(row.razorpay_id)
    for payment in payments:
        if payment.status == "authorized" and found.amount_paise == row.amount_paise:
            _capture(razorpay, payment)
            payments = razorpay.payments_of(row.razorpay_id)
            found = razorpay.order(row.razorpay_id)
    paid = [
        Paid(
            payment=payment,
            refunds=razorpay.refunds_of(payment.id) if payment.refunded_paise else (),
        )
        for payment in payments
    ]
    settlement.apply_order(row.pk, found, paid)
    due = _next_look(row, is_paid=found.status == "paid")
    Order.objects.filter(pk=row.pk).update(sync_due_at=due, sync_failures=0)


def _next_look(row: Order, *, is_paid: bool) -> datetime | None:
    """Soon while it may be paid any moment; then each day, since it can be paid late
    and what was paid can go back, with nobody telling."""
    now = clock.now()
    if now - row.created_at > WATCHED:
        return None
    is_close = not is_paid and now - row.created_at < CLOSELY
    return now + (HOURLY if is_close else DAILY)


def drain() -> int:
    """Look at the orders that are due; how many those were."""
    due = _claimed()
    for row in due:
        try:
            look(row)
        except errors.RazorpayError:
            failures = row.sync_failures + 1
            pause = min(timedelta(seconds=10) * 2 ** min(failures, 9), HOURLY)
            Order.objects.filter(pk=row.pk).update(
                sync_failures=failures, sync_due_at=clock.now() + pause
            )
    return len(due)


def receipt_of(row: Order) -> str:
    """Ours at Razorpay: the public id, 32 of the 40 characters that it takes."""
    return row.public_id.hex


def _claimed() -> list[Order]:
    """Due ones, put off by a lease so that nobody else asks meanwhile."""
    with transaction.atomic():
        due = list(
            Order.objects.due(clock.now()).select_for_update(skip_locked=True)[:BATCH]
        )
        Order.objects.filter(pk__in=[row.pk for row in due]).update(
            sync_due_at=clock.now() + timedelta(minutes=2)
        )
    return due


def _adopt(razorpay: client.Razorpay, row: Order) -> None:
    """Find out what became of a create whose answer never came, by the receipt."""
    if found := razorpay.orders_with(receipt_of(row)):
        settlement.apply_order(row.pk, found[-1], ())
        return
    is_over = clock.now() - row.created_at > GIVE_UP_AFTER
    Order.objects.filter(pk=row.pk, status=Status.CREATING).update(
        status=Status.FAILED if is_over else Status.CREATING,
        sync_due_at=None if is_over else clock.now() + timedelta(seconds=15),
    )


def _capture(razorpay: client.Razorpay, payment: entities.Payment) -> None:
    try:
        razorpay.capture(
            payment.id, amount_paise=payment.amount_paise, currency=payment.currency
        )
    except errors.Refused:
        pass  # captured by somebody else: the next fetch shows it
