"""The open work of members: counted by the apps that have it, handed on when they go.

Conversations and leads are known to apps above this one. settings.OPEN_WORK names, for
each kind of work, a module of theirs with two functions:

    count(workspace, users) -> {user's primary key: how many}
    hand_over(departure, limit) -> how many were moved, at most `limit`
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from flexoraa.lib.acting import Actor, acting
from flexoraa.lib.work import Bell
from teams import roles
from teams.models import Departure, User, Workspace

QUEUE = "teams_departures"
BATCH = 200
bell = Bell(QUEUE)


def open_work(workspace: Workspace, users: Sequence[User]) -> dict[int, dict[str, int]]:
    """For each user what they have to do: {"conversations": 3, "leads": 10}."""
    found: dict[int, dict[str, int]] = {user.pk: {} for user in users}
    for name, path in settings.OPEN_WORK.items():
        counts = _module(path).count(workspace, users)
        for user in users:
            found[user.pk][name] = counts.get(user.pk, 0)
    return found


def drain() -> int:
    """Move a batch of what the member who left longest ago still has; how many rows.

    One worker does one departure at a time; a batch is a transaction, and what a dead
    worker did not move the next one does.
    """
    with transaction.atomic():
        open_ones = Departure.objects.filter(done_at=None).select_related(
            "workspace", "user", "heir"
        )
        departure = (
            open_ones.select_for_update(of=("self",), skip_locked=True)
            .order_by("id")
            .first()
        )
        if departure is None:
            return 0
        _drop_heir_who_left(departure)
        with acting(Actor("worker")):
            moved = sum(
                _module(path).hand_over(departure, BATCH)
                for path in settings.OPEN_WORK.values()
            )
        changes: dict[str, Any] = {"moved": F("moved") + moved}
        if not moved:
            changes["done_at"] = Now()
        Departure.objects.filter(pk=departure.pk).update(**changes)
        return moved


def _drop_heir_who_left(departure: Departure) -> None:
    """The heir may have gone meanwhile, or come back as a reader: then nobody's."""
    if departure.heir is None:
        return
    theirs = departure.workspace.memberships.filter(user=departure.heir)
    role = theirs.values_list("role", flat=True).first()
    if not roles.may(role or "", roles.Action.WORK):
        departure.heir = None


def _module(path: str) -> Any:
    return import_module(path)
