"""Nothing is missed and nothing told twice: overlap, resumption, faults."""

import contextlib
from uuid import uuid4

import psycopg
import pytest
from django.db import connection
from django.test import Client

from flexoraa.lib import hub, sets, stream
from flexoraa.models import StreamEvent
from teams.streams import APPLICATION_NAME
from teams.tests.streaming import stage, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def events():
    with stage() as running:
        yield running


@pytest.fixture
def browser(workspace, make_member):
    client = Client()
    client.force_login(make_member(workspace))
    return client


@pytest.fixture
def tell(workspace):
    """tell() -> the id of a row that changed, as the stream writes it."""

    def tell() -> str:
        key = uuid4()
        stream.publish(workspace.pk, "message.created", [key])
        return str(key)

    return tell


@contextlib.contextmanager
def unfinished(workspace_id: int):
    """Another session's transaction, which published and has not committed yet."""
    params = connection.get_connection_params()
    params.pop("context"), params.pop("cursor_factory")
    key = str(uuid4())
    with psycopg.connect(**params) as other:
        other.execute(
            f"INSERT INTO {stream.TABLE} (workspace_id, kind, ids) VALUES (%s, %s, %s)",
            [workspace_id, "message.created", f'["{key}"]'],
        )
        other.execute(f"NOTIFY {stream.CHANNEL}")
        yield key, other.commit


def test_a_slow_transaction_is_told_late_and_holds_up_nobody(
    events, browser, workspace, tell
):
    listening = events.listen("acme", browser)
    listening.next()
    with unfinished(workspace.pk) as (early, commit):
        quick = tell()
        assert listening.ids(1) == [quick]
        commit()
        assert listening.ids(1) == [early]
    assert listening.is_quiet()


def test_what_commits_while_away_is_told_on_return(events, browser, workspace, tell):
    """The first event by id is the last to commit: a cursor of ids goes past it."""
    listening = events.listen("acme", browser)
    listening.next()
    with unfinished(workspace.pk) as (early, commit):
        quick = tell()
        assert listening.ids(1) == [quick]
        last_id, last_pk = listening.last_id, StreamEvent.objects.latest("pk").pk
        listening.leave()
        commit()
    later = tell()
    # the control: by id, the early one is never seen
    by_id = StreamEvent.objects.filter(pk__gt=last_pk).values_list("ids", flat=True)
    assert [early] not in by_id
    again = events.listen("acme", browser, headers={"last-event-id": last_id})
    assert again.next().data == {"resumed": True}
    assert again.ids(2) == [early, later]
    assert again.is_quiet()


def test_returns_and_departures_at_random_miss_nothing(
    events, browser, workspace, tell
):
    last_id, heard, told = "", [], []
    for round_ in range(12):
        headers = {"last-event-id": last_id} if last_id else {}
        listening = events.listen("acme", browser, headers=headers)
        assert listening.next().data == {"resumed": bool(last_id)}
        with unfinished(workspace.pk) as (early, commit):
            told += [tell() for _ in range(round_ % 4)]
            drain(listening, heard, told)
            last_id = listening.last_id
            listening.leave()
            told.append(tell())
            commit()
            told.append(early)
    listening = events.listen("acme", browser, headers={"last-event-id": last_id})
    listening.next()
    drain(listening, heard, told)
    assert sorted(heard) == sorted(told)


def drain(listening, heard: list, told: list) -> None:
    """Hear as much as was told."""
    while len(heard) < len(told):
        heard += listening.next().data["ids"]


@pytest.mark.parametrize("position", ["rubbish", "1-5:5:", "{now}-9:99999999999999:"])
def test_who_cannot_go_on_is_told_to_fetch_all(events, browser, tell, position):
    listening = events.listen("acme", browser)
    tell()
    listening.next(), listening.next()
    stamp = listening.last_id.split("-")[0]
    headers = {"last-event-id": position.format(now=stamp)}
    again = events.listen("acme", browser, headers=headers)
    assert again.next().data == {"resumed": False}


def test_who_missed_too_much_is_told_to_fetch_all(events, browser, tell, monkeypatch):
    monkeypatch.setattr("teams.streams.MOST_MISSED", 3)
    listening = events.listen("acme", browser)
    tell()
    assert [listening.next().kind for _ in range(2)] == ["ready", "message.created"]
    listening.leave()
    for _ in range(3):
        tell()
    headers = {"last-event-id": listening.last_id}
    again = events.listen("acme", browser, headers=headers)
    assert again.next().data == {"resumed": True}
    key = tell()
    assert again.ids(4)[-1] == key
    again.leave()
    again = events.listen("acme", browser, headers=headers)
    assert again.next().data == {"resumed": False}


def test_who_does_not_keep_up_is_let_go_and_misses_nothing(
    events, browser, tell, monkeypatch
):
    monkeypatch.setattr(hub, "QUEUE_LENGTH", 3)
    monkeypatch.setattr(hub, "GATHER_SECONDS", 0)
    slow, quick = events.listen("acme", browser), events.listen("acme", browser)
    slow.next(), quick.next()
    events.loop.call_soon_threadsafe(slow.stuck.set)
    told = []
    while not slow.is_closed(0.1):
        told.append(tell())
        assert quick.ids(1) == told[-1:]
        assert len(told) < 20
    headers = {"last-event-id": slow.last_id}
    again = events.listen("acme", browser, headers=headers)
    assert again.next().data == {"resumed": True}
    assert again.ids(len(told)) == told


def test_pings_move_the_position_on(events, browser, tell, monkeypatch):
    monkeypatch.setattr(hub, "PING_SECONDS", 0.05)
    monkeypatch.setattr(hub, "LOOK_SECONDS", 0.05)
    listening = events.listen("acme", browser)
    listening.next()
    first = listening.last_id
    sets.execute("SELECT pg_current_xact_id()")  # the world goes on without news
    wait_until(lambda: listening.pings and listening.last_id != first)
    headers = {"last-event-id": listening.last_id}
    again = events.listen("acme", browser, headers=headers)
    assert again.next().data == {"resumed": True}


def test_a_lost_connection_is_replaced_and_nothing_missed(
    events, browser, workspace, tell
):
    listening = events.listen("acme", browser)
    listening.next()
    for _ in range(3):
        killed = sets.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = %s AND datname = current_database()",
            [APPLICATION_NAME],
        )
        assert killed
        key = tell()
        assert listening.ids(1) == [key]


def test_without_bells_it_looks_by_itself(events, browser, workspace, monkeypatch):
    listening = events.listen("acme", browser)
    listening.next()
    event = StreamEvent.objects.create(
        workspace_id=workspace.pk, kind="lead.updated", ids=["nobody-rang"]
    )
    assert listening.next(5).data == {"ids": event.ids}


def test_old_events_are_pruned(workspace, tell):
    tell()
    old = StreamEvent.objects.get()
    tell()
    sets.execute(
        f"UPDATE {stream.TABLE} SET created_at = created_at - interval '7 hours' "
        "WHERE id = %s",
        [old.pk],
    )
    stream.prune()
    assert StreamEvent.objects.exclude(pk=old.pk).count() == 1
    assert not StreamEvent.objects.filter(pk=old.pk).exists()
