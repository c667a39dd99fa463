"""Messages into conversations: each stored once, in the one open conversation."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.conf import settings

from flexoraa.lib import sets
from flexoraa.lib.ids import uuid7
from inbox.adapters.base import Echo, InboundMessage, Person
from inbox.models import (
    Attachment,
    Conversation,
    Message,
    ReadMark,
    WaitSegment,
)
from inbox.models.conversations import PREVIEW_LENGTH
from inbox.models.messages import PLACEHOLDER, RANKS
from inbox.people import People, group_person
from inbox.routing import Routed

Arrived = Routed[InboundMessage | Echo]  # on its way into a conversation
Pair = tuple[int, int]  # account id, contact id
# What is stored stays, unless it only kept the place of what comes now
ONCE = (
    "(account_id, external_id) WHERE external_id <> '' DO UPDATE SET "
    "kind = excluded.kind, text = excluded.text, payload = excluded.payload "
    f"WHERE {PLACEHOLDER} AND excluded.kind <> 'unsupported'"
)
UNSENT = "message taken back"
ICONS = {"image": "📷", "video": "🎬", "audio": "🎤", "document": "📄", "sticker": "🙂"}


class Mark(NamedTuple):
    """How far the other side has got in what we wrote."""

    delivered_until: datetime | None = None
    read_until: datetime | None = None


def key_of(item: Arrived) -> tuple[int, str]:
    """What makes a message the same one."""
    return item.account.pk, item.event.external_id


def is_inbound(item: Arrived) -> bool:
    """Whether a person wrote it, not the business."""
    return isinstance(item.event, InboundMessage)


def counterpart(event: InboundMessage | Echo) -> Person:
    """Whom the conversation is with: the group, or the person."""
    return group_person(event.group) if event.group else event.person


def unseen(arrived: Iterable[Arrived]) -> list[Arrived]:
    """Those that are not stored yet, each once, in the order of their conversations:
    by the provider's clock, then as they came."""
    first: dict[tuple[int, str], Arrived] = {}
    for item in arrived:
        first.setdefault(key_of(item), item)
    known = Message.objects.known(first)
    fresh = [item for key, item in first.items() if key not in known]
    return sorted(fresh, key=lambda item: item.event.at)


def store(fresh: Sequence[Arrived], people: People) -> list[int]:
    """Insert unseen messages and bring their conversations up to date.

    Locks the conversations first, so that messages of one conversation are written by
    one worker at a time. The ids of the messages that were new.
    """
    if not fresh:
        return []
    pairs = [
        (item.account.pk, people.contact_id(item.account, counterpart(item.event)))
        for item in fresh
    ]
    places = _places(fresh, pairs)
    marks = lock_marks(
        {
            pair: item.account.workspace_id
            for item, pair in zip(fresh, pairs, strict=True)
            if not is_inbound(item)
        }
    )
    rows = [
        _row(item, people, places[pair], marks.get(pair, Mark()))
        for item, pair in zip(fresh, pairs, strict=True)
    ]
    inserted = sets.insert(
        Message,
        rows,
        on_conflict=ONCE,
        returning=("account_id", "external_id", "id"),
    )
    ids = {(account_id, external_id): pk for account_id, external_id, pk in inserted}
    stored = [
        (ids[key_of(item)], item, row)
        for item, row in zip(fresh, rows, strict=True)
        if key_of(item) in ids
    ]
    _attach(stored)
    _refresh(stored)
    return list(ids.values())


def _places(fresh: Sequence[Arrived], pairs: list[Pair]) -> dict[Pair, int]:
    """The conversation of each pair, locked; opened again or created where needed."""
    opening: dict[Pair, Arrived] = {}
    quiet: dict[Pair, Arrived] = {}
    for item, pair in zip(fresh, pairs, strict=True):
        (opening if is_inbound(item) else quiet).setdefault(pair, item)
    places = _lock_open({*opening, *quiet})
    if missing := [pair for pair in quiet if pair not in places | opening]:
        places |= _lock_latest(missing)
    while missing := sorted({*opening, *quiet} - places.keys()):
        _reopen([pair for pair in missing if pair in opening])
        places |= _lock_open(missing)
        _create({pair: opening.get(pair) or quiet[pair] for pair in missing}, places)
        places |= _lock_open(missing)
    return places


_PLACE = "c.account_id, c.contact_id, c.id"
_PAIRS = "unnest(%s::bigint[], %s::bigint[]) AS p(account_id, contact_id)"


