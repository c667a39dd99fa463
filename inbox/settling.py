"""What came of calls becomes the state of messages, attempts, lanes and accounts."""

import logging
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DataError, IntegrityError, transaction

from flexoraa.lib import sets
from flexoraa.lib.clean import fit
from flexoraa.lib.ids import uuid7
from inbox import alarms, announcing, consents, threads
from inbox.adapters import ADAPTERS
from inbox.adapters.sending import Refusal, Refused, Sent
from inbox.models import ContactIdentity, Message
from inbox.models.messages import RANKS
from inbox.outbox import Job

log = logging.getLogger(__name__)
MAX_TRIES = 5
LONGEST_PAUSE = 900.0  # seconds
HELD_UP = frozenset((Refused.THROTTLE_ACCOUNT, Refused.BROKEN))
FINAL = frozenset(
    (Refused.WINDOW_CLOSED, Refused.UNREACHABLE, Refused.INVALID, Refused.NOT_NOW)
)


@dataclass(frozen=True, slots=True)
class NotSent:
    """Nothing went out: no connection, or the message could not even be put into a
    call (`for_good`)."""

    words: str
    for_good: bool = False


@dataclass(frozen=True, slots=True)
class Uncertain:
    """It was written to the connection, and no answer came that could be read."""

    words: str


Outcome = Sent | Refusal | NotSent | Uncertain


@dataclass(frozen=True, slots=True)
class Result:
    """One message, and what came of its call."""

    job: Job
    outcome: Outcome


def settle(results: Sequence[Result]) -> None:
    """Write all of them down; if that fails, one by one. Commits."""
    if not results:
        return
    try:
        _settle(results)
    except (IntegrityError, DataError):
        # an echo was stored between our look and our write, or one answer is odd
        for result in results:
            _settle_alone(result)
    _catch_up(results)


def _settle_alone(result: Result) -> None:
    """What cannot be written down stays in `sending`, and is uncertain in the end."""
    try:
        _settle([result])
    except (IntegrityError, DataError):
        log.exception("The outcome of message %s was not kept", result.job.id)


def _catch_up(results: Sequence[Result]) -> None:
    """Who had read up to a time before we knew that we had sent by then, has read
    this. In a transaction of its own: whoever raises marks locks them first, then
    messages."""
    pairs = _watched(results)
    if not pairs:
        return
    with transaction.atomic():
        threads.lock_marks(pairs)
        moved = sets.fetch(CATCH_UP, [[result.job.id for result in results]])
        announcing.messages_updated([row[0] for row in moved])


@transaction.atomic
def _settle(results: Sequence[Result]) -> None:
    rows = [_row(result) for result in results]
    Message.objects.lock([row["id"] for row in rows])
    _take_over(row for row in rows if row["external_id"])
    current = {row[0] for row in sets.fetch(SETTLE, [sets.dumps(rows)])}
    late = [row["ref"] for row in rows if row["ref"] not in current and row["sent"]]
    sets.execute(ATTEMPTS, [sets.dumps(rows), late])
    failed = [row["id"] for row in rows if row["status"] == "failed"]
    failed = Message.objects.fail_dependents(failed)
    _learn(results)
    consents.note_refusals(
        [
            result.job.id
            for result in results
            if isinstance(result.outcome, Refusal)
            and result.outcome.code in ADAPTERS[result.job.channel].opted_out_codes
        ]
    )
    _pause(results)
    announcing.messages_updated([*(row["id"] for row in rows), *failed])
    alarms.report_broken(
        {
            result.job.account_id: result.outcome.words
            for result in results
            if isinstance(result.outcome, Refusal)
            and result.outcome.why is Refused.BROKEN
        }
    )


def _row(result: Result) -> dict[str, Any]:
    """What is to be written about one message."""
    job, outcome = result.job, result.outcome
    status, error, wait = verdict(job, outcome)
    refusal = outcome if isinstance(outcome, Refusal) else None
    problem = None
    if refusal and refusal.code:
        problem = [
            {
                "code": refusal.code,
                "error_subcode": refusal.subcode or None,
                "message": refusal.detail,
                "fbtrace_id": refusal.trace,
            }
        ]
    return {
        "id": job.id,
        "ref": job.ref,
        "account_id": job.account_id,
        "sent": isinstance(outcome, Sent),
        "external_id": fit(outcome.external_id, 512)
        if isinstance(outcome, Sent)
        else "",
        "status": status,
        "rank": RANKS[status],
        "error": error[:500],
        "errors": problem if status == "failed" else None,
        "wait": wait,
        # being held up is no failed try
        "refund": refusal is not None and refusal.why in HELD_UP,
        "outcome": _outcome(outcome),
        "code": refusal.code if refusal else None,
        "subcode": refusal.subcode if refusal else None,
        "detail": (refusal.detail or refusal.words) if refusal else error,
        "trace": refusal.trace[:100] if refusal else "",
    }


