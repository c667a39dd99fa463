"""The row that goes before a call to Razorpay: one current, one successor a workspace.

Whoever asks at the same time, or again, gets the row that is there or hears what
stands in the way. The workspace's lock comes first; a partial unique index is behind.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from flexoraa.lib.errors import Conflict
from payments import clock
from payments.models import Plan, Subscription
from teams.models import Workspace

PAY_WITHIN = timedelta(minutes=30)  # the mandate's deadline at Razorpay
STILL_PAYABLE = timedelta(minutes=1)  # a created one this close to it is not offered
LOOK_AFTER = timedelta(seconds=20)  # for an answer that never came, or a dead process
Status, Place = Subscription.Status, Subscription.Place


def reserve(
    workspace: Workspace, plan: Plan, quantity: int, actor: Any
) -> tuple[Subscription, bool]:
    """The row for a first mandate, and True; or the same one that another click made,
    and False.

    Raises Conflict (`already_subscribed`, `being_created`).
    """
    try:
        with transaction.atomic():
            Workspace.objects.locked().get(pk=workspace.pk)
            mine = Subscription.objects.for_workspace(workspace)
            if known := mine.current().select_related("plan").first():
                if is_same(known, plan, quantity):
                    return known, False
                raise _in_the_way(known)
            trial = _trial_of(workspace, plan)
            row = _row(
                workspace=workspace,
                plan=plan,
                quantity=quantity,
                created_by=actor,
                start_at=clock.now() + trial if trial else None,
            )
    except IntegrityError as error:  # unreachable while everybody takes the lock
        raise being_created() from error
    return row, True


def reserve_successor(
    row: Subscription, plan: Plan, quantity: int, start_at: datetime | None, actor: Any
) -> Subscription:
    """The row for the mandate that is to take the place of `row`; raises Conflict
    (`being_created`) when another request just made one."""
    with transaction.atomic():
        Workspace.objects.locked().get(pk=row.workspace_id)
        mine = Subscription.objects.for_workspace(row.workspace_id)
        if mine.live().filter(place=Place.SUCCESSOR).exists():
            raise being_created()
        return _row(
            workspace_id=row.workspace_id,
            plan=plan,
            quantity=quantity,
            created_by=actor,
            start_at=start_at,
            place=Place.SUCCESSOR,
            replaces=row,
        )


def waiting_successor(row: Subscription) -> Subscription | None:
    """A successor that still waits for its mandate; raises Conflict (`being_created`,
    `change_under_way`) for one that is past that."""
    with transaction.atomic():
        Workspace.objects.locked().get(pk=row.workspace_id)
        mine = Subscription.objects.for_workspace(row.workspace_id)
        known = mine.live().filter(place=Place.SUCCESSOR).select_related("plan").first()
    if known is None or known.status == Status.CREATED:
        return known
    if known.status == Status.CREATING:
        raise being_created()
    raise Conflict(
        f"A change to {known.plan} is under way: it starts when the period ends.",
        code="change_under_way",
    )


def abandoned(workspace: Workspace, plan: Plan, quantity: int) -> list[Subscription]:
    """One that was never paid for, and that stands in the way of another one."""
    waiting = Subscription.objects.for_workspace(workspace).current()
    return [
        row
        for row in waiting.filter(status=Status.CREATED).select_related("plan")
        if not is_same(row, plan, quantity)
    ]


def is_same(row: Subscription, plan: Plan, quantity: int) -> bool:
    """Whether it is what is asked for and can still be paid."""
    deadline = row.expire_by or clock.now()
    return (
        row.status == Status.CREATED
        and (row.plan_id, row.quantity) == (plan.pk, quantity)
        and deadline > clock.now() + STILL_PAYABLE
    )


def being_created() -> Conflict:
    """Somebody else is at it."""
    return Conflict(
        "The subscription is just being created: ask again in a moment.",
        code="being_created",
    )


def _trial_of(workspace: Workspace, plan: Plan) -> timedelta:
    """A plan's trial, for those who never had a subscription that began."""
    began = Subscription.objects.for_workspace(workspace).filter(start_at__isnull=False)
    had_one = began.exclude(status__in=["failed", "expired"]).exists()
    return timedelta(days=0 if had_one else plan.trial_days)


def _row(**fields: Any) -> Subscription:
    row = Subscription.objects.create(
        **fields,
        status=Status.CREATING,
        total_count=fields["plan"].total_count,
        expire_by=clock.now() + PAY_WITHIN,
        asked_at=clock.now(),
        sync_due_at=clock.now() + LOOK_AFTER,
        sync_reason="creating",
    )
    row.note("call", f"Subscribe to {row.plan}", "api", actor=row.created_by)
    return row


def _in_the_way(known: Subscription) -> Conflict:
    if known.status == Status.CREATING:
        return being_created()
    return Conflict(
        f"There is a subscription to {known.plan} already "
        f"({known.get_status_display().lower()}): change or cancel it.",
        code="already_subscribed",
    )
