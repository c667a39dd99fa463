"""Celery's tasks: the worker's own functions, and messages that may be lost."""

import pytest
from django.db import connections
from kombu.exceptions import OperationalError

from flexoraa import celery
from flexoraa.lib import work

LOOKED: list[str] = []
FINISHED: list[str] = []
WAITING = {"first": 0, "second": 0}


def first() -> int:
    LOOKED.append("first")
    WAITING["first"] = max(0, WAITING["first"] - 1)
    return WAITING["first"]


def second() -> int:
    LOOKED.append("second")
    return 0


def chore() -> None:
    LOOKED.append("chore")


def finish() -> int:
    FINISHED.append("finish")
    return 0


@pytest.fixture(autouse=True)
def _work(settings):
    """Two drains and a chore; what is sent is done at once, here."""
    settings.WORK = {
        "queues": [],
        "drains": [f"{__name__}.first"],
        "apart": [f"{__name__}.second"],
        "finishers": [f"{__name__}.finish"],
        "chores": [f"{__name__}.chore"],
    }
    celery.app.conf.task_always_eager = celery.app.conf.task_eager_propagates = True
    LOOKED.clear()
    yield
    celery.app.conf.task_always_eager = celery.app.conf.task_eager_propagates = False


@pytest.mark.django_db(transaction=True)
def test_a_tick_does_the_chores_and_looks_into_every_queue():
    celery.tick()
    assert LOOKED == ["chore", "first", "second"]


@pytest.mark.django_db(transaction=True)
def test_a_drain_goes_on_until_nothing_is_left(monkeypatch):
    WAITING["first"] = 4
    assert celery.drain(f"{__name__}.first") == 3 + 2 + 1
    monkeypatch.setattr(celery, "DRAIN_SECONDS", -1)  # each batch a task of its own
    WAITING["first"], LOOKED[:] = 4, []
    celery.drain(f"{__name__}.first")
    assert LOOKED == ["first"] * 4
    assert FINISHED  # before another process may go on


@pytest.mark.django_db(transaction=True)
def test_a_kick_looks_into_every_queue():
    celery.Kicks()("any")
    assert LOOKED == ["first", "second"]


def test_a_broker_that_is_away_is_left_alone_for_a_while(monkeypatch):
    asked, now = [], [100.0]

    def fail(*_, **__):
        asked.append(1)
        raise OperationalError("connection refused")

    monkeypatch.setattr(celery.drain, "apply_async", fail)
    kick = celery.Kicks(clock=lambda: now[0])
    kick("any")
    kick("any")
    assert len(asked) == 1
    now[0] += celery.SILENCE_SECONDS
    kick("any")
    assert len(asked) == 2


@pytest.mark.django_db(transaction=True)
def test_the_bell_rings_there_too(monkeypatch):
    heard: list[str] = []
    monkeypatch.setattr(work.Bell, "also", staticmethod(heard.append))
    work.Bell("inbox_webhooks").ring()
    assert heard == ["inbox_webhooks"]


@pytest.mark.django_db(transaction=True)
def test_chores_have_one_doer_at_a_time():
    other = connections.create_connection("default")
    other.settings_dict = connections["default"].settings_dict
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [work.CHORES_LOCK])
            assert not work.do_chores([chore])
            assert LOOKED == []
            cursor.execute("SELECT pg_advisory_unlock_all()")
    finally:
        other.close()
    assert work.do_chores([chore])
    assert work.do_chores([chore])
    assert LOOKED == ["chore", "chore"]
