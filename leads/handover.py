"""Open leads of members, and where they go when a member goes.

Named in settings.OPEN_WORK (teams/departures.py).
"""

from collections.abc import Sequence

from django.db.models import Count

from leads.models import Lead
from teams.models import Departure, User, Workspace


def count(workspace: Workspace, users: Sequence[User]) -> dict[int, int]:
    """How many leads that are neither won nor lost each user owns."""
    rows = Lead.objects.for_workspace(workspace).open().filter(owner__in=users)
    return dict(rows.values_list("owner").annotate(Count("id")).order_by())


def hand_over(departure: Departure, limit: int) -> int:
    """Give some of them to the heir, or to nobody; the database keeps the intervals."""
    rows = Lead.objects.for_workspace(departure.workspace)
    theirs = rows.open().filter(owner=departure.user).order_by("id")
    locked = theirs.select_for_update(of=("self",), no_key=True)
    found = list(locked.values_list("pk", flat=True)[:limit])
    return rows.filter(pk__in=found).update(owner=departure.heir)
