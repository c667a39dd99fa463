"""The open conversations of somebody who leaves go to their heir, or to nobody."""

import pytest

from inbox import assignment, handover
from inbox.models import AssignmentInterval
from inbox.tests.world import NOON, build
from teams import departures
from teams.models import Departure

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(workspace):
    return build(workspace, "Asha")


@pytest.mark.parametrize("to_heir", [True, False])
def test_open_ones_are_handed_on(to_heir, world, workspace, make_member):
    leaver = make_member(workspace, "sdr", "leaver@acme.example")
    heir = make_member(workspace, "sdr", "heir@acme.example")
    open_ones = [world.converse() for _ in range(3)]
    done = world.converse(status="resolved", resolved_at=NOON)
    for conversation in (*open_ones, done):
        assignment.assign(conversation, leaver, by=None)
    assert handover.count(workspace, [leaver, heir]) == {leaver.pk: 3}
    leaver.memberships.all().delete()
    Departure.objects.create(
        workspace=workspace, user=leaver, heir=heir if to_heir else None
    )
    while departures.drain():
        pass
    for conversation in (*open_ones, done):
        conversation.refresh_from_db()
    taker = heir if to_heir else None
    assert [conversation.assignee for conversation in open_ones] == [taker] * 3
    assert done.assignee == leaver
    assert AssignmentInterval.objects.filter(user=heir).count() == 3 * to_heir
    assert Departure.objects.get().moved == 3
