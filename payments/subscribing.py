"""Subscribe, cancel, change, pause, resume: what a workspace decides about its plan.

Each first writes what it is about to do, then calls Razorpay outside of any
transaction, then settles what Razorpay says. A call without an answer is not repeated
before somebody looked (reconciling).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from flexoraa.lib.errors import Conflict
from payments import clock, problems, reconciling, reserving, settlement
from payments.models import Customer, Plan, Subscription
from payments.razorpay import client, entities, errors
from payments.razorpay.signatures import is_subscription_payment
from teams.models import Workspace

Status = Subscription.Status


@dataclass(frozen=True, kw_only=True)
class Changed:
    """How a change of plan goes on: `needs_mandate` means that the payer has to
    authorise `subscription` in checkout, and `reason` says why."""

    subscription: Subscription
    needs_mandate: bool
    reason: str = ""


def subscribe(
    workspace: Workspace, plan: Plan, *, quantity: int = 1, actor: Any
) -> Subscription:
    """A subscription that waits for its mandate in checkout; the same one when asked
    again for the same. Its status is `creating` when Razorpay did not answer.

    Raises Conflict (`already_subscribed`, `being_created`, `not_on_sale`,
    `provider_refused`), NotSetUp, ProviderUnavailable.
    """
    razorpay = connected()
    _check_plan(plan)
    for waiting in reserving.abandoned(workspace, plan, quantity):
        _give_up(waiting)
    row, is_new = reserving.reserve(workspace, plan, quantity, actor)
    if not is_new:
        return row
    return _create(razorpay, row)


def verify(
    workspace: Workspace, subscription_id: str, payment_id: str, signature: str
) -> Subscription:
    """What checkout handed to the browser. The signature proves only where it comes
    from, so the rest is asked at Razorpay.

    Raises BadSignature, also for a subscription that is not this workspace's.
    """
    row = (
        Subscription.objects.for_workspace(workspace)
        .exclude(razorpay_id="")
        .filter(razorpay_id=subscription_id)
        .first()
    )
    secret = settings.RAZORPAY_KEY_SECRET
    if row is None or not is_subscription_payment(
        row.razorpay_id, payment_id, signature, secret
    ):
        raise problems.BadSignature
    row.note("event", "Checkout succeeded", "verify", payment=payment_id)
    reconciling.look(row, "verify", payment_id=payment_id)
    return _fresh(row)


def cancel(workspace: Workspace, *, at_period_end: bool, actor: Any) -> Subscription:
    """End it now, or when the paid period ends. Either way what is paid stays usable
    until then.

    Razorpay accepts a cancel at the period's end in more states than it obeys it in;
    where it would do nothing this raises Conflict (`cancel_now_only`) with the reason.
    """
    razorpay = connected()
    row = current(workspace)
    if at_period_end:
        _check_cancel_at_end(row)
    said = "at the end of the period" if at_period_end else "now"
    row.note("call", f"Cancel {said}", "api", actor=actor)
    try:
        razorpay.cancel_subscription(row.razorpay_id, at_cycle_end=at_period_end)
    except errors.RazorpayError as error:
        _failed(row, error, "Razorpay refused to cancel")
    if at_period_end:  # Razorpay shows it in no field: this row is what remembers it
        row.cancel_at_period_end, row.cancel_asked_at = True, clock.now()
        row.save(update_fields=["cancel_at_period_end", "cancel_asked_at"])
    reconciling.look(row, "api")
    return _fresh(row)


def change(
    workspace: Workspace,
    plan: Plan,
    *,
    quantity: int = 1,
    at_period_end: bool,
    actor: Any,
) -> Changed:
    """Another plan, from now on or from the next period.

    Most Indian mandates cannot be changed (UPI, e-mandates, most cards): then a new
    one is made, which takes the place of the old one when the payer has given it.
    From now on always takes a new one: its first period is charged at once and what
    is unused of the old one goes back.
    """
    razorpay = connected()
    _check_plan(plan)
    row = current(workspace)
    if row.status not in (Status.ACTIVE, Status.AUTHENTICATED):
        raise Conflict(
            f"The subscription is {row.get_status_display().lower()}: the plan can be "
            "changed once it is active.",
            code="not_active",
        )
    if (row.plan, row.quantity) == (plan, quantity):
        raise Conflict("This is the plan already.", code="same_plan")
    reason = "A change from now on needs a new mandate: the amount changes at once."
    if at_period_end and row.status == Status.ACTIVE:
        if refusal := _edit(razorpay, row, plan, quantity, actor):
            reason = f"This mandate cannot be changed ({refusal}): give a new one."
        else:
            return Changed(subscription=_fresh(row), needs_mandate=False)
    start_at = row.current_end if at_period_end else None
    if row.status == Status.AUTHENTICATED:
        start_at = row.start_at  # the trial goes on
    known = reserving.waiting_successor(row)
    if known and not reserving.is_same(known, plan, quantity):
        _give_up(known)
        known = None
    successor = known or _create(
        razorpay, reserving.reserve_successor(row, plan, quantity, start_at, actor)
    )
    return Changed(subscription=successor, needs_mandate=True, reason=reason)


def pause(workspace: Workspace, *, actor: Any) -> Subscription:
    """No more charges until it is resumed. Only for active ones: Razorpay would cancel
    one that has not started yet."""
    row = current(workspace)
    if row.status != Status.ACTIVE:
        raise Conflict(
            f"Only an active subscription can be paused; this one is {row.status}.",
            code="not_active",
        )
    return _ask(row, "Pause", "pause_subscription", actor)


def resume(workspace: Workspace, *, actor: Any) -> Subscription:
    """Go on after a pause. One that the payer paused at their bank only they can."""
    row = current(workspace)
    if row.status != Status.PAUSED:
        raise Conflict(
            f"Only a paused subscription can be resumed; this one is {row.status}.",
            code="not_paused",
        )
    return _ask(row, "Resume", "resume_subscription", actor)


def current(workspace: Workspace) -> Subscription:
    """The subscription that counts; raises Conflict (`no_subscription`,
    `being_created`) without one that Razorpay knows."""
    row = Subscription.objects.for_workspace(workspace).current().first()
    if row is None:
        raise Conflict(
            "There is no subscription: choose a plan.", code="no_subscription"
        )
    if row.status == Status.CREATING:
        raise reserving.being_created()
    return row


def connected() -> client.Razorpay:
    """The client; raises NotSetUp."""
    try:
        return client.connect()
    except errors.NotConfigured as error:
        raise problems.NotSetUp from error


def _check_plan(plan: Plan) -> None:
    if not (plan.is_public and plan.razorpay_id):
        raise Conflict("This plan is not on sale.", code="not_on_sale")


def _give_up(row: Subscription) -> None:
    """Cancel it at Razorpay and look what became of it: it may just have been paid."""
    try:
        connected().cancel_subscription(row.razorpay_id, at_cycle_end=False)
    except errors.Refused:
        pass  # it has ended, or is being paid: the look says which
    except errors.RazorpayError as error:
        _failed(row, error, "Razorpay refused to cancel the one before")
    reconciling.look(row, "api")


def _create(razorpay: client.Razorpay, row: Subscription) -> Subscription:
    """Ask Razorpay for it. After a definite failure the row has failed and its place
    is free; after none at all it stays `creating`, and the worker finds out."""
    began = timezone.now()
    try:
        made = razorpay.create_subscription(
            plan_id=row.plan.razorpay_id,
            total_count=row.total_count,
            quantity=row.quantity,
            expire_by=row.expire_by or clock.now() + reserving.PAY_WITHIN,
            start_at=row.start_at,
            ours=str(row.public_id),
        )
    except errors.RazorpayError as error:
        row.note("call", f"Create: {error}", "api")
        if error.is_ambiguous:
            row.ask_again("creating", clock.now() + timedelta(seconds=5))
            return row
        _fail(row, error)
        raise problems.of(error) from error
    took(row, made, "api", began)
    return _fresh(row)


def took(
    row: Subscription, made: entities.Subscription, source: str, began: datetime
) -> None:
    """Razorpay has it: settle what it said."""
    row.note("call", f"Razorpay made {made.id}", source)
    settlement.apply(
        row.pk,
        settlement.Seen(
            at=clock.now(),
            source=source,
            is_truth=True,
            subscription=made,
            began_at=began,
        ),
    )
    reconciling.plan_next(row.pk)


def _fail(row: Subscription, error: errors.RazorpayError) -> None:
    """Only if it is still waiting: a webhook may have been faster than an answer."""
    Subscription.objects.filter(pk=row.pk, status=Status.CREATING).update(
        status=Status.FAILED, sync_due_at=None, sync_error=str(error)[:300]
    )


def _edit(
    razorpay: client.Razorpay, row: Subscription, plan: Plan, quantity: int, actor: Any
) -> str:
    """Change the mandate itself from the next period on; why not, if it cannot."""
    row.note("call", f"Change to {plan} at the period's end", "api", actor=actor)
    try:
        razorpay.edit_subscription(
            row.razorpay_id, plan_id=plan.razorpay_id, quantity=quantity
        )
    except errors.Refused as error:
        return error.description
    except errors.RazorpayError as error:
        _failed(row, error, "Razorpay refused the change")
    row.next_plan = plan
    row.save(update_fields=["next_plan"])
    reconciling.look(row, "api")
    return ""


def _check_cancel_at_end(row: Subscription) -> None:
    if row.status == Status.ACTIVE:
        return
    if row.status in (Status.CREATED, Status.AUTHENTICATED):
        why = "nothing has been charged yet, so there is no period to wait for"
    else:
        why = (
            f"it is {row.status}, and Razorpay would accept a later cancel and forget "
            "it"
        )
    raise Conflict(
        f"It can only be cancelled now: {why}. Send at_period_end: false; what is paid "
        "stays usable.",
        code="cancel_now_only",
    )


def _ask(row: Subscription, said: str, method: str, actor: Any) -> Subscription:
    row.note("call", said, "api", actor=actor)
    try:
        getattr(connected(), method)(row.razorpay_id)
    except errors.RazorpayError as error:
        _failed(row, error, f"Razorpay refused to {said.lower()}")
    reconciling.look(row, "api")
    return _fresh(row)


def _failed(row: Subscription, error: errors.RazorpayError, refusal: str) -> None:
    """Note it, have it looked at if it may have been done, and answer."""
    row.note("call", str(error), "api")
    if error.is_ambiguous:
        row.ask_again("unanswered", clock.now())
    raise problems.of(error, refusal) from error


def _fresh(row: Subscription) -> Subscription:
    return Subscription.objects.select_related("plan", "next_plan").get(pk=row.pk)


def billing_details(workspace: Workspace) -> Customer:
    """Those of the workspace, unsaved and empty when there are none yet."""
    known = Customer.objects.for_workspace(workspace).first()
    return known or Customer(workspace=workspace, legal_name=workspace.name)
