"""The open leads of somebody who leaves go to their heir, or to nobody."""

import pytest

from leads import handover
from leads.models import Lead
from leads.tests.world import make_leads, stage
from teams import departures
from teams.models import Departure

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("to_heir", [True, False])
def test_open_ones_are_handed_on(to_heir, workspace, make_member, monkeypatch):
    monkeypatch.setattr(departures, "BATCH", 2)
    leaver = make_member(workspace, "sdr", "leaver@acme.example")
    heir = make_member(workspace, "sdr", "heir@acme.example")
    make_leads(workspace, 5, owner=leaver)
    make_leads(workspace, 1, owner=leaver, stage=stage(workspace, "Won"))
    assert handover.count(workspace, [leaver, heir]) == {leaver.pk: 5}
    leaver.memberships.all().delete()
    Departure.objects.create(
        workspace=workspace, user=leaver, heir=heir if to_heir else None
    )
    while departures.drain():
        pass
    taker = heir if to_heir else None
    rows = Lead.objects.for_workspace(workspace)
    assert rows.open().filter(owner=taker).count() == 5
    assert rows.filter(owner=leaver).count() == 1
    assert Departure.objects.get().moved == 5
