"""Sending money back: rows that were decided on are sent to Razorpay under a key."""

from datetime import timedelta

from django.db import transaction

from payments import clock, settlement
from payments.models import Refund
from payments.razorpay import client, errors

MOST_AT_A_TIME = 20
PATIENCE = timedelta(minutes=1)  # a lease, and the first pause after a failure
LONGEST_DOUBLING = 8  # the pauses stop growing at 256 minutes


def drain() -> int:
    """Send what is due; how many were tried."""
    due = _claimed()
    for refund in due:
        send(refund)
    return len(due)


def send(refund: Refund) -> None:
    """Ask Razorpay. The key makes asking again safe whatever became of it before."""
    try:
        made = client.connect().refund(
            refund.payment.razorpay_id,
            amount_paise=refund.amount_paise,
            key=refund.key,
            ours=refund.key,
        )
    except errors.RazorpayError as error:
        _postpone(refund, error)
        return
    settlement.apply_refund(made, None)


def _claimed() -> list[Refund]:
    """Due ones, put off by a lease so that nobody else sends them meanwhile."""
    with transaction.atomic():
        due = list(
            Refund.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(status=Refund.Status.CREATING, due_at__lte=clock.now())
            .select_related("payment")
            .order_by("due_at", "id")[:MOST_AT_A_TIME]
        )
        for refund in due:
            refund.due_at = clock.now() + PATIENCE
            refund.save(update_fields=["due_at"])
    return due


def _postpone(refund: Refund, error: errors.RazorpayError) -> None:
    """A refusal is final; all else is tried again, less and less often. 409 says that
    the first try with this key is still running."""
    refund.failures += 1
    refund.error = str(error)[:300]
    if isinstance(error, errors.Refused) and error.status != 409:
        refund.status, refund.due_at = Refund.Status.FAILED, None
    else:
        doublings = min(refund.failures - 1, LONGEST_DOUBLING)
        refund.due_at = clock.now() + PATIENCE * 2**doublings
    refund.save(update_fields=["failures", "error", "status", "due_at"])
