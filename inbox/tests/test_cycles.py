"""Cycles: a trigger begins one with each opening, and ends it when it is resolved."""

import pytest

from inbox.models import Cycle, WaitSegment
from inbox.tests.world import NOON, build

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(workspace):
    return build(workspace)


def cycles(world) -> list[bool]:
    """Of the conversation, in order: whether each has ended."""
    rows = Cycle.objects.filter(conversation=world.conversation).order_by("id")
    return [row.ended_at is not None for row in rows]


def test_a_conversation_begins_its_first_cycle(world):
    assert cycles(world) == [False]
    assert Cycle.objects.first().workspace == world.workspace


def test_resolving_and_reopening_take_turns(world):
    world.conversation.resolve()
    assert cycles(world) == [True]
    world.conversation.reopen()
    assert cycles(world) == [True, False]
    world.conversation.change_status("pending")  # the same cycle goes on
    assert cycles(world) == [True, False]
    world.conversation.resolve()
    assert cycles(world) == [True, True]


def test_a_bulk_update_is_not_skipped(world):
    other = world.converse()
    type(other).objects.update(status="resolved", resolved_at=NOON)
    assert not Cycle.objects.filter(ended_at=None).exists()


def test_a_cycle_never_ends_before_it_began(world):
    type(world.conversation).objects.update(status="resolved", resolved_at=NOON)
    cycle = Cycle.objects.get(conversation=world.conversation)
    assert cycle.ended_at >= cycle.started_at


def test_a_wait_belongs_to_the_cycle_in_which_it_began(world):
    def wait() -> WaitSegment:
        made = WaitSegment.objects.create(
            workspace=world.workspace, conversation=world.conversation, started_at=NOON
        )
        WaitSegment.objects.end(world.conversation.pk, NOON)
        made.refresh_from_db()
        return made

    first = wait()
    world.conversation.resolve()
    world.conversation.reopen()
    second = wait()
    assert [first.cycle_id, second.cycle_id] == list(
        Cycle.objects.order_by("id").values_list("id", flat=True)
    )
