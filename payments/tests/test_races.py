"""T17: at once, and without an answer: one subscription, and proof of the guards."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, connections

from payments import subscribing
from payments.models import Subscription
from payments.razorpay import client, errors
from payments.tests.conftest import work
from teams.models import Workspace
from teams.models.workspaces import WorkspaceQuerySet

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
INDEX = "payments_subscription_one_live"


def at_once(count: int, act: Callable[[], object]) -> list[BaseException]:
    """Run it on so many threads that start together; what they raised."""
    raised: list[BaseException] = []
    barrier = threading.Barrier(count)

    def run() -> None:
        try:
            connection.ensure_connection()
            barrier.wait()
            act()
        except BaseException as error:
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_20_parallel_subscribes_leave_one(workspace, plan, stand_in):
    raised = at_once(20, lambda: subscribing.subscribe(workspace, plan, actor=None))
    assert len(stand_in.book.subscriptions) == 1
    assert Subscription.objects.count() == 1
    codes = {error.detail.code for error in raised}
    assert codes <= {"being_created"}


def test_control_without_lock_and_index_there_are_many(
    workspace, plan, stand_in, monkeypatch
):
    monkeypatch.setattr(WorkspaceQuerySet, "locked", lambda rows: rows)
    slow = Subscription.objects.__class__.create
    barrier = threading.Barrier(8)

    def together(manager, **fields):
        barrier.wait(20)
        return slow(manager, **fields)

    monkeypatch.setattr(Subscription.objects.__class__, "create", together)
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [INDEX])
        definition = cursor.fetchone()[0]
        cursor.execute(f"DROP INDEX {INDEX}")
        try:
            at_once(8, lambda: subscribing.subscribe(workspace, plan, actor=None))
            assert len(stand_in.book.subscriptions) == 8
        finally:
            cursor.execute("DELETE FROM payments_timelineentry")
            cursor.execute("DELETE FROM payments_subscription")
            cursor.execute(definition)


def test_100_lost_answers_leave_one_each_within_two_minutes(
    make_workspace, plan, stand_in
):
    places = [make_workspace(f"shop-{number}") for number in range(100)]
    how = [{"how": "reset"}, {"status": 502}, {"how": "cut"}, {"how": "garbage"}]
    for number, place in enumerate(places):
        stand_in.faults.add(
            when="after", path="/v1/subscriptions$", method="POST", **how[number % 4]
        )
        row = subscribing.subscribe(place, plan, actor=None)
        assert row.status == "creating"
    assert len(stand_in.book.subscriptions) == 100
    began = stand_in.book.now
    while Subscription.objects.filter(status="creating").exists():
        stand_in.book.advance(5)
        work()
        assert stand_in.book.now - began <= 120
    rows = Subscription.objects.filter(status="created")
    assert rows.count() == 100
    ids = {
        (entity["notes"]["flx_sub"], id)
        for id, entity in stand_in.book.subscriptions.items()
    }
    assert {(str(row.public_id), row.razorpay_id) for row in rows} == ids


def test_control_who_asks_again_at_once_has_two(workspace, plan, stand_in, monkeypatch):
    """What the SDK's own retry would do."""
    create = client.Razorpay.create_subscription

    def stubborn(self, **wanted):
        try:
            return create(self, **wanted)
        except errors.Unanswered:
            return create(self, **wanted)

    monkeypatch.setattr(client.Razorpay, "create_subscription", stubborn)
    stand_in.faults.add(
        when="after", how="reset", path="/v1/subscriptions$", method="POST"
    )
    subscribing.subscribe(workspace, plan, actor=None)
    assert len(stand_in.book.subscriptions) == 2


def test_a_time_out_is_an_unknown_outcome(workspace, plan, stand_in, monkeypatch):
    monkeypatch.setattr(client, "TIMEOUTS", (1, 0.1))
    stand_in.faults.add(
        when="instead", seconds=0.5, path="/v1/subscriptions$", method="POST"
    )
    assert subscribing.subscribe(workspace, plan, actor=None).status == "creating"
    monkeypatch.setattr(client, "TIMEOUTS", (3, 10))
    stand_in.book.advance(5)
    work()
    assert Subscription.objects.get().status == "created"


def test_a_create_that_never_came_is_given_up(workspace, plan, stand_in):
    stand_in.faults.add(
        when="before", how="reset", path="/v1/subscriptions$", method="POST"
    )
    row = subscribing.subscribe(workspace, plan, actor=None)
    for _ in range(10):
        stand_in.book.advance(15)
        work()
    row.refresh_from_db()
    assert (row.status, row.sync_due_at) == ("failed", None)
    assert subscribing.subscribe(workspace, plan, actor=None).status == "created"
    assert Workspace.objects.count() == 1