def _lock_open(pairs: Iterable[Pair]) -> dict[Pair, int]:
    rows = sets.fetch(
        f"SELECT {_PLACE} FROM {_PAIRS} JOIN inbox_conversation c "
        "USING (account_id, contact_id) WHERE c.status <> 'resolved' "
        "ORDER BY c.id FOR NO KEY UPDATE OF c",
        _columns(pairs),
    )
    return {row[:2]: row[2] for row in rows}


def _lock_latest(pairs: Iterable[Pair]) -> dict[Pair, int]:
    """What we wrote ourselves joins the last conversation and does not open it."""
    rows = sets.fetch(
        f"SELECT {_PLACE} FROM inbox_conversation c WHERE c.id IN ("
        f"SELECT max(c.id) FROM {_PAIRS} JOIN inbox_conversation c "
        "USING (account_id, contact_id) GROUP BY account_id, contact_id) "
        "ORDER BY c.id FOR NO KEY UPDATE OF c",
        _columns(pairs),
    )
    return {row[:2]: row[2] for row in rows}


def _reopen(pairs: Iterable[Pair]) -> None:
    """The last conversation goes on if it was resolved a short while ago."""
    sets.execute(
        "UPDATE inbox_conversation c SET status = 'open', resolved_at = NULL "
        f"WHERE c.id IN (SELECT max(c.id) FROM {_PAIRS} JOIN inbox_conversation c "
        "USING (account_id, contact_id) GROUP BY account_id, contact_id) "
        "AND c.status = 'resolved' "
        "AND c.resolved_at > now() - make_interval(days => %s)",
        [*_columns(pairs), settings.REOPEN_WITHIN_DAYS],
    )


def _create(missing: dict[Pair, Arrived], places: dict[Pair, int]) -> None:
    rows = [
        {
            "public_id": uuid7(),
            "workspace_id": item.account.workspace_id,
            "account_id": pair[0],
            "contact_id": pair[1],
            "channel": item.account.channel,
            "last_message_at": item.event.at,
        }
        for pair, item in missing.items()
        if pair not in places
    ]
    sets.insert(
        Conversation,
        rows,
        on_conflict="(account_id, contact_id) WHERE status <> 'resolved' DO NOTHING",
    )


def _columns(pairs: Iterable[Pair]) -> list[list[int]]:
    ordered = sorted(pairs)
    return [[pair[0] for pair in ordered], [pair[1] for pair in ordered]]


def lock_marks(pairs: Mapping[Pair, int]) -> dict[Pair, Mark]:
    """The marks of these pairs (-> workspace id), made where missing, and locked.

    Who writes messages of ours and who raises marks meet here, so that neither
    overlooks the other.
    """
    if not pairs:
        return {}
    rows = [
        {
            "public_id": uuid7(),
            "workspace_id": workspace_id,
            "account_id": account_id,
            "contact_id": contact_id,
        }
        for (account_id, contact_id), workspace_id in sorted(pairs.items())
    ]
    sets.insert(ReadMark, rows, on_conflict="(account_id, contact_id) DO NOTHING")
    found = sets.fetch(
        "SELECT c.account_id, c.contact_id, c.delivered_until, c.read_until "
        f"FROM {_PAIRS} JOIN inbox_readmark c USING (account_id, contact_id) "
        "ORDER BY c.id FOR NO KEY UPDATE OF c",
        _columns(pairs),
    )
    return {row[:2]: Mark(*row[2:]) for row in found}


def _row(item: Arrived, people: People, place: int, mark: Mark) -> dict:
    event, account = item.event, item.account
    payload, errors = dict(event.payload), event.errors
    status = "received" if is_inbound(item) else _echo_status(event.at, mark)
    if event.referral:
        payload["referral"] = event.referral
    return {
        "public_id": uuid7(),
        "workspace_id": account.workspace_id,
        "account_id": account.pk,
        "conversation_id": place,
        "contact_id": people.contact_id(account, event.person),
        "delivery_id": item.delivery_id,
        "channel": account.channel,
        "direction": "in" if is_inbound(item) else "out",
        "kind": event.kind,
        "text": event.text,
        "payload": payload,
        "external_id": event.external_id,
        "reply_to": event.reply_to,
        "ref": "",
        "status": status,
        "status_rank": RANKS[status],
        "errors": errors,
        "provider_at": event.at,
        "created_at": "now",
    }


def _echo_status(at: datetime, mark: Mark) -> str:
    """What the other side had read before this echo of ours got here, is read."""
    if mark.read_until and at <= mark.read_until:
        return "read"
    if mark.delivered_until and at <= mark.delivered_until:
        return "delivered"
    return "sent"


