"""Who counts when a workspace has two mandates: the old plan's and its successor's."""

from payments import clock
from payments.models import Payment, Subscription

Status, Place = Subscription.Status, Subscription.Place


def settle(row: Subscription) -> None:
    """After a subscription moved, under the workspace's lock.

    A successor takes over when it is paid for, when its mandate stands for an old one
    that has not been paid for either, or when the old one ended. The old one is past
    then; the worker cancels it at Razorpay.
    """
    mine = Subscription.objects.select_for_update().filter(workspace=row.workspace_id)
    successor = mine.live().filter(place=Place.SUCCESSOR).first()
    if successor is None:
        return
    current = mine.current().first()
    if current and not _takes_over(successor, current):
        if is_awaited(successor, current):
            current.ask_again("succession", clock.now())
        return
    if current:
        _retire(current, successor)
    successor.place = Place.CURRENT
    successor.save(update_fields=["place"])
    successor.note("state", f"{successor.plan} is the plan from now on", "succession")
    if successor.pk == row.pk:
        row.place = Place.CURRENT


def _takes_over(successor: Subscription, current: Subscription) -> bool:
    if successor.status == Status.AUTHENTICATED:
        return current.status != Status.ACTIVE
    return successor.status == Status.ACTIVE


def is_awaited(successor: Subscription, current: Subscription) -> bool:
    """Whether the current one is to end with its period, to make place, and Razorpay
    has not been told yet."""
    return (
        successor.status == Status.AUTHENTICATED
        and current.status == Status.ACTIVE
        and not current.cancel_at_period_end
    )


def _retire(old: Subscription, successor: Subscription) -> None:
    """Past from here on; what was paid for and is not used goes back."""
    old.place = Place.PAST
    old.save(update_fields=["place"])
    old.ask_again("succession", clock.now())
    if old.cancel_at_period_end:
        return  # it had its whole period
    paid = old.payments.filter(status=Payment.Status.CAPTURED, is_held=False)
    last = paid.select_for_update().first()
    unused = unused_paise(last) if last else 0
    if last and unused:
        reason = f"Unused part of {old.plan}, replaced"
        last.ask_back(unused, reason=reason, actor=None, at=clock.now())


def unused_paise(payment: Payment) -> int:
    """The part of a payment for the time that is still to come, rounded down."""
    start, end = payment.period_start, payment.period_end
    if not start or not end or end <= clock.now():
        return 0
    left = (end - max(start, clock.now())).total_seconds()
    share = int(payment.amount_paise * left / (end - start).total_seconds())
    return min(share, payment.refundable_paise)
