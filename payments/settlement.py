"""What Razorpay said becomes rows: one function, whoever heard it.

Webhook, checkout, poll and people of the back office all end here. A snapshot (out of
a webhook) only moves forward; the truth (out of a fetch) is believed, except that an
ended mandate and money that came in stay so. Applying anything twice changes nothing.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from payments import dunning, invoicing, recurring, succession
from payments.models import Drift, Order, Payment, Plan, Refund, Subscription
from payments.razorpay import entities
from teams.models import Workspace

log = logging.getLogger(__name__)
COPIED = (
    "quantity total_count paid_count current_start current_end charge_at start_at "
    "end_at ended_at expire_by"
).split()
KEPT_IF_EMPTY = ("short_url", "payment_method")


@dataclass(frozen=True, kw_only=True)
class Paid:
    """A payment, and the cycle or order that it is for as far as that is known."""

    payment: entities.Payment
    invoice_id: str = ""
    period_start: datetime | None = None
    period_end: datetime | None = None
    refunds: Sequence[entities.Refund] = ()


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What somebody observed of one subscription.

    `at` is Razorpay's time of the snapshot, or ours when the fetch began.
    """

    at: datetime
    source: str  # webhook, verify, poll, admin, api
    is_truth: bool = False
    subscription: entities.Subscription | None = None
    paid: Sequence[Paid] = field(default_factory=tuple)
    began_at: datetime | None = None  # by the real clock, when it is the truth


def apply(pk: int, seen: Seen) -> bool:
    """Settle what was seen of the subscription with this key; whether anything was
    taken. False for a fetch that began before something newer was applied: then it
    has to be asked again."""
    with transaction.atomic():
        row = _locked(pk)
        if seen.began_at and row.applied_at and seen.began_at < row.applied_at:
            return False
        if seen.subscription:
            _apply_state(row, seen.subscription, seen)
        for paid in seen.paid:
            _apply_payment(row.workspace_id, paid, seen, subscription=row)
        row.applied_at = timezone.now()
        row.save()
        succession.settle(row)
        recurring.note(row, seen.at)
        dunning.take_stock(row.workspace)
    return True


def apply_order(pk: int, order: entities.Order | None, paid: Sequence[Paid]) -> None:
    """The same for an order and the attempts to pay it."""
    with transaction.atomic():
        row = Order.objects.select_for_update().get(pk=pk)
        if order and order.status in Order.RANK:
            if Order.RANK[order.status] > Order.RANK[row.status]:
                row.status = order.status
            row.razorpay_id = row.razorpay_id or order.id
            row.save(update_fields=["status", "razorpay_id"])
        for item in paid:
            _apply_payment(row.workspace_id, item, None, order=row)


def apply_refund(observed: entities.Refund, payment: entities.Payment | None) -> bool:
    """A refund, ours or one that somebody made at Razorpay; False if the payment is
    not known here (yet)."""
    with transaction.atomic():
        row = Payment.objects.filter(razorpay_id=observed.payment_id).first()
        if row is None:
            return False
        row = Payment.objects.select_for_update().get(pk=row.pk)
        _apply_refund(row, observed)
        if payment and payment.refunded_paise > row.refunded_paise:
            row.refunded_paise = min(payment.refunded_paise, row.amount_paise)
            row.save(update_fields=["refunded_paise"])
    return True


def release(payment: Payment, actor: Any) -> None:
    """A person says that a held payment is right after all: it counts from now on."""
    with transaction.atomic():
        Workspace.objects.locked().get(pk=payment.workspace_id)
        row = Payment.objects.select_for_update().get(pk=payment.pk)
        if not row.is_held:
            return
        row.is_held, row.released_by = False, actor
        row.save(update_fields=["is_held", "released_by"])
        invoicing.issue(row)
        if row.subscription:
            said = f"Released the held payment {row.razorpay_id}"
            row.subscription.note("money", said, "admin", actor=actor)
        Drift.objects.filter(razorpay_id=row.razorpay_id, healed_at=None).update(
            healed_at=timezone.now()
        )
        dunning.take_stock(row.workspace)