def _attach(stored: list[tuple[int, Arrived, dict]]) -> None:
    rows = [
        {
            "public_id": uuid7(),
            "workspace_id": item.account.workspace_id,
            "message_id": pk,
            "position": position,
            "kind": attachment.kind[:20],
            "external_id": attachment.external_id[:512],
            "url": attachment.url,
            "mime_type": attachment.mime_type[:200],
            "filename": attachment.filename,
            "sha256": attachment.sha256[:100],
            "title": attachment.title,
            "voice": attachment.voice,
            "state": "link" if attachment.kind == "link" else "pending",
        }
        for pk, item, _ in stored
        for position, attachment in enumerate(item.event.attachments)
    ]
    sets.insert(Attachment, rows)


def _refresh(stored: list[tuple[int, Arrived, dict]]) -> None:
    """Counters, preview and times of the conversations that got new messages.

    `waiting_since` starts with the first message after our last one, and ends with a
    message of ours that is younger than what the person wrote.
    """
    rows = [
        {
            "id": row["conversation_id"],
            "inbound": is_inbound(item),
            "at": item.event.at,
            "preview": preview(item.event.kind, item.event.text),
        }
        for _, item, row in stored
    ]
    sets.execute(
        """
        UPDATE inbox_conversation c SET
            unread_count = c.unread_count + s.inbound_count,
            preview = CASE WHEN s.last_at >= c.last_message_at OR c.preview = ''
                THEN s.preview ELSE c.preview END,
            last_message_at = greatest(c.last_message_at, s.last_at),
            last_inbound_at = greatest(c.last_inbound_at, s.last_inbound_at),
            status = CASE WHEN s.inbound_count > 0 THEN 'open' ELSE c.status END,
            snoozed_until = CASE WHEN s.inbound_count > 0 THEN NULL
                ELSE c.snoozed_until END,
            waiting_since = CASE
                WHEN s.last_out_at >= coalesce(
                    greatest(c.last_inbound_at, s.last_inbound_at), s.last_out_at)
                THEN NULL
                ELSE least(c.waiting_since, s.first_inbound_at) END
        FROM (
            SELECT id, count(*) FILTER (WHERE inbound) AS inbound_count,
                max(at) AS last_at, max(at) FILTER (WHERE inbound) AS last_inbound_at,
                min(at) FILTER (WHERE inbound) AS first_inbound_at,
                max(at) FILTER (WHERE NOT inbound) AS last_out_at,
                (array_agg(preview ORDER BY at DESC, place DESC))[1] AS preview
            FROM ROWS FROM (json_to_recordset(%s::json) AS (
                id bigint, inbound boolean, at timestamptz, preview text))
                WITH ORDINALITY AS r(id, inbound, at, preview, place)
            GROUP BY id
        ) s
        WHERE c.id = s.id
        """,
        [sets.dumps(rows)],
    )
    WaitSegment.objects.follow(rows)


def preview(kind: str, text: str) -> str:
    """One line that stands for a message in a list."""
    words = " ".join(text[: PREVIEW_LENGTH * 2].split())
    line = f"{ICONS.get(kind, '')} {words}".strip() or kind.replace("_", " ")
    return line[:PREVIEW_LENGTH]


def lock_of_messages(message_ids: Sequence[int]) -> list[int]:
    """Lock the conversations of these messages, before the messages; their ids."""
    rows = sets.fetch(
        "SELECT c.id FROM inbox_conversation c WHERE c.id IN (SELECT conversation_id "
        "FROM inbox_message WHERE id = ANY(%s)) ORDER BY c.id FOR NO KEY UPDATE",
        [message_ids],
    )
    return [row[0] for row in rows]


def renew_previews(conversation_ids: Sequence[int]) -> None:
    """Show what the last message says now: it was edited or taken back."""
    last = sets.fetch(
        "SELECT DISTINCT ON (conversation_id) conversation_id, kind, text, unsent_at "
        "FROM inbox_message WHERE conversation_id = ANY(%s) "
        "ORDER BY conversation_id, provider_at DESC, id DESC",
        [conversation_ids],
    )
    rows = [
        {"id": pk, "preview": UNSENT if unsent_at else preview(kind, text)}
        for pk, kind, text, unsent_at in last
    ]
    sets.execute(
        "UPDATE inbox_conversation c SET preview = r.preview "
        "FROM json_to_recordset(%s::json) AS r(id bigint, preview text) "
        "WHERE c.id = r.id",
        [sets.dumps(rows)],
    )
