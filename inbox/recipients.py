"""From whom and to whom a message goes: accounts with their tokens, and the names that
a conversation's person has there."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from flexoraa.lib import sets
from flexoraa.lib.crypto import Undecryptable
from inbox.adapters.words import Identity, IdKind
from inbox.models import ChannelAccount


def names_of(conversation_ids: Sequence[int]) -> dict[int, tuple[Identity, ...]]:
    """Conversation id -> the person's names there, the one they last wrote under at
    the end. A person is everybody who was merged with them."""
    rows = sets.fetch(
        """
        SELECT v.id, i.kind, i.value, i.key
        FROM inbox_conversation v
        JOIN inbox_contact c ON c.id = v.contact_id
        JOIN inbox_contact p ON p.id = coalesce(c.merged_into_id, c.id)
            OR p.merged_into_id = coalesce(c.merged_into_id, c.id)
        JOIN inbox_contactidentity i
            ON i.contact_id = p.id AND i.account_id = v.account_id
        WHERE v.id = ANY(%s)
        ORDER BY v.id, i.last_inbound_at NULLS FIRST, i.id
        """,
        [sorted(set(conversation_ids))],
    )
    found: dict[int, list[Identity]] = defaultdict(list)
    for pk, kind, value, key in rows:
        found[pk].append(Identity(IdKind(kind), value, key))
    return {pk: tuple(found[pk]) for pk in conversation_ids}


def accounts_by_id(ids: Iterable[int]) -> dict[int, ChannelAccount | None]:
    """These accounts with their tokens; None where no key opens the token. One by one,
    so that such a token stops its own account only."""
    found: dict[int, ChannelAccount | None] = {}
    for pk in ids:
        try:
            found[pk] = ChannelAccount.objects.get(pk=pk)
        except Undecryptable:
            found[pk] = None
    return found
