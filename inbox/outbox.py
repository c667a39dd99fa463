"""The queue of messages to be sent: claiming, and writing down what came of it.

A queued message goes to `sending` in a transaction that commits before anything is
sent, with a SendAttempt that has the reference to be sent along. Accounts are served in
turns. Who claims for an account holds its lane, so that a rate is kept by all workers
together; of a conversation one message at a time is on its way, in order of ids. Times
are the database's.
"""

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from django.db import transaction

from flexoraa.lib import sets
from flexoraa.lib.ids import ulid, uuid7
from flexoraa.lib.work import Bell
from inbox.adapters import ADAPTERS
from inbox.models import SendAttempt, SendLane

LEASE_SECONDS = 120  # longer than a call with an upload before it
PAIR_BURST, PAIR_SECONDS = 45, 6  # WhatsApp: one message in six seconds, 45 ahead
BURST = 0.25  # of a second's messages may go at once
RESTED = 1_000  # what an account that never sent has saved up; cut to its burst
bell = Bell("inbox_outbox")


class Job(NamedTuple):
    """One message that is ours to send now; `number` is the attempt's."""

    id: int
    account_id: int
    workspace_id: int
    conversation_id: int
    contact_id: int
    channel: str
    kind: str
    text: str
    payload: dict[str, Any]
    reply_to: str
    tries: int
    ref: str
    number: int


@dataclass(slots=True)
class Lane:
    """An account that has something due, and how much of it may go now."""

    account_id: int
    tokens: float
    share: int = 0


def claim(limit: int, busy: Mapping[int, int], slots: int) -> list[Job]:
    """Take up to `limit` due messages, fairly from all accounts.

    `busy` is how many of each account this process is sending already: an account gets
    at most three quarters of the `slots` that the others leave, so that a slow one
    does not take them all. Commits.
    """
    with transaction.atomic():
        lanes = _lanes(limit)
        _share(lanes, limit, busy, slots)
        wanted = {lane.account_id: lane.share for lane in lanes if lane.share}
        if not wanted:
            return []
        jobs = _pick(wanted)
        _take(jobs)
        _pay(lanes, jobs)
    return jobs


def _lanes(limit: int) -> list[Lane]:
    """Accounts with due messages that may send, locked until the claim commits."""
    found = sets.fetch(DUE_ACCOUNTS, {"limit": max(limit, 1)})
    if fresh := [row for row in found if row[1] is None]:
        rows = [
            {
                "public_id": uuid7(),
                "workspace_id": row[2],
                "account_id": row[0],
                "tokens": RESTED,
            }
            for row in fresh
        ]
        sets.insert(SendLane, rows, on_conflict="(account_id) DO NOTHING")
    locked = sets.fetch(
        "SELECT l.account_id, l.tokens, extract(epoch FROM "
        "statement_timestamp() - l.refilled_at), a.channel, a.sends_per_second "
        "FROM inbox_sendlane l JOIN inbox_channelaccount a ON a.id = l.account_id "
        "WHERE l.account_id = ANY(%s) AND (l.paused_until IS NULL "
        "OR l.paused_until <= statement_timestamp()) "
        "ORDER BY l.account_id FOR NO KEY UPDATE OF l SKIP LOCKED",
        [[row[0] for row in found]],
    )
    lanes = []
    for account_id, tokens, passed, channel, own_rate in locked:
        rate = own_rate or ADAPTERS[channel].rate
        full = max(1.0, rate * BURST)
        lanes.append(Lane(account_id, min(full, tokens + rate * float(passed))))
    random.shuffle(lanes)
    return lanes


def _share(
    lanes: Sequence[Lane], limit: int, busy: Mapping[int, int], slots: int
) -> None:
    """Who may send how much: in turns, as rates and slots allow."""
    total, free = sum(busy.values()), limit
    open_lanes = list(lanes)
    while free and open_lanes:
        for lane in list(open_lanes):
            mine = busy.get(lane.account_id, 0)
            most = math.ceil((slots - (total - mine)) * 0.75)
            if lane.share + 1 > lane.tokens or mine + lane.share >= most or not free:
                open_lanes.remove(lane)
                continue
            lane.share += 1
            free -= 1


def _pick(wanted: Mapping[int, int]) -> list[Job]:
    """The due messages, the first of each conversation only, locked."""
    accounts = sorted(wanted)
    rows = sets.fetch(
        PICK,
        {
            "accounts": accounts,
            "shares": [wanted[pk] for pk in accounts],
            "burst": PAIR_BURST,
            "seconds": PAIR_BURST * PAIR_SECONDS,
        },
    )
    jobs = [Job(*row)._replace(payload=orjson.loads(row[8])) for row in rows]
    return [job if job.number == 1 else job._replace(ref=ulid()) for job in jobs]


