"""Faults that need real processes: kill -9, a restarting database, large bodies."""

import os
import random
import signal
import threading
import time
from pathlib import Path

import psycopg
import pytest
import requests

from inbox.models import Conversation, Message, WebhookDelivery
from inbox.tests import bodies, live

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_killing_the_worker_loses_and_doubles_nothing(account):
    """kill -9 again and again over 5,000 messages, each delivered as Meta would."""
    for start in range(0, 5000, 5):
        numbers = range(start, start + 5)
        body = bodies.whatsapp(*[bodies.text(n, person=n % 200) for n in numbers])
        WebhookDelivery.accept("whatsapp", body, {}, b"%d" % (start % 7))
    chance, kills = random.Random(3), 0
    until = time.monotonic() + 120
    while WebhookDelivery.objects.backlog()["waiting"]:
        assert time.monotonic() < until, "the backlog did not drain"
        with live.worker() as process:
            live.wait_until(is_working, 20)
            time.sleep(chance.uniform(0.0, 0.3))
            if kills < 12:
                live.kill(process)
                kills += 1
            else:
                live.wait_until(is_drained, 60)
    assert kills >= 5
    assert Message.objects.count() == 5000
    assert Message.objects.values("external_id").distinct().count() == 5000
    assert Conversation.objects.count() == 200
    assert sum(Conversation.objects.values_list("unread_count", flat=True)) == 5000
    assert not WebhookDelivery.objects.exclude(state="done").exists()


def is_working() -> bool:
    """A worker has something in hand, or nothing is left."""
    running = WebhookDelivery.objects.filter(state="running").exists()
    return running or is_drained()


def is_drained() -> bool:
    return not WebhookDelivery.objects.backlog()["waiting"]


def test_webhooks_become_messages_with_and_without_a_bell(account):
    """Broker or no broker: the table is the queue, the clock finds what it holds."""
    with live.web() as url, live.worker():
        session = requests.Session()
        body = bodies.whatsapp(bodies.text(1))
        live.wait_until(lambda: requests.get(f"{url}/readyz").json()["workers"], 20)
        assert live.post(url, "whatsapp", body, session) == 200
        live.wait_until(lambda: Message.objects.count() == 1, 5)
        time.sleep(3)  # the worker is idle again
        body = bodies.whatsapp(bodies.text(2))
        WebhookDelivery.accept("whatsapp", body, {}, b"")  # nobody rings
        live.wait_until(lambda: Message.objects.count() == 2, 10)


def test_large_bodies_do_not_fill_the_memory(account):
    """3 MiB are taken, 5 MB are not; one adds little, and many do not add up."""
    large = b'"' + b"x" * (3 * 1024 * 1024 - 2) + b'"'
    with live.web() as url:
        session = requests.Session()
        for _ in range(3):
            assert live.post(url, "whatsapp", b"{}", session) == 200
        before = memory(url)
        assert live.post(url, "whatsapp", large, session) == 200
        assert memory(url) - before < 30 * 2**20
        for _ in range(40):
            assert live.post(url, "whatsapp", large, session) == 200
        filled = memory(url)  # each of four threads has its buffers now
        for _ in range(40):
            assert live.post(url, "whatsapp", large, session) == 200
            assert live.post(url, "whatsapp", large + b" " * 2**21, session) == 413
        assert memory(url) - filled < 30 * 2**20


def memory(url: str) -> int:
    """Resident bytes of the largest process whose command line has this port."""
    port, found = url.rsplit(":", 1)[1].encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"\0" + port + b"\0" in (process / "cmdline").read_bytes():
                found += [process, *children(process)]
        except OSError:
            continue
    return max(resident(process) for process in found)


def children(process: Path) -> list[Path]:
    pids = (process / "task" / process.name / "children").read_text().split()
    return [Path("/proc", pid) for pid in pids]


def resident(process: Path) -> int:
    pages = int((process / "statm").read_text().split()[1])
    return pages * 4096


@pytest.fixture
def own_cluster(tmp_path_factory):
    """A PostgreSQL of this test's own, to be mistreated; its URL and a restart."""
    from flexoraa.lib import localpg

    root = tmp_path_factory.mktemp("pg")
    url = localpg.url(root, "victim")

    def crash() -> None:
        data = localpg.ensure(root).data
        os.kill(int((data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        time.sleep(0.5)
        localpg.ensure(root)

    yield url, crash
    localpg.stop(root)


def test_a_restarting_database_loses_nothing_acknowledged(own_cluster, account):
    """50 webhooks a second while PostgreSQL crashes twice: what was answered with
    200 is stored, what was not is sent again, and nobody restarts the application."""
    url, crash = own_cluster
    migrate = live.start("manage.py", "migrate", database_url=url)
    assert migrate.wait(300) == 0
    acknowledged: list[int] = []
    refused: list[int] = []
    stop = threading.Event()

    def load(web: str) -> None:
        session, number = requests.Session(), 0
        while not stop.wait(0.02):
            number += 1
            body = bodies.whatsapp(bodies.text(number, person=number % 10))
            code = live.post(web, "whatsapp", body, session)
            (acknowledged if code == 200 else refused).append(number)

    with live.web(workers=2, database_url=url) as web, live.worker(database_url=url):
        thread = threading.Thread(target=load, args=[web])
        thread.start()
        for _ in range(2):
            time.sleep(1.5)
            crash()
        crashed_at, before = time.monotonic(), len(acknowledged)
        live.wait_until(lambda: len(acknowledged) > before + 20, 10)
        assert time.monotonic() - crashed_at < 10
        stop.set()
        thread.join()
        assert refused
        stored = {int(name) for name in query(url, STORED)}
        assert set(acknowledged) <= stored
        query(url, "UPDATE inbox_webhookdelivery SET state = 'new' RETURNING id")
        live.wait_until(lambda: query(url, WAITING) == [0], 30)


STORED = (
    "SELECT substring(convert_from(body, 'UTF8') FROM 'wamid.in(\\d+)') "
    "FROM inbox_webhookdelivery"
)
WAITING = "SELECT count(*) FROM inbox_webhookdelivery WHERE state IN ('new', 'running')"


def query(url: str, sql: str) -> list:
    """The first column of what a statement returns on that database."""
    import environ

    made = environ.Env.db_url_config(url)
    with psycopg.connect(
        host=made["HOST"], user=made["USER"], dbname=made["NAME"], autocommit=True
    ) as link:
        return [row[0] for row in link.execute(sql)]
