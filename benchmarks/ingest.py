"""Draining a backlog, against one set-based statement per 500 messages, and against
the loop over the ORM that one would write first."""

import statistics
import time
from collections.abc import Iterator

import orjson
from django.db import connection, transaction

from benchmarks import stream
from flexoraa.lib import sets
from flexoraa.lib.ids import uuid7
from flexoraa.sandbox import story
from inbox import ingest
from inbox.adapters import ADAPTERS
from inbox.models import (
    ChannelAccount,
    Contact,
    ContactIdentity,
    Conversation,
    Message,
    WebhookDelivery,
)

BACKLOG = 50_000
ORM_LOOP = 1_500
BATCH = 500


def measure(rounds: int) -> Iterator[str]:
    """Messages per second of the three, each in every round."""
    stream.connect_accounts()
    share = BACKLOG // rounds
    bodies = list(stream.mixed(BACKLOG))
    loop = list(stream.mixed(BACKLOG + ORM_LOOP))[BACKLOG:]
    store_backlog(bodies)
    while WebhookDelivery.objects.filter(state="new").count() > BACKLOG - 3000:
        ingest.drain(BATCH)  # people and plans are warm, as in a running system
    connection.cursor().execute("ANALYZE")
    ours, floors, loops = [], [], []
    for number in range(rounds):
        ours.append(drained(share))
        floors.append(floor(number, share))
        loops.append(orm_loop(loop[number::rounds]))
        yield (
            f"round {number + 1}: ingest {ours[-1]:.0f}/s, one statement per {BATCH} "
            f"{floors[-1]:.0f}/s, ORM loop {loops[-1]:.0f}/s"
        )
    to_floor = [a / b for a, b in zip(ours, floors, strict=True)]
    to_loop = [a / b for a, b in zip(ours, loops, strict=True)]
    yield (
        f"ingest, one thread: {statistics.median(ours):.0f} messages/s (goal 1000); "
        f"ratio to one statement {statistics.median(to_floor):.2f} (goal 0.25), "
        f"{min(to_floor):.2f} to {max(to_floor):.2f}; "
        f"times the ORM loop {statistics.median(to_loop):.1f} (goal 4)"
    )


def store_backlog(bodies: list[tuple[str, bytes]]) -> None:
    """The deliveries as the door would have left them."""
    for start in range(0, len(bodies), 2000):
        rows = [
            {
                "route": channel,
                "body": "\\x" + body.hex(),
                "sha256": "0" * 64,
                "size": len(body),
                "lane": len(channel) % 32,
            }
            for channel, body in bodies[start : start + 2000]
        ]
        sets.insert(WebhookDelivery, rows)


def drained(count: int) -> float:
    """Messages per second of the real thing."""
    started, done = time.perf_counter(), 0
    while done < count and (step := ingest.drain(BATCH)):
        done += step
    return done / (time.perf_counter() - started)


FLOOR = """
    WITH rows AS MATERIALIZED (SELECT * FROM {recordset}),
    said AS (
        INSERT INTO inbox_message ({columns}) SELECT {columns} FROM rows
    ), talked AS (
        UPDATE inbox_conversation c SET unread_count = c.unread_count + s.count,
            last_message_at = s.at, last_inbound_at = s.at, preview = s.preview
        FROM (SELECT conversation_id, count(*), max(provider_at) AS at,
            max(text) AS preview FROM rows GROUP BY 1) s WHERE c.id = s.conversation_id
    )
    UPDATE inbox_webhookdelivery SET state = 'done',
        outcome = '{{"InboundMessage": 1}}',
        finished_at = now() WHERE id = ANY(%s)
"""


def floor(number: int, count: int) -> float:
    """The same rows, ready made: new messages, their conversations brought up to date,
    their deliveries done, by one statement a batch and nothing else."""
    batches = ready_made(number, count)
    columns = list(batches[0][0])
    names = ", ".join(columns)
    sql = FLOOR.format(recordset=sets.recordset(Message, columns, "r"), columns=names)
    done = list(
        WebhookDelivery.objects.filter(state="done").values_list("pk", flat=True)[
            :count
        ]
    )
    started = time.perf_counter()
    for place, rows in enumerate(batches):
        ids = done[place * BATCH : (place + 1) * BATCH]
        sets.execute(sql, [sets.dumps(rows), ids])
    return count / (time.perf_counter() - started)


def ready_made(number: int, count: int) -> list[list[dict]]:
    """Batches of message rows for the conversations that there are."""
    columns = ("workspace_id", "account_id", "conversation_id", "contact_id", "channel")
    known = list(
        Conversation.objects.values_list(
            "workspace_id", "account_id", "id", "contact_id", "channel"
        )
    )
    rows = [
        {
            "public_id": uuid7(),
            **dict(zip(columns, known[offset % len(known)], strict=True)),
            "direction": "in",
            "kind": "text",
            "text": f"Hello, this is message number {offset}. How are you today?",
            "external_id": f"wamid.floor{number}.{offset:08d}",
            "status": "received",
            "provider_at": stream.START,
        }
        for offset in range(count)
    ]
    return [rows[start : start + BATCH] for start in range(0, count, BATCH)]


def orm_loop(bodies: list[tuple[str, bytes]]) -> float:
    """get_or_create for each message, as one would write it first."""
    accounts = {account.channel: account for account in story.ACCOUNTS}
    started = time.perf_counter()
    for channel, body in bodies:
        events = ADAPTERS[channel].parse(orjson.loads(body)).events
        for event in events:
            with transaction.atomic():
                one_by_one(channel, accounts[channel].external_id, event)
    return len(bodies) / (time.perf_counter() - started)


def one_by_one(channel: str, external_id: str, event) -> None:
    """One message through the ORM."""
    account = ChannelAccount.objects.get(channel=channel, external_id=external_id)
    name = event.person.identities[0]
    identity = ContactIdentity.objects.filter(
        account=account, kind=name.kind, key=name.key
    ).first()
    if identity is None:
        contact = Contact.objects.create(
            workspace_id=account.workspace_id, name=event.person.name
        )
        identity = ContactIdentity.objects.create(
            workspace_id=account.workspace_id,
            account=account,
            contact=contact,
            kind=name.kind,
            key=name.key,
            value=name.value,
        )
    conversation, _ = Conversation.objects.get_or_create(
        account=account,
        contact_id=identity.contact_id,
        status="open",
        defaults={
            "workspace_id": account.workspace_id,
            "channel": channel,
            "last_message_at": event.at,
        },
    )
    if not Message.objects.filter(
        account=account, external_id=event.external_id
    ).exists():
        Message.objects.create(
            workspace_id=account.workspace_id,
            account=account,
            conversation=conversation,
            contact_id=identity.contact_id,
            channel=channel,
            direction="in",
            kind=event.kind,
            text=event.text,
            external_id=event.external_id,
            status="received",
            provider_at=event.at,
        )
        conversation.unread_count += 1
        conversation.last_message_at = event.at
        conversation.preview = event.text[:200]
        conversation.save(update_fields=["unread_count", "last_message_at", "preview"])
