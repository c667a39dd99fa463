"""Workers that die between a commit and a call, and what blind retries would do."""

import pytest

from inbox import confirming, delivery, outbox, reconciling, settling
from inbox.models import Message, SendAttempt
from inbox.tests.replying import say, talk
from inbox.tests.sandboxed import (
    LONG_AGO,
    confirm_another,
    deliver,
    due_now,
    long_ago,
    states,
)

pytestmark = pytest.mark.django_db


def test_what_a_dead_worker_was_sending_is_unknown(number, meta):
    message = say(talk(number))
    assert len(outbox.claim(8, {}, 8)) == 1
    Message.objects.filter(pk=message.pk).update(leased_by=1)  # no such session
    reconciling.housekeep()
    message.refresh_from_db()
    assert (message.status, message.leased_by) == ("unknown", None)
    assert message.sends.get().outcome == "uncertain"
    deliver()
    assert meta.ledger.sends() == []


def test_a_lease_ends_by_the_clock_of_the_database(number):
    message = say(talk(number))
    outbox.claim(8, {}, 8)
    reconciling.housekeep()
    assert states(message) == ["sending"]
    Message.objects.filter(pk=message.pk).update(lease_until=LONG_AGO)
    reconciling.housekeep()
    assert states(message) == ["unknown"]


def test_an_answer_that_comes_after_its_lease_still_counts(number, meta, monkeypatch):
    message = say(talk(number))
    real, held = delivery.settle, []
    monkeypatch.setattr(delivery, "settle", held.extend)
    deliver()
    Message.objects.filter(pk=message.pk).update(lease_until=LONG_AGO)
    reconciling.housekeep()
    real(held)
    assert states(message) == ["sent"]


@pytest.mark.parametrize("point", ["claimed", "called", "settled"])
def test_a_worker_may_die_anywhere(point, number, meta, hear, monkeypatch):
    """After each commit and call: nothing is doubled, and in the end it is known."""

    class Died(BaseException):
        pass

    def die(at: str) -> None:
        if at == point:
            raise Died

    message = say(talk(number))
    monkeypatch.setattr(delivery, "passing", die)
    post = delivery.Post(4)
    try:
        for _ in range(3):
            post.drain()
    except Died:
        pass
    monkeypatch.undo()
    Message.objects.filter(status="sending").update(lease_until=LONG_AGO)
    reconciling.housekeep()
    hear()
    long_ago()
    confirm_another(number)
    reconciling.housekeep()
    deliver()
    hear()
    assert states(message) == ["delivered"]
    assert len(meta.ledger.sends()) == 1


def test_naive_blind_retries_double(number, meta, monkeypatch):
    """The guard off: no answer counts as not sent, as it does in many programs."""
    monkeypatch.setattr(
        delivery, "Uncertain", lambda words: settling.NotSent(words), raising=True
    )
    meta.faults.add(when="after", how="reset", count=3)
    for who in ("919800000001", "919800000002", "919800000003"):
        say(talk(number, who))
    deliver()
    due_now()
    deliver()
    assert len(meta.ledger.sends()) == 6  # for three messages


def test_a_hundred_lost_answers_double_nothing(number, meta, hear, settings):
    settings.SEND_READ_SECONDS = 0.2
    meta.faults.add(when="after", how="timeout", seconds=0.3, count=60)
    meta.faults.add(when="before", how="reset", count=20)
    messages = [say(talk(number, f"91980000{n:04}")) for n in range(100)]
    number.sends_per_second = 1000
    number.save()
    deliver()
    hear()
    long_ago()
    confirm_another(number)
    reconciling.housekeep()
    deliver()
    hear()
    assert set(states(*messages)) == {"delivered"}
    assert (len(meta.ledger.sends()), meta.ledger.doubles()) == (100, {})
    people = [call.to for call in meta.ledger.sends()]
    assert len(set(people)) == 100
    assert SendAttempt.objects.filter(confirmed_late_at__isnull=False).count() == 0


def test_references_of_nobody_are_ignored():
    assert confirming.match([], []).messages == set()
