"""T46: who is asked to stop finishes what it has, and the next goes on."""

import os
import signal
import threading
import time
from datetime import UTC, datetime

import psutil
import pytest
import requests

from conftest import EXTERNAL_IDS
from flexoraa.sandbox import events
from inbox import ingest
from inbox.models import Message
from inbox.tests import live
from inbox.tests.replying import say, talk

RESTARTS = int(os.environ.get("RESTARTS", "6"))  # guarantees T46 asks for 20
NUMBER = events.Account("whatsapp", EXTERNAL_IDS["whatsapp"], "300000000000001")
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


def test_the_web_restarts_under_load_and_loses_nothing(make_account):
    """SIGHUP: granian starts a new worker beside each old one before it ends it. Who
    connects in the moment of its end is cut off before an answer, and tries again as
    Meta does, and the proxy that docs/running.md shows."""
    make_account()
    answers: list[int] = []
    cut_off: list[bytes] = []
    over = threading.Event()

    def write(number: int) -> None:
        person = events.Person(f"9197{number:08d}", "P")
        while not over.is_set():
            mid = f"wamid.{number}.{time.monotonic_ns()}"
            body = events.text(NUMBER, person, mid, datetime.now(UTC), "Still there?")
            answer = live.post(url, "whatsapp", body, requests.Session(), seconds=40)
            if not answer:
                cut_off.append(body)
                answer = live.post(url, "whatsapp", body, requests.Session())
            answers.append(answer)
            time.sleep(0.02)

    with live.serving(1) as (url, server):
        posters = [threading.Thread(target=write, args=(n,)) for n in range(3)]
        for poster in posters:
            poster.start()
        try:
            for _ in range(RESTARTS):
                old = psutil.Process(server.pid).children()
                server.send_signal(signal.SIGHUP)
                gone, alive = psutil.wait_procs(old, 60)
                assert gone
                assert not alive
        finally:
            over.set()
            for poster in posters:
                poster.join()
    assert set(answers) == {200}
    assert len(cut_off) <= RESTARTS
    while ingest.drain():
        pass
    assert Message.objects.count() == len(answers)
