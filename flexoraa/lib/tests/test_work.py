"""The worker: drains when told, goes on after failures, stops when asked."""

import threading
import time

import pytest
from django.db import OperationalError, connection

from flexoraa.lib import work

pytestmark = pytest.mark.django_db(transaction=True)


def started(worker: work.Worker, queues: list[str]) -> threading.Thread:
    thread = threading.Thread(target=worker.run, args=[queues])
    thread.start()
    return thread


def wait_for(condition, seconds: float = 5) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_it_drains_does_chores_and_stops():
    drained, chores = [], []
    worker = work.Worker(
        [lambda: drained.append(1) or 0], [lambda: chores.append(1)], 2
    )
    thread = started(worker, ["test_queue"])
    assert wait_for(lambda: drained and chores)
    worker.stop()
    thread.join(5)
    assert not thread.is_alive()


def test_the_bell_wakes_an_idle_worker(monkeypatch):
    monkeypatch.setattr(work, "IDLE_SECONDS", 60)
    looks = []
    worker = work.Worker([lambda: looks.append(time.monotonic()) or 0], [], 1)
    thread = started(worker, ["test_bell"])
    try:
        assert wait_for(lambda: len(looks) == 1 and work.running() == 1)
        rung = time.monotonic()
        work.Bell("test_bell").ring()
        assert wait_for(lambda: len(looks) > 1)
        assert looks[1] - rung < 5
    finally:
        worker.stop()
        thread.join(5)


def test_the_bell_rings_at_most_twice_a_second(django_assert_num_queries):
    bell = work.Bell("test_bell")
    with django_assert_num_queries(1):
        for _ in range(100):
            bell.ring()


def test_a_worker_stays_eager_longer_than_the_bell_is_silent():
    assert work.NOTIFY_EVERY < work.EAGER_FOR


def test_who_found_something_is_eager_and_who_did_not_rests(monkeypatch):
    monkeypatch.setattr(work, "IDLE_SECONDS", 60)
    found, idle = [], []

    def finds_once() -> int:
        found.append(1)
        return len(found) == 1

    worker = work.Worker([finds_once], [], 1, apart=[lambda: idle.append(1) or 0])
    thread = started(worker, ["test_bell"])
    try:
        assert wait_for(lambda: len(found) > 10)
        assert len(idle) == 1
        worker.wake()  # what one does, others may go on with
        assert wait_for(lambda: len(idle) > 3)
    finally:
        worker.stop()
        thread.join(5)


def test_it_goes_on_after_the_database_went_away():
    calls = []

    def drain() -> int:
        calls.append(1)
        if len(calls) == 1:
            connection.close()
            raise OperationalError("server closed the connection unexpectedly")
        return 0

    worker = work.Worker([drain], [], 1)
    thread = started(worker, [])
    assert wait_for(lambda: len(calls) > 1)
    worker.stop()
    thread.join(5)


def test_who_waits_for_a_server_holds_up_nobody_and_is_waited_for():
    answered, ended, shared = threading.Event(), [], []
    worker = work.Worker(
        [lambda: shared.append(1) or 0],
        [],
        1,
        apart=[lambda: answered.wait(10) and 0],
        finishers=[lambda: ended.append(1) or 0],
    )
    thread = started(worker, [])
    worker.wake()
    assert wait_for(lambda: len(shared) > 3)
    worker.stop()
    assert thread.is_alive()
    assert not ended
    answered.set()
    thread.join(5)
    assert ended == [1]


def test_one_worker_of_two_does_the_chores():
    first, second = [], []
    one = work.Worker([], [lambda: first.append(1)], 0)
    two = work.Worker([], [lambda: second.append(1)], 0)
    thread_one = started(one, [])
    assert wait_for(lambda: first)
    thread_two = started(two, [])
    time.sleep(0.5)
    assert not second
    one.stop()
    thread_one.join(5)
    assert wait_for(lambda: second)
    two.stop()
    thread_two.join(5)


def test_drain_all_ends_when_nothing_is_left():
    left = [5, 3, 0]
    assert work.drain_all([lambda: left.pop(0)], [lambda: None]) == 8
