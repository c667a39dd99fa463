"""What happened to messages: statuses, watermarks, reactions, edits and unsends.

Facts are stored first and the messages' columns recounted from them; doing it twice,
or in another order, gives the same rows.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from flexoraa.lib import sets
from flexoraa.lib.ids import uuid7
from inbox import alarms, announcing, consents, threads
from inbox.adapters import ADAPTERS
from inbox.adapters.base import Edited, Event, Reacted, StatusUpdate, Unsent, Watermark
from inbox.adapters.sending import Refused
from inbox.models import ChannelAccount, Message, Reaction, Revision, StatusEvent
from inbox.models.messages import RANKS
from inbox.people import People
from inbox.routing import Routed

FACTS = (StatusEvent, Reaction, Revision)


def record_statuses(items: Sequence[Routed[StatusUpdate]]) -> set[int]:
    """Store status updates; the messages that have to be recounted."""
    rows = {
        (account.pk, event.external_id, event.status): {
            **_fact(account, event.external_id, event),
            "status": event.status,
            "rank": RANKS[event.status],
            "errors": event.errors,
            "pricing": event.pricing,
            "covers_earlier": event.covers_earlier,
        }
        for account, event, _ in items
    }
    new = StatusEvent.objects.record(
        list(rows.values()), "(account_id, target, status) DO NOTHING"
    )
    return {message_id for _, message_id in new if message_id}


def record_revisions(
    items: Sequence[Routed[Edited] | Routed[Unsent]],
) -> set[int]:
    """Store edits and unsends; the messages that have to be recounted."""
    rows = [
        {
            **_fact(account, event.target, event),
            "kind": "edited" if isinstance(event, Edited) else "unsent",
            "number": _number(event) if isinstance(event, Edited) else 0,
            "text": event.text if isinstance(event, Edited) else "",
        }
        for account, event, _ in items
    ]
    new = Revision.objects.record(
        rows, "(account_id, target, kind, number, provider_at) DO NOTHING"
    )
    return {message_id for _, message_id in new if message_id}


def record_reactions(items: Sequence[Routed[Reacted]], people: People) -> set[int]:
    """Store the latest emoji of each person on each message; the messages."""
    rows = {}
    for account, event, _ in sorted(items, key=lambda item: item.event.at):
        contact_id = event.person and people.contact_id(account, event.person)
        rows[account.pk, event.target, contact_id] = {
            **_fact(account, event.target, event),
            "contact_id": contact_id,
            "emoji": event.emoji[:64],
        }
    new = Reaction.objects.record(
        list(rows.values()),
        "(account_id, target, contact_id) DO UPDATE SET emoji = excluded.emoji, "
        "provider_at = excluded.provider_at "
        "WHERE inbox_reaction.provider_at <= excluded.provider_at",
    )
    return {message_id for _, message_id in new if message_id}


def raise_watermarks(items: Iterable[Routed[Watermark]], people: People) -> set[int]:
    """Everything we wrote to these people until then was delivered, or read; the
    messages that were."""
    rows = [
        {
            "workspace_id": account.workspace_id,
            "account_id": account.pk,
            "contact_id": people.contact_id(account, event.person),
            "status": event.status,
            "rank": RANKS[event.status],
            "until": event.until,
        }
        for account, event, _ in items
    ]
    return _raise(rows)


def adopt(message_ids: list[int]) -> set[int]:
    """Tie facts that waited for these new messages to them."""
    return {pk for facts in FACTS for pk in facts.objects.adopt(message_ids)}


def sweep() -> int:
    """Adopt facts that just missed their message; run by the worker every second.

    Two workers can write a message and its status at the same moment, neither seeing
    the other's row; this finds such pairs afterwards.
    """
    ids = {pk for facts in FACTS for pk in facts.objects.adopt_recent()}
    announcing.messages_updated(ids | recount(ids))
    return len(ids)


def recount(message_ids: Iterable[int]) -> set[int]:
    """Set the messages' status, text and unsent mark from their facts; which others
    changed with them, since they were read up to there."""
    ids = sorted(message_ids)
    if not ids:
        return set()
    revised = _revised(ids)
    conversations = threads.lock_of_messages(revised) if revised else []
    others = _raise(_covered_by(ids))
    Message.objects.lock(ids)
    _recount_statuses(ids)
    if revised:
        _recount_texts(revised)
        threads.renew_previews(conversations)
        announcing.conversations_updated(conversations)
    return others


def _recount_statuses(ids: list[int]) -> None:
    """The furthest that anybody said."""
    moved = sets.fetch(
        """
        UPDATE inbox_message m SET status = s.status, status_rank = s.rank,
            errors = CASE WHEN s.status = 'failed' THEN s.errors ELSE m.errors END,
            error = '', uncertain_at = NULL
        FROM (
            SELECT DISTINCT ON (e.message_id) e.message_id, e.status, e.rank, e.errors
            FROM inbox_statusevent e JOIN inbox_message t ON t.id = e.message_id
            WHERE e.message_id = ANY(%s) AND e.target = t.external_id
            ORDER BY e.message_id, e.rank DESC
        ) s
        WHERE m.id = s.message_id AND m.direction = 'out' AND m.status_rank < s.rank
        RETURNING m.id, m.account_id, m.channel, m.status, m.errors
        """,
        [ids],
    )
    _explain([row for row in moved if row[3] == "failed"])


def _explain(failed: list[tuple]) -> None:
    """Say in words why messages failed afterwards; a channel that is broken is known
    by it, too."""
    if not failed:
        return
    rows, broken, opted_out = [], {}, []
    for pk, account_id, channel, _, errors in failed:
        refusal = ADAPTERS[channel].explain(orjson.loads(errors))
        if refusal.code in ADAPTERS[channel].opted_out_codes:
            opted_out.append(pk)
        rows.append({"id": pk, "error": refusal.words[:500]})
        if refusal.why is Refused.BROKEN:
            broken[account_id] = refusal.words
    sets.execute(
        "UPDATE inbox_message m SET error = r.error FROM json_to_recordset(%s::json) "
        "AS r(id bigint, error text) WHERE m.id = r.id",
        [sets.dumps(rows)],
    )
    Message.objects.fail_dependents([row["id"] for row in rows])
    alarms.report_broken(broken)
    consents.note_refusals(opted_out)


def _recount_texts(ids: list[int]) -> None:
    """The last edit; nothing at all of what was taken back."""
    sets.execute(
        """
        UPDATE inbox_message m SET text = s.text, edited_at = s.provider_at
        FROM (
            SELECT DISTINCT ON (message_id) message_id, text, provider_at
            FROM inbox_revision WHERE message_id = ANY(%s) AND kind = 'edited'
            ORDER BY message_id, number DESC, provider_at DESC
        ) s
        WHERE m.id = s.message_id
        """,
        [ids],
    )
    sets.execute(
        """
        WITH unsent AS (
            SELECT message_id, min(provider_at) AS at FROM inbox_revision
            WHERE message_id = ANY(%s) AND kind = 'unsent' GROUP BY message_id
        ), gone AS (
            DELETE FROM inbox_attachment WHERE message_id IN
                (SELECT message_id FROM unsent)
        )
        UPDATE inbox_message m SET text = '', payload = '{}', unsent_at = unsent.at
        FROM unsent WHERE m.id = unsent.message_id
        """,
        [ids],
    )


def _number(event: Edited) -> int:
    """The edit's number within what the column holds."""
    return max(0, min(event.number, 2**31 - 1))


