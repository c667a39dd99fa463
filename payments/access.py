"""What a workspace may do: derived from paid periods, written onto its row.

`active` at Razorpay does not say that the present cycle is paid; money that came in
does. Other apps read `Workspace.limits` and never ask here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings

from payments import clock
from payments.models import Payment, Plan, Subscription
from payments.models.plans import LIMITS
from teams.models import Workspace

FREE = dict.fromkeys(LIMITS)


class State(StrEnum):
    """From most to least."""

    OPEN = "open"  # nobody is asked to pay here: no keys
    ACTIVE = "active"
    TRIAL = "trial"
    GRACE = "grace"  # a payment failed or is late, and all still works
    READ_ONLY = "read_only"  # what comes in is still stored


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a workspace may do, until when, and why."""

    state: State
    until: datetime | None = None
    plan: Plan | None = None
    subscription: Subscription | None = None
    reason: str = ""

    @property
    def limits(self) -> dict[str, int | None]:
        """The most of each; null is without limit."""
        if self.plan:
            return self.plan.limits
        trial = settings.TRIAL_LIMITS if self.state != State.OPEN else {}
        return {name: trial.get(name) for name in LIMITS}


def standing(workspace: Workspace) -> Standing:
    """How it stands now."""
    if not settings.RAZORPAY_KEY_ID:
        return Standing(state=State.OPEN)
    now = clock.now()
    mine = Subscription.objects.for_workspace(workspace).select_related("plan")
    current = mine.current().first()
    last = current or mine.exclude(status="failed").order_by("-id").first()
    paid_until = _paid_until(workspace)
    if paid_until and paid_until > now:
        return Standing(
            state=State.ACTIVE,
            until=paid_until,
            plan=last.plan if last else None,
            subscription=last,
        )
    if current and current.status not in ("creating", "created"):
        return _unpaid(current, paid_until, now)
    trial_ends = workspace.created_at + timedelta(days=settings.TRIAL_DAYS)
    if not paid_until and trial_ends > now:
        return Standing(state=State.TRIAL, until=trial_ends, subscription=current)
    reason = (
        "The subscription has ended: choose a plan to go on."
        if paid_until
        else "The trial has ended: choose a plan to go on."
    )
    return Standing(
        state=State.READ_ONLY,
        until=None,
        plan=last.plan if last and paid_until else None,
        subscription=current or last,
        reason=reason,
    )


def write(workspace: Workspace, found: Standing) -> bool:
    """Write the limits onto the (locked) workspace; whether they changed."""
    limits = written(found)
    if workspace.limits == limits:
        return False
    workspace.limits = limits
    workspace.save(update_fields=["limits"])
    return True


def written(found: Standing) -> dict[str, Any]:
    """The form that other apps read; empty where nothing is limited."""
    if found.state == State.OPEN:
        return {}
    return {
        **found.limits,
        "state": found.state.value,
        "until": found.until.isoformat(timespec="seconds") if found.until else None,
        "read_only": found.state == State.READ_ONLY,
        "reason": found.reason,
        "lifted_by": lifted_by(found.limits, Plan.objects.on_sale()),
    }


def lifted_by(limits: dict[str, int | None], plans: Iterable[Plan]) -> dict[str, str]:
    """For each limit the cheapest plan that has more of it."""
    found: dict[str, str] = {}
    for plan in sorted(plans, key=lambda plan: (plan.monthly_paise, plan.pk)):
        for name, limit in limits.items():
            theirs = plan.limits[name]
            is_more = limit is not None and (theirs is None or theirs > limit)
            if is_more and name not in found:
                found[name] = plan.name
    return found


def _paid_until(workspace: Workspace) -> datetime | None:
    """The end of the last period that money came in for and stayed."""
    return (
        Payment.objects.for_workspace(workspace)
        .counting()
        .filter(status=Payment.Status.CAPTURED, period_end__isnull=False)
        .order_by("-period_end")
        .values_list("period_end", flat=True)
        .first()
    )


def _unpaid(
    current: Subscription, paid_until: datetime | None, now: datetime
) -> Standing:
    """A mandate is there, and the present period is not paid (yet)."""
    starts = current.start_at
    if current.status == "authenticated" and starts and starts > now:
        return Standing(
            state=State.ACTIVE, until=starts, plan=current.plan, subscription=current
        )
    since = paid_until or current.current_start or starts or current.created_at
    until = since + timedelta(days=settings.GRACE_DAYS)
    reason = {
        "paused": "The subscription is paused: resume it to go on.",
        "halted": "Payments failed and are no longer retried: pay with another card "
        "or mandate to go on.",
    }.get(current.status, "The payment for this period has not come in.")
    if until > now and current.status != "paused":
        return Standing(
            state=State.GRACE,
            until=until,
            plan=current.plan,
            subscription=current,
            reason=reason,
        )
    return Standing(
        state=State.READ_ONLY, plan=current.plan, subscription=current, reason=reason
    )
