"""What a subscription is worth a month, and the line of when that changed."""

from datetime import datetime

from payments import gst, invoicing
from payments.models import Plan, RevenueChange, Subscription

COUNTED = ("active", "pending")


def net_month(plan: Plan) -> int:
    """A month of a plan without its tax, in paise; the split is the same wherever the
    payer is in India."""
    rate = invoicing.rate_for({"country": "IN"})
    return gst.split(plan.monthly_paise, rate=rate, within_state=False).taxable


def worth(row: Subscription) -> int:
    """Paise a month that count: active and pending ones do, halted ones do not."""
    return net_month(row.plan) * row.quantity if row.status in COUNTED else 0


def note(row: Subscription, seen_at: datetime) -> None:
    """Write down what the (locked) workspace of this subscription is worth now, if
    that is news. Call it after every change of state."""
    mine = Subscription.objects.for_workspace(row.workspace_id).select_related("plan")
    current = mine.current().first() or row
    line = RevenueChange.objects.for_workspace(row.workspace_id)
    last = line.order_by("-at", "-id").first()
    paise = worth(current)
    if last is None and not paise:
        return
    if last and last.mrr_paise == paise and _is_halted(last) == _is_halted(current):
        return
    at = _moment(current, last, seen_at)
    RevenueChange.objects.create(
        workspace_id=row.workspace_id,
        subscription=current,
        plan=current.plan,
        status=current.status,
        currency=current.plan.currency,
        mrr_paise=paise,
        at=max(at, last.at) if last else at,
    )


def _is_halted(row: RevenueChange | Subscription) -> bool:
    return row.status == Subscription.Status.HALTED


def _moment(
    current: Subscription, last: RevenueChange | None, seen_at: datetime
) -> datetime:
    """When it happened: its end, its beginning, else when that was observed."""
    if current.is_terminal and current.ended_at:
        return min(current.ended_at, seen_at)
    begins = last is None or last.subscription_id != current.pk
    if begins and (began := current.start_at or current.current_start):
        return min(began, seen_at)
    return seen_at