def _covered_by(message_ids: list[int]) -> list[dict]:
    """Marks from "read up to this message" (Instagram), at that message's time."""
    rows = sets.fetch(
        "SELECT m.workspace_id, m.account_id, c.contact_id, s.status, s.rank, "
        "m.provider_at "
        "FROM inbox_statusevent s JOIN inbox_message m ON m.id = s.message_id "
        "JOIN inbox_conversation c ON c.id = m.conversation_id "
        "WHERE s.message_id = ANY(%s) AND s.covers_earlier",
        [message_ids],
    )
    columns = (
        "workspace_id",
        "account_id",
        "contact_id",
        "status",
        "rank",
        "until",
    )
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _revised(message_ids: list[int]) -> list[int]:
    """Those of the messages that were edited or taken back."""
    rows = sets.fetch(
        "SELECT DISTINCT message_id FROM inbox_revision WHERE message_id = ANY(%s)",
        [message_ids],
    )
    return sorted(row[0] for row in rows)


def _fact(account: ChannelAccount, target: str, event: Event) -> dict[str, Any]:
    return {
        "public_id": uuid7(),
        "workspace_id": account.workspace_id,
        "account_id": account.pk,
        "target": target,
        "provider_at": event.at,
        "created_at": "now",
    }


def _raise(rows: list[dict]) -> set[int]:
    """Move messages of ours up to the marks, then the marks themselves; the ids of
    the messages.

    Only messages above the old mark are looked at: those below it got their status
    when they came.
    """
    if not rows:
        return set()
    threads.lock_marks(
        {(row["account_id"], row["contact_id"]): row["workspace_id"] for row in rows}
    )
    marks = (
        "json_to_recordset(%s::json) AS r(account_id bigint, contact_id bigint, "
        "status text, rank smallint, until timestamptz)"
    )
    moved = sets.fetch(
        f"""
        WITH due AS (
            SELECT m.id, r.status, r.rank FROM {marks}
            JOIN inbox_readmark k USING (account_id, contact_id)
            JOIN inbox_conversation c USING (account_id, contact_id)
            JOIN inbox_message m ON m.conversation_id = c.id
            WHERE m.direction = 'out' AND m.external_id <> ''
                AND m.provider_at <= r.until AND m.status_rank < r.rank
                AND m.provider_at > coalesce(CASE r.status WHEN 'read'
                    THEN k.read_until ELSE k.delivered_until END, '-infinity')
            ORDER BY m.id FOR NO KEY UPDATE OF m
        )
        UPDATE inbox_message m SET status = d.status, status_rank = d.rank
        FROM (SELECT DISTINCT ON (id) * FROM due ORDER BY id, rank DESC) d
        WHERE m.id = d.id AND m.status_rank < d.rank RETURNING m.id
        """,
        [sets.dumps(rows)],
    )
    sets.execute(
        f"""
        UPDATE inbox_readmark k SET
            delivered_until = greatest(k.delivered_until, r.until),
            read_until = greatest(k.read_until, r.read_until)
        FROM (
            SELECT account_id, contact_id, max(until) AS until,
                max(until) FILTER (WHERE status = 'read') AS read_until
            FROM {marks} GROUP BY account_id, contact_id
        ) r
        WHERE k.account_id = r.account_id AND k.contact_id = r.contact_id
        """,
        [sets.dumps(rows)],
    )
    return {row[0] for row in moved}
