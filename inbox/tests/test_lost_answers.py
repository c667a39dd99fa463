"""A platform that takes a thousand replies and answers none: nobody gets one twice."""

from collections import Counter, defaultdict

import pytest

from flexoraa.sandbox import events
from inbox import reconciling, settling
from inbox.models import Message
from inbox.tests.replying import say, talk
from inbox.tests.sandboxed import LONG_AGO, deliver, due_now

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
EACH = 250
MUTE = "200000000000009"  # a number whose webhooks go nowhere


def test_a_thousand_lost_answers_double_nothing(connect, meta, receive, settings):
    settings.SEND_READ_SECONDS = 0.2
    fast = {"sends_per_second": 1000}
    accounts = [connect(channel, **fast) for channel in ("whatsapp", "instagram")]
    accounts += [connect("facebook", **fast), connect(external_id=MUTE, **fast)]
    for number, account in enumerate(accounts):
        for person in range(EACH):
            talks_with = talk(account, f"9198{number}{person:07d}")
            say(talks_with, f"Reply {number}.{person}")
    meta.faults.add(when="instead", seconds=1, count=None)
    deliver()
    assert meta.ledger.count_sends() == 4 * EACH
    assert set(statuses()) <= {"unknown"}

    bodies = defaultdict(list)
    for channel, body in meta.callbacks.take():
        if MUTE.encode() not in body:
            bodies[channel].append(body)
    for channel, posted in bodies.items():
        receive(channel, events.merge(*posted))
    assert statuses()["unknown"] == EACH

    Message.objects.filter(status="unknown").update(uncertain_at=LONG_AGO)
    for _ in range(5):  # as often as it likes
        reconciling.housekeep()
        due_now()
        deliver()
    assert statuses() == {"delivered": 2 * EACH, "sent": EACH, "unconfirmed": EACH}
    assert meta.ledger.doubles(by="text") == {}
    assert meta.ledger.count_sends() == 4 * EACH


def test_the_control_with_blind_retries_doubles(connect, meta, settings, monkeypatch):
    settings.SEND_READ_SECONDS = 0.2
    verdict = settling.verdict

    def blindly(job, outcome):
        if isinstance(outcome, settling.Uncertain):
            return "queued", "", 0
        return verdict(job, outcome)

    monkeypatch.setattr(settling, "verdict", blindly)
    account = connect(sends_per_second=1000)
    for person in range(50):
        say(talk(account, f"91981{person:07d}"), f"Reply {person}")
    meta.faults.add(when="instead", seconds=1, count=50)
    while statuses() != {"sent": 50}:
        due_now()
        deliver()
    # under load one may meet the fault twice, and another never
    assert len(meta.ledger.doubles(by="text")) > 40


def statuses() -> Counter:
    """How many of our messages are how far."""
    ours = Message.objects.filter(direction="out")
    return Counter(ours.values_list("status", flat=True))