def verdict(job: Job, outcome: Outcome) -> tuple[str, str, float]:
    """(status, error in words, seconds to wait) after this outcome.

    `job.tries` is how often it was tried before, since somebody last asked for it.
    """
    if isinstance(outcome, Sent):
        return "sent", "", 0
    if isinstance(outcome, Uncertain):
        return "unknown", outcome.words, 0
    if isinstance(outcome, NotSent):
        if outcome.for_good:
            return "failed", outcome.words, 0
        return "queued", f"Not sent: {outcome.words}. It is tried again.", back_off(job)
    if outcome.why is Refused.AMBIGUOUS:
        return "unknown", outcome.words, 0
    if outcome.why in FINAL:
        return "failed", outcome.words, 0
    if outcome.why is Refused.THROTTLE_PAIR:
        return "queued", outcome.words, min(LONGEST_PAUSE * 4, jitter(4.0**job.tries))
    if outcome.why in HELD_UP:
        return "queued", outcome.words, 0
    most = 2 if outcome.why is Refused.UPLOAD_AGAIN else MAX_TRIES
    if job.tries + 1 >= most:
        return "failed", outcome.words.removesuffix(" It is tried again."), 0
    return "queued", outcome.words, back_off(job)


def back_off(job: Job) -> float:
    """Seconds until the next try: twice as long each time, and not all at once."""
    return min(LONGEST_PAUSE / 3, jitter(2.0 ** min(job.tries + 1, 20)))


def jitter(seconds: float) -> float:
    """A quarter more or less."""
    return seconds * (0.75 + random.random() / 2)  # noqa: S311 (no secret)


def _outcome(outcome: Outcome) -> str:
    if isinstance(outcome, Sent):
        return "sent"
    if isinstance(outcome, NotSent):
        return "not_sent"
    if isinstance(outcome, Uncertain) or outcome.why is Refused.AMBIGUOUS:
        return "uncertain"
    return "refused"


def _watched(results: Sequence[Result]) -> dict[tuple[int, int], int]:
    """Those to whom something was sent on channels that tell how far they have read
    by time: (account id, contact id) -> workspace id."""
    return {
        (result.job.account_id, result.job.contact_id): result.job.workspace_id
        for result in results
        if isinstance(result.outcome, Sent)
        and ADAPTERS[result.job.channel].has_watermarks
    }


def _take_over(rows: Iterable[dict[str, Any]]) -> None:
    """An echo of ours that came before the answer of its own call is a row of its own
    by now, unless its reference told: its facts move over, and it goes."""
    keys = [(row["account_id"], row["external_id"], row["id"]) for row in rows]
    if not keys:
        return
    columns = [list(column) for column in zip(*keys, strict=True)]
    echoes = sets.fetch(
        "SELECT m.id, k.id FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) "
        "AS k(account_id, external_id, id) JOIN inbox_message m "
        "ON m.account_id = k.account_id AND m.external_id = k.external_id "
        "AND m.external_id <> '' AND m.id <> k.id WHERE m.direction = 'out'",
        columns,
    )
    for echo, ours in echoes:
        for table in ("statusevent", "reaction", "revision"):
            sets.execute(
                f"UPDATE inbox_{table} SET message_id = %s WHERE message_id = %s",
                [ours, echo],
            )
        sets.execute("DELETE FROM inbox_attachment WHERE message_id = %s", [echo])
        sets.execute("DELETE FROM inbox_message WHERE id = %s", [echo])


def _learn(results: Sequence[Result]) -> None:
    """Names of recipients that the provider told with its answer."""
    rows = {
        (result.job.account_id, identity.kind, identity.key): {
            "public_id": uuid7(),
            "workspace_id": result.job.workspace_id,
            "account_id": result.job.account_id,
            "contact_id": result.job.contact_id,
            "kind": identity.kind,
            "value": identity.value[:200],
            "key": fit(identity.key, 200),
            "created_at": "now",
        }
        for result in results
        if isinstance(result.outcome, Sent)
        for identity in result.outcome.learned
    }
    sets.insert(
        ContactIdentity,
        list(rows.values()),
        on_conflict="(account_id, kind, key) DO NOTHING",
    )


