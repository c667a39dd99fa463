"""What a member sees of the inbox, for the back office's "view as"."""

from collections.abc import Iterator

from inbox.models import ChannelAccount, Contact, Conversation
from teams.models import Membership
from teams.roles import Action, Role, may

FIRST = 5
Seen = tuple[str, int, int, str, list[str]]


def seen(membership: Membership, role: str) -> Iterator[Seen]:
    """(name, how many are seen, of how many, why, the newest few)."""
    is_reader = may(role, Action.READ)
    label = Role(role).label
    why = (
        f"{label}s read every conversation of the workspace."
        if is_reader
        else f"{label}s read nothing."
    )
    for name, rows in (
        ("Conversations", Conversation.objects.select_related("contact")),
        ("Contacts", Contact.objects.all()),
        ("Channels", ChannelAccount.objects.defer("token")),
    ):
        found = rows.for_workspace(membership.workspace)
        total = found.count()
        newest = [str(row) for row in found.order_by("-pk")[:FIRST]]
        yield (
            name,
            total if is_reader else 0,
            total,
            why.replace("conversation", name.lower().removesuffix("s")),
            newest if is_reader else [],
        )
    mine = Conversation.objects.for_workspace(membership.workspace)
    mine = mine.filter(assignee=membership.user_id).exclude(status="resolved")
    yield (
        "Open conversations of theirs",
        mine.count(),
        mine.count(),
        "They are assigned to this person.",
        [str(row) for row in mine.select_related("contact").order_by("-pk")[:FIRST]],
    )