def _locked(pk: int) -> Subscription:
    """The workspace first, then the subscription: the one order of locks."""
    workspace = Subscription.objects.values_list("workspace", flat=True).get(pk=pk)
    Workspace.objects.locked().get(pk=workspace)
    return (
        Subscription.objects.select_for_update(of=("self",))
        .select_related("workspace", "plan", "previous_plan", "next_plan")
        .get(pk=pk)
    )


def _apply_state(row: Subscription, seen: entities.Subscription, how: Seen) -> None:
    """Take the state if it is the truth or goes forward."""
    if seen.status not in Subscription.RANK:
        log.error("Razorpay says %r of %s", seen.status, seen.id)
        Drift.note(
            "subscription",
            seen.id,
            "status",
            ours=row.status,
            theirs=seen.status,
            workspace_id=row.workspace_id,
        )
        return
    if not row.razorpay_id:
        row.razorpay_id = seen.id
        if row.status == Subscription.Status.FAILED:  # it was made after all
            row.status = Subscription.Status.CREATING
    elif row.razorpay_id != seen.id:
        return
    is_fitting = row.is_newer(seen.status, how.at)
    if row.is_terminal or not (how.is_truth or is_fitting):
        return
    if row.status != seen.status:
        _note_drift(row, "status", row.status, seen.status, how)
        said = Subscription.Status(seen.status).label
        row.note("state", said, how.source, before=row.status, after=seen.status)
    _take_plan(row, seen)
    row.status = seen.status
    for name in COPIED:
        setattr(row, name, getattr(seen, name))
    for name in KEPT_IF_EMPTY:
        setattr(row, name, getattr(seen, name) or getattr(row, name))
    row.observed_at = max(filter(None, (row.observed_at, how.at)))
    in_trouble = seen.status in ("pending", "halted")
    row.trouble_since = (row.trouble_since or how.at) if in_trouble else None


def _take_plan(row: Subscription, seen: entities.Subscription) -> None:
    """A scheduled change of plan has happened."""
    if not seen.plan_id or seen.plan_id == row.plan.razorpay_id:
        return
    plan = Plan.objects.filter(razorpay_id=seen.plan_id).first()
    if plan is None:
        Drift.note(
            "subscription",
            seen.id,
            "plan",
            ours=row.plan.razorpay_id,
            theirs=seen.plan_id,
            workspace_id=row.workspace_id,
        )
        return
    row.note("state", f"The plan is now {plan}", "webhook")
    row.previous_plan, row.plan, row.next_plan = row.plan, plan, None


def _apply_payment(
    workspace_id: int,
    paid: Paid,
    seen: Seen | None,
    *,
    subscription: Subscription | None = None,
    order: Order | None = None,
) -> None:
    """One payment: new, further than before, or nothing new."""
    said = paid.payment
    if said.status not in Payment.RANK or not said.id:
        return
    row = Payment.objects.select_for_update().filter(razorpay_id=said.id).first()
    if row is None:
        row = Payment(
            workspace_id=workspace_id,
            razorpay_id=said.id,
            subscription=subscription,
            order=order,
            amount_paise=said.amount_paise,
            currency=said.currency,
            status=Payment.Status.CREATED,
            made_at=said.created_at or timezone.now(),
        )
        if seen and subscription and said.status in Payment.TAKEN:
            _note_drift(subscription, "payment", "missing", said.id, seen)
    elif row.workspace_id != workspace_id or row.amount_paise != said.amount_paise:
        Drift.note(
            "payment",
            said.id,
            "amount" if row.workspace_id == workspace_id else "workspace",
            ours=row.amount_paise,
            theirs=said.amount_paise,
            workspace_id=row.workspace_id,
        )
        return
    was_taken = row.is_taken and row.pk is not None
    if Payment.RANK[said.status] >= Payment.RANK[row.status]:
        row.status = said.status
        row.error_code = said.error_code[:60]
        row.error_description = said.error_description[:300]
    row.method = said.method[:30] or row.method
    row.razorpay_invoice_id = (
        paid.invoice_id or said.invoice_id or row.razorpay_invoice_id
    )
    row.fee_paise = said.fee_paise or row.fee_paise
    row.fee_tax_paise = said.fee_tax_paise or row.fee_tax_paise
    row.refunded_paise = min(
        max(row.refunded_paise, said.refunded_paise), row.amount_paise
    )
    row.period_start = paid.period_start or row.period_start
    row.period_end = paid.period_end or row.period_end
    if row.is_taken and not was_taken:
        _check_amount(row)
    row.save()
    if row.is_taken:
        if not was_taken and subscription:
            rupees = f"{row.amount_paise / 100:,.2f}"
            said_so = f"{row.currency} {rupees} came in"
            subscription.note("money", said_so, _source(seen), payment=row.razorpay_id)
        invoicing.issue(row)
    for refund in paid.refunds:
        _apply_refund(row, refund)