def _pause(results: Sequence[Result]) -> None:
    """Accounts that were asked to slow down wait, longer each time; those that got
    something through start anew."""
    throttled: dict[int, Refusal] = {}
    well = set()
    for result in results:
        outcome, account_id = result.outcome, result.job.account_id
        if isinstance(outcome, Refusal) and outcome.why is Refused.THROTTLE_ACCOUNT:
            throttled[account_id] = outcome
        elif isinstance(outcome, Sent):
            well.add(account_id)
    for account_id, refusal in sorted(throttled.items()):
        sets.execute(
            "UPDATE inbox_sendlane SET throttles = least(throttles + 1, 20), tokens = "
            "1, pause_reason = %s, paused_until = statement_timestamp() + "
            "make_interval(secs => greatest(%s, least(%s, power(2, "
            "least(throttles, 20)) * (0.75 + random() / 2)))) WHERE account_id = %s "
            "AND (paused_until IS NULL OR paused_until <= statement_timestamp())",
            [refusal.words, refusal.wait_seconds, LONGEST_PAUSE, account_id],
        )
    if calm := sorted(well - throttled.keys()):
        sets.execute(
            "UPDATE inbox_sendlane SET throttles = 0, pause_reason = '' "
            "WHERE account_id = ANY(%s) AND throttles > 0 "
            "AND paused_until <= statement_timestamp()",
            [calm],
        )


# What is written depends on where the message is by now: a status or an echo may have
# come first, the lease may have been taken for lost, a person may have decided. That it
# was sent stands against everything that is not better; anything else only counts for
# who is still waiting for it.
SETTLE = """
    UPDATE inbox_message m SET
        external_id = CASE WHEN r.external_id <> '' THEN r.external_id
            ELSE m.external_id END,
        status = CASE WHEN w.moves THEN r.status ELSE m.status END,
        status_rank = CASE WHEN w.moves THEN r.rank ELSE m.status_rank END,
        error = CASE WHEN w.moves THEN r.error ELSE m.error END,
        errors = CASE WHEN w.moves AND r.errors IS NOT NULL THEN r.errors
            ELSE m.errors END,
        next_attempt_at = CASE WHEN w.moves AND r.status = 'queued'
            THEN statement_timestamp() + make_interval(secs => r.wait)
            ELSE m.next_attempt_at END,
        uncertain_at = CASE WHEN NOT w.moves THEN m.uncertain_at
            WHEN r.status = 'unknown'
            THEN coalesce(m.uncertain_at, statement_timestamp()) END,
        attempts = m.attempts - (w.moves AND r.refund)::int,
        leased_by = NULL, lease_until = NULL
    FROM json_to_recordset(%s::json) AS r(id bigint, ref text, sent boolean,
        external_id text, status text, rank smallint, error text, errors jsonb,
        wait double precision, refund boolean)
    CROSS JOIN LATERAL (
        SELECT r.sent AND n.status IN ('queued', 'sending', 'unknown', 'unconfirmed')
            OR n.status = 'sending' OR n.status = 'unknown' AND r.status <> 'unknown'
            AS moves FROM inbox_message n WHERE n.id = r.id
    ) w
    WHERE m.id = r.id AND m.ref = r.ref
    RETURNING m.ref
"""
CATCH_UP = """
    UPDATE inbox_message m SET
        status = CASE WHEN m.provider_at <= k.read_until THEN 'read'
            ELSE 'delivered' END,
        status_rank = CASE WHEN m.provider_at <= k.read_until THEN 6 ELSE 5 END
    FROM inbox_readmark k
    WHERE m.id = ANY(%s) AND k.account_id = m.account_id
        AND k.contact_id = m.contact_id AND m.status = 'sent'
        AND m.provider_at <= greatest(k.read_until, k.delivered_until)
    RETURNING m.id
"""
ATTEMPTS = """
    UPDATE inbox_sendattempt a SET outcome = r.outcome, code = r.code,
        subcode = r.subcode, detail = r.detail, trace = r.trace,
        external_id = r.external_id, finished_at = statement_timestamp(),
        confirmed_late_at = CASE WHEN a.ref = ANY(l.late)
            THEN statement_timestamp() ELSE a.confirmed_late_at END
    FROM json_to_recordset(%s::json) AS r(ref text, outcome text, code int,
        subcode int, detail text, trace text, external_id text),
        (SELECT %s::text[] AS late) l
    WHERE a.ref = r.ref
"""
