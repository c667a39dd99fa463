"""Who works on a conversation: given by hand or by rule, always with a receipt.

The one door to `Conversation.assignee`; each change ends the running interval and
begins the next, so that whoever counts knows who had what and when.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from flexoraa.lib.errors import Conflict
from inbox.models import AssignmentInterval, AssignmentRule, Conversation, Desk
from inbox.models.assignment import Strategy
from teams.models import Membership, User, Workspace
from teams.roles import Action

NEVER = datetime.min.replace(tzinfo=UTC)
MOST = 100  # conversations that one pass gives out for a workspace


@dataclass(slots=True)
class Candidate:
    """A member, as the rule sees them; `skipped` says why not, "" if possible."""

    user: User
    open: int
    capacity: int
    given_at: datetime | None
    skipped: str = ""

    def receipt(self) -> dict[str, Any]:
        """As the receipt tells of them."""
        return {
            "user": str(self.user.public_id),
            "name": str(self.user),
            "open": self.open,
            "capacity": self.capacity,
            "skipped": self.skipped,
        }


@transaction.atomic
def assign(
    conversation: Conversation,
    user: User | None,
    *,
    by: User | None,
    strategy: str = Strategy.MANUAL,
    receipt: dict[str, Any] | None = None,
) -> bool:
    """Give it to `user`, or to nobody; False if that is so already.

    `by` is who says so, None for a rule. Raises Conflict when the user may not work in
    this workspace.
    """
    locked = Conversation.objects.select_for_update(no_key=True).only("assignee_id")
    before = locked.get(pk=conversation.pk).assignee_id
    conversation.assignee = user
    if before == (user.pk if user else None):
        return False
    if user and not _may_work(user, conversation.workspace_id):
        raise Conflict(
            f"{user} may not answer in this workspace: choose somebody else.",
            "not_a_worker",
        )
    now = timezone.now()
    conversation.save(update_fields=["assignee"])
    running = AssignmentInterval.objects.running().filter(conversation=conversation)
    running.update(ended_at=now, ended_by=by)
    if user:
        AssignmentInterval.objects.create(
            workspace_id=conversation.workspace_id,
            conversation=conversation,
            user=user,
            strategy=strategy,
            by=by,
            receipt=receipt or _receipt_by_hand(user, by),
            started_at=now,
        )
    conversation.announce()
    return True


def give_out() -> int:
    """Give conversations that nobody has to whom the workspaces' rules find, who waits
    longest first; how many were given."""
    rules = AssignmentRule.objects.exclude(strategy=Strategy.MANUAL)
    return sum(_give_out(rule) for rule in rules.order_by("pk"))


@transaction.atomic
def _give_out(rule: AssignmentRule) -> int:
    waiting = _unassigned(rule.workspace_id)
    if not waiting.exists():
        return 0
    # one pass at a time for a workspace, or two would fill one desk twice
    found = AssignmentRule.objects.select_for_update(skip_locked=True, no_key=True)
    if not found.filter(pk=rule.pk).first():
        return 0
    them, given = candidates(rule), []
    # locked as they are now: what somebody just took by hand is not taken away
    free = waiting.select_for_update(no_key=True, skip_locked=True)
    for conversation in free.order_by("waiting_since", "id")[:MOST]:
        chosen = choose(them, rule.strategy)
        if chosen is None:
            break
        receipt = receipt_of(them, rule, chosen)
        if assign(
            conversation,
            chosen.user,
            by=None,
            strategy=rule.strategy,
            receipt=receipt,
        ):
            chosen.open += 1
            chosen.given_at = timezone.now()
            given.append(chosen.user.pk)
        _skip_the_full(them)
    desks = Desk.objects.filter(workspace=rule.workspace_id, user__in=given)
    desks.update(given_at=timezone.now())
    return len(given)


def candidates(rule: AssignmentRule) -> list[Candidate]:
    """Every member of the workspace with their load, and why some are skipped."""
    memberships = Membership.objects.filter(workspace=rule.workspace_id).select_related(
        "user"
    )
    desks = {
        desk.user_id: desk for desk in Desk.objects.filter(workspace=rule.workspace_id)
    }
    loads = dict(
        Conversation.objects.filter(
            workspace=rule.workspace_id, status="open", assignee__isnull=False
        )
        .values_list("assignee")
        .annotate(count=Count("pk"))
    )
    found = []
    for membership in memberships.order_by("user_id"):
        desk = desks.get(membership.user_id)
        capacity = (
            desk.capacity if desk and desk.capacity is not None else rule.capacity
        )
        one = Candidate(
            membership.user,
            loads.get(membership.user_id, 0),
            capacity,
            desk.given_at if desk else None,
        )
        if not membership.user.is_active or not membership.may(Action.WORK):
            one.skipped = "may not answer"
        elif not (desk and desk.is_available):
            one.skipped = "not available"
        found.append(one)
    _skip_the_full(found)
    return found


def choose(them: Sequence[Candidate], strategy: str) -> Candidate | None:
    """Who is next: longest without a new one, or with the fewest open ones."""
    free = [one for one in them if not one.skipped]
    counts_load = strategy == Strategy.LEAST_LOADED

    def turn(one: Candidate) -> tuple[int, datetime, int]:
        given_at = one.given_at or NEVER
        return one.open if counts_load else 0, given_at, one.user.pk

    return min(free, key=turn, default=None)


def receipt_of(
    them: Sequence[Candidate], rule: AssignmentRule, chosen: Candidate
) -> dict[str, Any]:
    """Why this one: the rule, and each candidate with what spoke against them."""
    reason = {
        Strategy.ROUND_ROBIN: "longest without a new conversation",
        Strategy.LEAST_LOADED: "fewest open conversations",
    }[Strategy(rule.strategy)]
    return {
        "rule": rule.strategy,
        "reason": f"{chosen.user}: {reason}",
        "candidates": [one.receipt() for one in them],
    }


def set_desk(
    workspace: Workspace,
    user: User,
    *,
    is_available: bool,
    capacity: int | None = None,
) -> Desk:
    """Say whether new conversations may come to this member, and how many at most."""
    desk, _ = Desk.objects.update_or_create(
        workspace=workspace,
        user=user,
        defaults={"is_available": is_available, "capacity": capacity},
    )
    return desk


def _skip_the_full(them: Sequence[Candidate]) -> None:
    for one in them:
        if not one.skipped and one.open >= one.capacity:
            one.skipped = f"has {one.open} open, of {one.capacity}"


def _unassigned(workspace_id: int) -> Any:
    """Conversations in which somebody waits, and that nobody has."""
    return Conversation.objects.filter(
        workspace=workspace_id,
        status="open",
        assignee__isnull=True,
        waiting_since__isnull=False,
    )


def _may_work(user: User, workspace_id: int) -> bool:
    membership = Membership.objects.filter(
        Q(user__is_active=True), user=user, workspace=workspace_id
    ).first()
    return bool(membership and membership.may(Action.WORK))


def _receipt_by_hand(user: User, by: User | None) -> dict[str, Any]:
    who = "themselves" if by and by.pk == user.pk else str(user)
    return {"rule": Strategy.MANUAL, "reason": f"{by or 'The system'} chose {who}"}
