"""Seen, typing and reactions: sent beside messages, again without harm, and forgotten.

They have no outbox of their own rank: of each kind only the latest counts, and when a
few tries fail, nothing is lost that anybody would miss.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.db import transaction

from flexoraa.lib import http, sets
from flexoraa.lib.ids import uuid7
from inbox import recipients
from inbox.adapters import ADAPTERS
from inbox.adapters.base import Adapter
from inbox.adapters.sending import Call, Draft, Outgoing, Refusal, Refused, Unsendable
from inbox.models import ChannelAccount, Conversation, Gesture

BATCH = 16
MOST_TRIES = 5
TYPING_SECONDS = 15  # what comes later would be a lie
READ_SECONDS = 5.0
AGAIN = frozenset((Refused.RETRY, Refused.THROTTLE_ACCOUNT, Refused.THROTTLE_PAIR))


def make(conversation: Conversation, kind: str, target: str, emoji: str = "") -> None:
    """Put a gesture in line; a newer one takes the place of the same kind's older."""
    row = {
        "public_id": uuid7(),
        "workspace_id": conversation.workspace_id,
        "conversation_id": conversation.pk,
        "kind": kind,
        "target": target,
        "emoji": emoji[:64],
    }
    sets.insert(
        Gesture,
        [row],
        on_conflict="(conversation_id, kind, target) DO UPDATE SET attempts = 0, "
        "emoji = excluded.emoji, created_at = statement_timestamp(), "
        "due_at = statement_timestamp()",
    )


def drain() -> int:
    """Send a batch of what is due; how many there were.

    Each is put off before it is tried, so that a worker that dies loses none and two
    workers do not take the same one.
    """
    claimed = claim()
    if not claimed:
        return 0
    accounts = recipients.accounts_by_id(
        {gesture.conversation.account_id for gesture in claimed}
    )
    calls = [
        (gesture, *_call(gesture, accounts[gesture.conversation.account_id]))
        for gesture in claimed
    ]
    with ThreadPoolExecutor(max_workers=min(len(calls), BATCH)) as pool:
        over = [
            gesture.pk
            for gesture, is_over in pool.map(lambda item: _send(*item), calls)
            if is_over
        ]
    # one that was made anew meanwhile has no attempts, and stays
    Gesture.objects.filter(pk__in=over, attempts__gt=0).delete()
    return len(claimed)


@transaction.atomic
def claim() -> Sequence[Gesture]:
    """Due ones, each put off until it can be taken for lost; what is stale is gone."""
    sets.execute(
        "DELETE FROM inbox_gesture WHERE attempts >= %s OR (kind = 'typing' AND "
        "created_at < statement_timestamp() - make_interval(secs => %s))",
        [MOST_TRIES, TYPING_SECONDS],
    )
    taken = sets.fetch(
        "UPDATE inbox_gesture SET attempts = attempts + 1, due_at = "
        "statement_timestamp() + make_interval(secs => 10 * power(2, attempts)) "
        "WHERE id IN (SELECT id FROM inbox_gesture "
        "WHERE due_at <= statement_timestamp() ORDER BY due_at, id LIMIT %s "
        "FOR UPDATE SKIP LOCKED) RETURNING id",
        [BATCH],
    )
    rows = Gesture.objects.filter(pk__in=[row[0] for row in taken])
    return list(rows.select_related("conversation"))


def _call(
    gesture: Gesture, account: ChannelAccount | None
) -> tuple[Adapter, Outgoing | None, Call | None]:
    """The call of a gesture; None where the channel has none for it."""
    conversation = gesture.conversation
    adapter = ADAPTERS[conversation.channel]
    if account is None or not account.token or not account.may_send:
        return adapter, None, None
    try:
        outgoing = Outgoing(
            account=account.external_id,
            token=account.token,
            to=recipients.names_of([conversation.pk])[conversation.pk],
            ref="",
            draft=Draft(),
        )
        if gesture.kind == Gesture.Kind.REACTION:
            call = adapter.reaction_call(outgoing, gesture.target, gesture.emoji)
        elif gesture.kind == Gesture.Kind.SEEN:
            call = adapter.seen_call(outgoing, gesture.target)
        else:
            call = adapter.typing_call(outgoing, gesture.target)
    except Unsendable:
        return adapter, None, None
    return adapter, outgoing, call


def _send(
    gesture: Gesture, adapter: Adapter, outgoing: Outgoing | None, call: Call | None
) -> tuple[Gesture, bool]:
    """Make the call; whether that was the end of it."""
    if outgoing is None or call is None:
        return gesture, True
    try:
        answer = http.call(
            call.method,
            adapter.url(call),
            json=call.json,
            params=adapter.params(call, outgoing.token),
            headers=adapter.headers(outgoing.token),
            read_seconds=min(READ_SECONDS, settings.SEND_READ_SECONDS),
        )
    except http.CallFailed:
        return gesture, False
    result: Any = adapter.outcome(answer.status, answer.json())
    if 200 <= answer.status < 300 or not isinstance(result, Refusal):
        return gesture, True
    return gesture, result.why not in AGAIN