def _check_amount(row: Payment) -> None:
    """Money that is not what was asked for is held, and shown to a person."""
    if row.subscription and not row.razorpay_invoice_id:
        return  # authorises a mandate and goes back by itself: it buys nothing
    asked, currency = _asked(row)
    if row.amount_paise in asked and row.currency == currency:
        return
    wanted = " or ".join(str(paise) for paise in sorted(asked))
    row.is_held = True
    row.held_reason = (
        f"{row.currency} {row.amount_paise} paise came in where {currency} {wanted} "
        "were asked for."
    )[:200]
    Drift.note(
        "payment",
        row.razorpay_id,
        "amount",
        ours=f"{currency} {wanted}",
        theirs=f"{row.currency} {row.amount_paise}",
        workspace_id=row.workspace_id,
    )


def _asked(row: Payment) -> tuple[set[int], str]:
    """The amounts in paise that it may have, and their currency."""
    if row.subscription:
        return row.subscription.expected_paise, row.subscription.plan.currency
    if row.order:
        return {row.order.amount_paise}, row.order.currency
    return set(), ""


def _apply_refund(payment: Payment, said: entities.Refund) -> None:
    """Of a locked payment."""
    if not said.id:
        return
    known = Refund.objects.select_for_update().filter(payment=payment)
    row = known.filter(razorpay_id=said.id).first()
    if row is None and (ours := said.notes.get("flx_refund")):
        row = known.filter(razorpay_id="", key=ours).first()
    if row is None:
        row = Refund(
            workspace_id=payment.workspace_id,
            payment=payment,
            amount_paise=said.amount_paise,
            key=said.id,
            reason="Made at Razorpay",
        )
    status = said.status if said.status in Refund.RANK else Refund.Status.PENDING
    if Refund.RANK[status] > Refund.RANK[row.status]:
        row.status = status
    row.razorpay_id, row.due_at = said.id, None
    row.save()
    refunded = sum(
        payment.refunds.exclude(status__in=["creating", "failed"]).values_list(
            "amount_paise", flat=True
        )
    )
    if refunded > payment.refunded_paise:
        payment.refunded_paise = min(refunded, payment.amount_paise)
        if payment.refunded_paise == payment.amount_paise and payment.is_taken:
            payment.status = Payment.Status.REFUNDED
        payment.save(update_fields=["refunded_paise", "status"])
    if row.status == Refund.Status.PROCESSED:
        invoicing.credit(row)


def _note_drift(
    row: Subscription, name: str, ours: object, theirs: object, seen: Seen
) -> None:
    """A poll that finds news says that no webhook brought them."""
    if seen.source == "poll" and row.status != Subscription.Status.CREATING:
        Drift.note(
            "subscription" if name == "status" else name,
            row.razorpay_id if name == "status" else str(theirs),
            name,
            ours=ours,
            theirs=theirs,
            workspace_id=row.workspace_id,
            is_healed=True,
        )


def _source(seen: Seen | None) -> str:
    return seen.source if seen else "poll"
