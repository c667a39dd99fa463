"""From stored deliveries to rows: claim, read, apply, settle.

A batch is applied as a whole, in one transaction with the settling of its deliveries.
When that fails it is taken again delivery by delivery, and a failing delivery event by
event, so that only what is broken stays behind, with its traceback.
"""

import logging
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction

from flexoraa.lib import clean
from flexoraa.lib.deliveries import MAX_FAILURES, Claimed, LeaseLost, Settled
from inbox import adapters, burying, effects
from inbox.adapters.base import UNTIMED, Event, Noted, Parsed
from inbox.applying import apply
from inbox.models import ChannelAccount, WebhookDelivery
from inbox.routing import Routed, Router

log = logging.getLogger(__name__)
BATCH = 500
ID_LENGTH = 512  # of the columns for message ids


@dataclass(slots=True)
class Reading:
    """One delivery, what its body says, and for whom."""

    claimed: Claimed
    channel: str = ""
    parsed: Parsed = field(default_factory=Parsed)
    error: str = ""
    routed: list[Routed[Event]] = field(default_factory=list)
    unrouted: list[str] = field(default_factory=list)

    def settled(self, problems: Sequence[str] = ()) -> Settled:
        """How this delivery ends, given what went wrong while applying it."""
        broken = [f"{item.where}\n{item.traceback}" for item in self.parsed.failures]
        error = "\n".join(filter(None, [self.error, *broken, *problems]))
        state = "done"
        if problems and self.claimed.failures + 1 < MAX_FAILURES:
            state = "retry"
        elif error:
            state = "dead"
        elif self.unrouted:
            state = "unroutable"
            error = "Nobody connected " + ", ".join(self.unrouted)
        return Settled(
            self.claimed.id, state, self.outcome(), error[:50_000], self.unrouted
        )

    def outcome(self) -> dict[str, int]:
        """How many events of which kind the body held."""
        counts = Counter(type(event).__name__ for event in self.parsed.events)
        if self.parsed.failures:
            counts["Failure"] = len(self.parsed.failures)
        return dict(counts)


def drain(batch: int = BATCH) -> int:
    """Claim and work off one batch; how many deliveries it was."""
    claimed = WebhookDelivery.objects.claim(batch)
    if claimed:
        ingest(claimed)
    return len(claimed)


def backlog() -> dict[str, float]:
    """How many deliveries wait, and for how many seconds the oldest of them."""
    return WebhookDelivery.objects.backlog()


def drain_loners() -> int:
    """Work off, one by one, what may have killed workers."""
    count = 0
    while claimed := WebhookDelivery.objects.claim_loner():
        ingest(claimed)
        count += 1
    return count


def ingest(claimed: Sequence[Claimed]) -> None:
    """Apply claimed deliveries, all at once if that works."""
    readings = [read(item) for item in claimed]
    route(readings)
    try:
        _apply(readings)
    except Exception as error:
        _raise_if_not_ours(error)
        log.warning("A batch of %s is taken one by one: %r", len(readings), error)
        for reading in readings:
            _apply_alone(reading)


def read(claimed: Claimed) -> Reading:
    """Parse one body; whatever it holds, this does not raise."""
    reading = Reading(claimed)
    try:
        document = clean.loads(bytes(claimed.body))
        adapter = adapters.for_document(claimed.route, document)
        reading.channel = adapter.channel
        reading.parsed = adapter.parse(document)
    except clean.Unreadable as error:
        reading.error = f"The body is {error}"
    except Exception:
        reading.error = traceback.format_exc()
    return reading


def route(readings: Sequence[Reading]) -> None:
    """Find the account of every event; what nobody connected is noted as such."""
    router = Router(
        (reading.channel, event)
        for reading in readings
        for event in reading.parsed.events
    )
    for reading in readings:
        unrouted = {}
        for event in reading.parsed.events:
            accounts = router.accounts(reading.channel, event)
            if not accounts:
                unrouted[router.key(reading.channel, event)] = True
            ready = _fitted(_timed(event, reading.claimed))
            reading.routed += [
                Routed(account, ready, reading.claimed.id) for account in accounts
            ]
        reading.unrouted = list(unrouted)


def _timed(event: Event, claimed: Claimed) -> Event:
    """A message without a time is as old as its delivery, at each replay the same.
    Noted events stay untimed: redelivered they are the same event still."""
    if event.at != UNTIMED or isinstance(event, Noted):
        return event
    return replace(event, at=claimed.received_at)


def _fitted(event: Event) -> Event:
    """Ids of any length fit their columns and stay different."""
    for name in ("external_id", "target", "reply_to"):
        value = getattr(event, name, "")
        if len(value) > ID_LENGTH:
            fitted: dict[str, Any] = {name: clean.fit(value, ID_LENGTH)}
            event = replace(event, **fitted)
    return event


def _apply(readings: Sequence[Reading]) -> None:
    """Effects and settling in one transaction: both happen, or neither."""
    with transaction.atomic():
        buried = apply([item for reading in readings for item in reading.routed])
        settled = [reading.settled() for reading in readings]
        WebhookDelivery.objects.settle(settled)
        if buried:
            burying.clear(buried, [row.id for row in settled if row.state == "done"])


def _apply_alone(reading: Reading) -> None:
    """One delivery; if it fails as a whole, each of its events by itself."""
    try:
        _apply([reading])
    except Exception as error:
        _raise_if_not_ours(error)
        problems = problems_of(reading)
        with transaction.atomic():
            WebhookDelivery.objects.settle([reading.settled(problems)])


def problems_of(reading: Reading) -> list[str]:
    """Apply each event of a delivery by itself; the tracebacks of those that fail."""
    return list(filter(None, map(_problem_with, reading.routed)))


def _problem_with(item: Routed[Event]) -> str:
    """Apply one event; the traceback if that fails."""
    try:
        with transaction.atomic():
            apply([item])
    except Exception as error:
        _raise_if_not_ours(error)
        return traceback.format_exc()
    return ""


def _raise_if_not_ours(error: Exception) -> None:
    """Lost connections and lost leases are not the delivery's fault: they pass, the
    lease frees the rows. Deadlocks and the like are worth another try right here."""
    if isinstance(error, LeaseLost | InterfaceError):
        raise error
    if isinstance(error, OperationalError) and not connection.is_usable():
        raise error


def housekeep() -> None:
    """Each second, by one worker: wake retries, free what dead workers held, take
    loners, tie late pairs of fact and message, replay for accounts just connected."""
    WebhookDelivery.objects.housekeep()
    drain_loners()
    with transaction.atomic():
        effects.sweep()
    for account in ChannelAccount.objects.connected_lately():
        WebhookDelivery.objects.replay_for(account)
