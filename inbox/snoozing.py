"""Snoozed conversations come back by themselves, and say why."""

from django.db import transaction

from flexoraa.lib import sets
from flexoraa.lib.ids import uuid7
from inbox import announcing
from inbox.models import Message

WOKE = "The snooze is over."
MOST = 500  # woken in one pass; the next pass is a second later


def wake() -> int:
    """Open what was snoozed until now, unread and with a note; how many it was."""
    if not sets.fetch(
        "SELECT 1 FROM inbox_conversation WHERE status = 'snoozed' "
        "AND snoozed_until <= now() LIMIT 1"
    ):
        return 0
    with transaction.atomic():
        woken = sets.fetch(
            """
            UPDATE inbox_conversation SET status = 'open', snoozed_until = NULL,
                unread_count = greatest(unread_count, 1)
            WHERE id IN (SELECT id FROM inbox_conversation WHERE status = 'snoozed'
                AND snoozed_until <= now() ORDER BY id LIMIT %s
                FOR NO KEY UPDATE SKIP LOCKED)
            RETURNING id, workspace_id, account_id, contact_id, channel
            """,
            [MOST],
        )
        rows = [
            {
                "public_id": uuid7(),
                "workspace_id": workspace_id,
                "account_id": account_id,
                "conversation_id": pk,
                "contact_id": contact_id,
                "channel": channel,
                "direction": "note",
                "kind": "system",
                "text": WOKE,
                "status": "noted",
                "status_rank": 0,
                "provider_at": "now",
            }
            for pk, workspace_id, account_id, contact_id, channel in woken
        ]
        notes = sets.insert(Message, rows, returning=("id",))
        announcing.messages_created([pk for (pk,) in notes])
    return len(woken)