def _take(jobs: Sequence[Job]) -> None:
    """They are this session's now, and each has an attempt."""
    if not jobs:
        return
    rows = [
        {
            "public_id": uuid7(),
            "workspace_id": job.workspace_id,
            "message_id": job.id,
            "number": job.number,
            "ref": job.ref,
            "outcome": "running",
        }
        for job in jobs
    ]
    sets.insert(SendAttempt, rows)
    sets.execute(
        "UPDATE inbox_message m SET status = 'sending', status_rank = 1, ref = r.ref, "
        "attempts = m.attempts + 1, error = '', provider_at = statement_timestamp(), "
        "leased_by = pg_backend_pid(), "
        f"lease_until = statement_timestamp() + interval '{LEASE_SECONDS} seconds' "
        "FROM json_to_recordset(%s::json) AS r(message_id bigint, ref text) "
        "WHERE m.id = r.message_id",
        [sets.dumps(rows)],
    )


def _pay(lanes: Iterable[Lane], jobs: Sequence[Job]) -> None:
    """Take what was claimed from the lanes' allowances."""
    rows = [
        {
            "account_id": lane.account_id,
            "tokens": lane.tokens
            - sum(job.account_id == lane.account_id for job in jobs),
        }
        for lane in lanes
    ]
    sets.execute(
        "UPDATE inbox_sendlane l SET tokens = r.tokens, "
        "refilled_at = statement_timestamp() FROM json_to_recordset(%s::json) "
        "AS r(account_id bigint, tokens double precision) "
        "WHERE l.account_id = r.account_id",
        [sets.dumps(rows)],
    )


def backlog() -> dict[str, float]:
    """How many replies wait to be sent, and for how many seconds the one that is due
    for longest."""
    waiting, age = sets.fetch(
        "SELECT count(*), coalesce(extract(epoch FROM max(statement_timestamp() - "
        "m.next_attempt_at)), 0) FROM inbox_message m WHERE m.status = 'queued' "
        "AND m.next_attempt_at <= statement_timestamp()"
    )[0]
    return {"waiting": waiting, "oldest_seconds": round(float(age), 3)}


# Busy accounts are found by skipping through the index of what is queued, one probe
# for each account that has anything, however long its queue is.
DUE_ACCOUNTS = """
    WITH RECURSIVE busy(account_id) AS (
        (SELECT m.account_id FROM inbox_message m WHERE m.status = 'queued'
            ORDER BY m.account_id LIMIT 1)
        UNION ALL
        SELECT (SELECT m.account_id FROM inbox_message m WHERE m.status = 'queued'
            AND m.account_id > busy.account_id ORDER BY m.account_id LIMIT 1)
        FROM busy WHERE busy.account_id IS NOT NULL
    )
    SELECT a.id, l.id, a.workspace_id FROM busy
    JOIN inbox_channelaccount a ON a.id = busy.account_id
    LEFT JOIN inbox_sendlane l ON l.account_id = a.id
    WHERE a.status = 'connected' AND a.sending_stopped_at IS NULL
        AND (l.paused_until IS NULL OR l.paused_until <= statement_timestamp())
        AND EXISTS (SELECT 1 FROM inbox_message m WHERE m.status = 'queued'
            AND m.account_id = a.id AND m.next_attempt_at <= statement_timestamp())
    ORDER BY random() LIMIT %(limit)s
"""

PICK = """
    SELECT due.* FROM unnest(%(accounts)s::bigint[], %(shares)s::int[])
        AS w(account_id, share)
    CROSS JOIN LATERAL (
        SELECT m.id, m.account_id, m.workspace_id, m.conversation_id, m.contact_id,
            m.channel, m.kind, m.text, m.payload, m.reply_to, m.attempts, m.ref,
            1 + coalesce((SELECT max(s.number) FROM inbox_sendattempt s
                WHERE s.message_id = m.id), 0)
        FROM inbox_message m
        WHERE m.status = 'queued' AND m.account_id = w.account_id
            AND m.next_attempt_at <= statement_timestamp()
            AND NOT EXISTS (SELECT 1 FROM inbox_message ahead
                WHERE ahead.conversation_id = m.conversation_id
                AND ahead.status IN ('queued', 'sending') AND ahead.id < m.id)
            AND NOT EXISTS (SELECT 1 FROM inbox_message ahead
                WHERE ahead.conversation_id = m.conversation_id
                AND ahead.status = 'sending' AND ahead.id > m.id)
            AND (m.depends_on_id IS NULL OR EXISTS (SELECT 1 FROM inbox_message d
                WHERE d.id = m.depends_on_id
                AND d.status IN ('sent', 'delivered', 'read', 'played')))
            AND (m.channel <> 'whatsapp' OR %(burst)s > (SELECT count(*) FROM (
                SELECT 1 FROM inbox_message p
                WHERE p.conversation_id = m.conversation_id AND p.direction = 'out'
                AND p.status <> 'queued' AND p.provider_at > statement_timestamp()
                    - make_interval(secs => %(seconds)s)
                LIMIT %(burst)s) lately))
        ORDER BY m.next_attempt_at, m.id LIMIT w.share
        FOR NO KEY UPDATE OF m SKIP LOCKED
    ) due
"""
