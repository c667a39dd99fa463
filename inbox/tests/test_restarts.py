"""T46: a worker that is asked to stop finishes what it has."""

import signal
import time

import pytest

from inbox.models import Message
from inbox.tests import live
from inbox.tests.replying import say, talk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_a_worker_that_is_asked_to_stop_leaves_nothing_half_done(connect, meta):
    number = connect(sends_per_second=1000)
    for person in range(100):
        say(talk(number, f"9198{person:08d}"), f"Reply {person}")
    meta.rules.seconds = 0.5
    calls = {"GRAPH_URL": meta.url, "SEND_SLOTS": "8"}
    for _ in range(2):
        sent = meta.ledger.count_sends()
        worker = live.start("manage.py", "run_worker", **calls)
        try:
            live.wait_until(lambda s=sent: meta.ledger.count_sends() > s + 8, 60)
            asked_at = time.monotonic()
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(25) == 0
            assert time.monotonic() - asked_at < 25
        finally:
            live.kill(worker)
        states = Message.objects.filter(direction="out").values_list("status")
        assert set(states.distinct()) <= {("queued",), ("sent",)}
        assert states.filter(status="sent").count() == meta.ledger.count_sends()
    assert meta.ledger.count_sends() < 100
    meta.rules.seconds = 0
    worker = live.start("manage.py", "run_worker", **calls)
    try:
        live.wait_until(lambda: meta.ledger.count_sends() == 100, 60)
    finally:
        live.kill(worker)
    assert meta.ledger.doubles(by="text") == {}
