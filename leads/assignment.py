"""Who gets which lead: strategies over owners, and a receipt that explains them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, TextChoices

from leads.models import BulkOperation, Lead
from leads.models.leads import LeadQuerySet
from teams.models import Membership, User, Workspace
from teams.roles import Action


class Strategy(TextChoices):
    """How owners are chosen."""

    ROUND_ROBIN = "round_robin", "In turns"
    LEAST_LOADED = "least_loaded", "To whoever has the fewest open leads"
    KEEP = "keep", "Leads keep their owner; those without get one in turns"


@dataclass(slots=True)
class Candidate:
    """Somebody who might get leads."""

    user: User
    load: int = 0
    given: int = 0
    skipped: str = ""


@dataclass(slots=True)
class Assignment:
    """The owners by place, and how they were chosen."""

    strategy: str
    owners: list[int] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)

    @property
    def receipt(self) -> dict[str, Any]:
        """As the operation keeps and shows it."""
        return {
            "strategy": self.strategy,
            "last": self.owners[-1] if self.owners else None,
            "candidates": [
                {
                    "user": str(one.user.public_id),
                    "name": str(one.user),
                    "load_before": one.load,
                    "given": one.given,
                    "skipped": one.skipped,
                }
                for one in self.candidates
            ],
        }


def assign(
    workspace: Workspace,
    selection: LeadQuerySet,
    owners: Sequence[User],
    strategy: str,
) -> Assignment:
    """One owner for each lead of the selection that gets one, by place in id order.

    Whoever's role works no leads is skipped and the receipt says so. Turns go on
    after whoever got the last lead of the operation before.
    """
    made = Assignment(strategy)
    made.candidates = candidates(workspace, selection, owners)
    able = [one for one in made.candidates if not one.skipped]
    if not able:
        return made
    given = selection.live()
    if strategy == Strategy.KEEP:
        given = given.filter(owner=None)
    count = given.count()
    if strategy == Strategy.LEAST_LOADED:
        made.owners = evened_out([(one.load, one.user.pk) for one in able], count)
    else:
        made.owners = in_turns([one.user.pk for one in able], count, _last(workspace))
    for one in able:
        one.given = made.owners.count(one.user.pk)
    return made


def candidates(
    workspace: Workspace, selection: LeadQuerySet, owners: Sequence[User]
) -> list[Candidate]:
    """Each owner asked for, with the open leads they have besides the selection."""
    members = Membership.objects.filter(workspace=workspace, user__in=owners)
    may = {member.user_id: member.may(Action.WORK_LEADS) for member in members}
    theirs = Lead.objects.for_workspace(workspace).open().filter(owner__in=owners)
    others = theirs.exclude(pk__in=selection.order_by().values("pk"))
    loads = dict(others.values_list("owner").annotate(Count("pk")).order_by())
    found = []
    for user in dict.fromkeys(owners):
        reason = ""
        if not user.is_active:
            reason = "inactive"
        elif not may.get(user.pk):
            reason = "their role works no leads"
        found.append(Candidate(user, loads.get(user.pk, 0), skipped=reason))
    return found


def in_turns(owners: Sequence[int], count: int, last: int | None) -> list[int]:
    """Each in turn, beginning after `last`."""
    start = owners.index(last) + 1 if last in owners else 0
    return [owners[(start + place) % len(owners)] for place in range(count)]


def evened_out(loads: Sequence[tuple[int, int]], count: int) -> list[int]:
    """Each next one to whoever has the least by then; (load, owner) as they stand."""
    found: list[int] = []
    level = sorted(loads)
    # all whom the water has reached take turns until it reaches the next
    while len(found) < count:
        low = level[0][0]
        low_ones = [owner for load, owner in level if load == low]
        rest = level[len(low_ones) :]
        rounds = max((rest[0][0] - low) if rest else count, 1)
        rounds = min(rounds, -(-(count - len(found)) // len(low_ones)))
        found += low_ones * rounds
        level = sorted([(low + rounds, owner) for owner in low_ones] + rest)
    return found[:count]


def _last(workspace: Workspace) -> int | None:
    """Who got the last lead of the latest assignment."""
    latest = BulkOperation.objects.for_workspace(workspace).filter(kind="assign")
    receipts = latest.exclude(receipt={}).order_by("-id").values_list("receipt")[:1]
    return next((receipt.get("last") for (receipt,) in receipts), None)
