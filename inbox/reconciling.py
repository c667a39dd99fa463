"""Messages of which nobody knows whether they were sent: how that is found out, and
what happens if it is not.

A status or an echo that carries the reference settles it, whenever it comes. When none
has come after a while the message is sent again by machine only if silence proves
something: the account's confirmations do arrive, everything that came is worked off,
the message may still be written freely, and nothing later was said meanwhile. Else a
person is asked. A template is never sent again by machine: it costs money and trust.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from flexoraa.lib import sets
from inbox import announcing, windows
from inbox.models import ChannelAccount, Message, WebhookDelivery
from inbox.models.messages import RANKS

BATCH = 500
MAX_MACHINE_TRIES = 3
DIED = "It may have been sent: the worker that sent it did not come back."
ASK = "It may have been sent: nobody confirmed it. Send it again, or mark it as sent?"
TOO_LATE = "It could not be sent in time."


class Doubtful(NamedTuple):
    """A message that is uncertain for too long, and what speaks for another try."""

    id: int
    account_id: int
    conversation_id: int
    kind: str
    tries: int
    uncertain_at: datetime
    confirmed_since: bool  # by the account, about another message
    said_since: bool  # something later went out in the conversation
    long_ago: bool  # twice as long as one waits


def housekeep() -> None:
    """Each second, by one worker; cheap when idle."""
    recover()
    decide()
    expire()


@transaction.atomic
def recover() -> int:
    """What a dead worker was sending is uncertain; how many there were."""
    rows = sets.fetch(
        "UPDATE inbox_message SET status = 'unknown', status_rank = %s, error = %s, "
        "uncertain_at = statement_timestamp(), leased_by = NULL, lease_until = NULL "
        "WHERE id IN (SELECT id FROM inbox_message WHERE status = 'sending' AND ("
        "lease_until < statement_timestamp() "
        "OR leased_by NOT IN (SELECT pid FROM pg_stat_activity)) "
        "ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED) RETURNING id, ref",
        [RANKS["unknown"], DIED, BATCH],
    )
    if rows:
        sets.execute(
            "UPDATE inbox_sendattempt SET outcome = 'uncertain', detail = %s, "
            "finished_at = statement_timestamp() "
            "WHERE ref = ANY(%s) AND outcome = 'running'",
            [DIED, [ref for _, ref in rows]],
        )
        announcing.messages_updated([pk for pk, _ in rows])
    return len(rows)


@transaction.atomic
def decide() -> int:
    """Send again, or ask a person about, what is uncertain for too long; how many."""
    rows = sets.fetch(
        DOUBTFUL, {"seconds": settings.SEND_UNKNOWN_SECONDS, "limit": BATCH}
    )
    doubtful = [Doubtful(*row) for row in rows]
    if not doubtful:
        return 0
    oldest = _oldest_waiting()
    again, ask = [], []
    for row in doubtful:
        behind = oldest is not None and oldest <= row.uncertain_at
        if may_send_again(row) and not behind:
            again.append(row.id)
        elif not behind or row.long_ago:
            ask.append(row.id)
    _send_again(again)
    _ask(ask)
    announcing.messages_updated([*again, *ask])
    return len(again) + len(ask)


def may_send_again(row: Doubtful) -> bool:
    """Whether silence means that it was not sent, and saying it still makes sense."""
    if row.kind == "template" or row.tries >= MAX_MACHINE_TRIES or row.said_since:
        return False
    account = ChannelAccount.objects.defer("token").get(pk=row.account_id)
    if not row.confirmed_since or not account.may_send:
        return False
    last, now = sets.fetch(windows.LAST_INBOUND, {"id": row.conversation_id})[0]
    return windows.judge(account, last, now).is_open


@transaction.atomic
def expire() -> int:
    """What waited for so long is not sent any more: the answer would surprise."""
    rows = sets.fetch(
        "UPDATE inbox_message SET status = 'failed', status_rank = %s, error = "
        "left(CASE WHEN error = '' THEN %s ELSE %s || ' ' || error END, 500) "
        "WHERE id IN (SELECT m.id FROM inbox_message m WHERE m.status = 'queued' "
        "AND m.created_at < statement_timestamp() - make_interval(secs => %s) "
        "AND coalesce((SELECT max(s.started_at) FROM inbox_sendattempt s "
        "WHERE s.message_id = m.id), m.created_at) "
        "< statement_timestamp() - make_interval(secs => %s) "
        "ORDER BY m.id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED) RETURNING id",
        [
            RANKS["failed"],
            TOO_LATE,
            TOO_LATE,
            settings.SEND_WITHIN_HOURS * 3600,
            settings.SEND_WITHIN_HOURS * 3600,
            BATCH,
        ],
    )
    expired = [row[0] for row in rows]
    expired += Message.objects.fail_dependents(expired)
    announcing.messages_updated(expired)
    return len(rows)


def _oldest_waiting() -> datetime | None:
    """When the oldest webhook came that is not worked off; None without any."""
    oldest = [
        WebhookDelivery.objects.filter(state=state).order_by("received_at")
        for state in ("new", "running", "retry")
    ]
    found = [
        at for rows in oldest for at in rows.values_list("received_at", flat=True)[:1]
    ]
    return min(found, default=None)


def _send_again(ids: Sequence[int]) -> None:
    """Its next attempt has a reference of its own, so that both can be told apart."""
    if ids:
        sets.execute(
            "UPDATE inbox_message SET status = 'queued', status_rank = 0, error = '', "
            "uncertain_at = NULL, next_attempt_at = statement_timestamp() "
            "WHERE id = ANY(%s)",
            [list(ids)],
        )


def _ask(ids: Sequence[int]) -> None:
    if ids:
        sets.execute(
            "UPDATE inbox_message SET status = 'unconfirmed', status_rank = %s, "
            "error = %s WHERE id = ANY(%s)",
            [RANKS["unconfirmed"], ASK, list(ids)],
        )
        Message.objects.fail_dependents(ids)


DOUBTFUL = """
    SELECT m.id, m.account_id, m.conversation_id, m.kind, m.attempts, m.uncertain_at,
        coalesce(a.last_confirmation_at > m.uncertain_at, false),
        EXISTS (SELECT 1 FROM inbox_message later
            WHERE later.conversation_id = m.conversation_id AND later.id > m.id
            AND later.direction = 'out' AND later.provider_at > m.provider_at
            AND later.status NOT IN ('queued', 'failed')),
        m.uncertain_at < statement_timestamp() - make_interval(secs => 2 * %(seconds)s)
    FROM inbox_message m JOIN inbox_channelaccount a ON a.id = m.account_id
    WHERE m.status = 'unknown'
        AND m.uncertain_at < statement_timestamp() - make_interval(secs => %(seconds)s)
    ORDER BY m.uncertain_at, m.id LIMIT %(limit)s FOR NO KEY UPDATE OF m SKIP LOCKED
"""
