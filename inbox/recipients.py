"""Whom a message goes to: the names that a conversation's person has on its account."""

from collections import defaultdict
from collections.abc import Sequence

from flexoraa.lib import sets
from inbox.adapters.words import Identity, IdKind


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
