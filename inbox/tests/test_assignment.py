"""Who gets a conversation: by hand, by turn, by load, and what the receipt says."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from flexoraa.lib.errors import Conflict
from flexoraa.lib.tests.races import at_once
from inbox import assignment
from inbox.models import AssignmentInterval, AssignmentRule, Conversation, Desk
from inbox.tests.world import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(workspace):
    return build(workspace)


@pytest.fixture
def agents(workspace, make_member):
    """Two SDRs at their desks."""
    them = [make_member(workspace, "sdr", f"{n}@acme.example") for n in ("a", "b")]
    for user in them:
        assignment.set_desk(workspace, user, is_available=True)
    return them


def rule(workspace, strategy, capacity=20):
    return AssignmentRule.objects.create(
        workspace=workspace, strategy=strategy, capacity=capacity
    )


def waiting(world, count):
    """As many conversations in which somebody waits, the oldest first."""
    world.conversation.resolve()
    now = timezone.now()
    return [
        world.converse(waiting_since=now - timedelta(minutes=count - n))
        for n in range(count)
    ]


def assignees(conversations):
    them = Conversation.objects.in_bulk([row.pk for row in conversations])
    return [them[row.pk].assignee for row in conversations]


def test_by_hand_with_a_receipt(world, agents):
    first, second = agents
    assert assignment.assign(world.conversation, first, by=second) is True
    interval = AssignmentInterval.objects.get()
    assert (interval.user, interval.by, interval.ended_at) == (first, second, None)
    assert interval.receipt == {"rule": "manual", "reason": "Sdr chose Sdr"}
    assert assignment.assign(world.conversation, first, by=first) is False
    assert AssignmentInterval.objects.count() == 1


def test_each_change_ends_one_interval_and_begins_the_next(world, agents):
    first, second = agents
    assignment.assign(world.conversation, first, by=first)
    assignment.assign(world.conversation, second, by=first)
    assignment.assign(world.conversation, None, by=second)
    rows = list(AssignmentInterval.objects.order_by("pk"))
    assert [row.user for row in rows] == [first, second]
    assert rows[0].ended_at == rows[1].started_at
    assert rows[1].ended_by == second
    world.conversation.refresh_from_db()
    assert world.conversation.assignee is None
    running = AssignmentInterval.objects.during(rows[0].started_at, timezone.now())
    assert running.count() == 2


def test_who_may_not_answer_cannot_have_one(world, make_member, make_workspace):
    reader = make_member(world.workspace, "member")
    stranger = make_member(make_workspace("theirs"), "owner")
    for user in (reader, stranger):
        with pytest.raises(Conflict, match="may not answer"):
            assignment.assign(world.conversation, user, by=None)
    assert not AssignmentInterval.objects.exists()


def test_round_robin_takes_turns_from_the_oldest_wait(world, agents):
    rule(world.workspace, "round_robin")
    rows = waiting(world, 5)
    assert assignment.give_out() == 5
    first, second = agents
    assert assignees(rows) == [first, second, first, second, first]
    assert assignment.give_out() == 0
    again = waiting(world, 1)
    assert assignment.give_out() == 1
    assert assignees(again) in ([first], [second])


def test_least_loaded_fills_up_who_has_less(world, agents):
    first, second = agents
    for _ in range(2):
        assignment.assign(world.converse(), first, by=first)
    rule(world.workspace, "least_loaded")
    rows = waiting(world, 3)
    assert assignment.give_out() == 3
    assert assignees(rows)[:2] == [second, second]


def test_capacity_holds_and_the_receipt_tells_it(world, agents, make_member):
    first, second = agents
    make_member(world.workspace, "member")
    Desk.objects.filter(user=second).update(capacity=0)
    rule(world.workspace, "round_robin", capacity=2)
    rows = waiting(world, 3)
    assert assignment.give_out() == 2
    assert assignees(rows) == [first, first, None]
    receipt = AssignmentInterval.objects.order_by("pk").first().receipt
    skipped = {row["user"]: row["skipped"] for row in receipt["candidates"]}
    assert skipped[str(first.public_id)] == ""
    assert skipped[str(second.public_id)] == "has 0 open, of 0"
    assert "may not answer" in skipped.values()
    assert receipt["reason"] == "Sdr: longest without a new conversation"


def test_who_is_away_gets_nothing(world, agents):
    for user in agents:
        assignment.set_desk(world.workspace, user, is_available=False)
    rule(world.workspace, "round_robin")
    rows = waiting(world, 1)
    assert assignment.give_out() == 0
    assignment.set_desk(world.workspace, agents[1], is_available=True)
    assert assignment.give_out() == 1
    assert assignees(rows) == [agents[1]]


def test_by_hand_no_machine_assigns(world, agents):
    rule(world.workspace, "manual")
    rows = waiting(world, 1)
    assert assignment.give_out() == 0
    assert assignees(rows) == [None]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_guarded", [True, False], ids=["guarded", "control"])
def test_two_passes_at_once_fill_no_desk_twice(is_guarded, world, agents, monkeypatch):
    rule(world.workspace, "round_robin", capacity=1)
    waiting(world, 8)
    look = assignment.candidates
    together = threading.Barrier(2)

    def slowly(found):
        seen = look(found)
        if not is_guarded:
            together.wait(10)  # both have looked before either gives
        return seen

    monkeypatch.setattr(assignment, "candidates", slowly)
    monkeypatch.setattr(assignment, "MOST", 4)
    if not is_guarded:
        monkeypatch.setattr(
            AssignmentRule.objects, "select_for_update", lambda **_: rules_of(world)
        )
    errors = at_once(2, lambda number: assignment.give_out())
    assert errors == []
    loads = Counter(
        Conversation.objects.exclude(assignee=None).values_list("assignee", flat=True)
    )
    most = max(loads.values())
    assert (most == 1) is is_guarded


def rules_of(world):
    return AssignmentRule.objects.filter(workspace=world.workspace)


def test_an_idle_pass_asks_little(world, agents, django_assert_num_queries):
    rule(world.workspace, "round_robin")
    world.conversation.resolve()
    with django_assert_num_queries(4):  # rules, savepoint, whether any waits, release
        assignment.give_out()
