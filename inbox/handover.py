"""Open conversations of members, and where they go when a member goes.

Named in settings.OPEN_WORK (teams/departures.py).
"""

from collections.abc import Sequence

from django.db.models import Count

from inbox import assignment
from inbox.models import Conversation
from teams.models import Departure, User, Workspace


def count(workspace: Workspace, users: Sequence[User]) -> dict[int, int]:
    """How many conversations that are not resolved each user has."""
    rows = Conversation.objects.for_workspace(workspace).filter(assignee__in=users)
    open_ones = rows.exclude(status=Conversation.Status.RESOLVED)
    return dict(open_ones.values_list("assignee").annotate(Count("id")).order_by())


def hand_over(departure: Departure, limit: int) -> int:
    """Give some of them to the heir, or to nobody: then a rule may give them out."""
    rows = Conversation.objects.for_workspace(departure.workspace)
    theirs = rows.filter(assignee=departure.user)
    open_ones = theirs.exclude(status=Conversation.Status.RESOLVED)
    found = open_ones.order_by("id").select_for_update(no_key=True)[:limit]
    return sum(
        assignment.assign(conversation, departure.heir, by=None)
        for conversation in found
    )
