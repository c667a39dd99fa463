"""Edits of many leads: what is planned, applied, refused and undone."""

import pytest

from flexoraa.lib.errors import Conflict
from leads import bulk
from leads.changes import Changes
from leads.models import (
    AssignmentInterval,
    BulkChange,
    BulkOperation,
    Lead,
    LeadEdit,
    StageInterval,
)
from leads.tests.world import make_campaign, make_lead, make_leads, stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(workspace, make_member):
    return make_member(workspace)


@pytest.fixture
def plan(workspace, owner):
    """plan(values=…, of=queryset) -> an operation that nobody has applied yet."""

    def plan(of=None, missing=0, **changes) -> BulkOperation:
        selection = Lead.objects.for_workspace(workspace) if of is None else of
        return bulk.plan(
            "update",
            workspace=workspace,
            by=owner,
            selection=selection,
            changes=Changes(**changes),
            missing=missing,
        )

    return plan


def finish() -> None:
    while bulk.drain():
        pass


def change_of(operation, lead) -> BulkChange:
    return BulkChange.objects.get(operation=operation, lead=lead)


def test_a_plan_says_before_and_after_and_changes_nothing(workspace, plan):
    new, won = stage(workspace), stage(workspace, "Won")
    lead = make_lead(workspace)
    there = make_lead(workspace, stage=won, source="fair")
    operation = plan(values={"stage": won.pk, "source": "fair"}, missing=2)
    assert (operation.state, operation.planned) == ("planned", 1)
    assert operation.dropped == {"no_change": 1, "not_found": 2}
    change = change_of(operation, lead)
    assert change.before == {
        "stage": new.pk,
        "closed_at": None,
        "lost_reason": "",
        "source": "",
    }
    assert change.after == {"stage": won.pk, "source": "fair"}
    assert change_of(operation, there).reason == "no_change"
    lead.refresh_from_db()
    assert (lead.stage, lead.version) == (new, 1)


def test_applying_writes_each_kind_of_field(workspace, plan, owner):
    campaign, won = make_campaign(workspace), stage(workspace, "Won")
    lead = make_lead(
        workspace, tags=["cold", "old"], custom={"plan": "free", "size": 3}
    )
    operation = bulk.start(
        plan(
            values={
                "stage": won.pk,
                "owner": owner.pk,
                "campaign": campaign.pk,
                "consent": "granted",
                "value_paise": 5_000,
            },
            add_tags=("vip", "old"),
            remove_tags=("cold", "absent"),
            custom={"plan": "gold", "size": None, "city": "Pune"},
        )
    )
    assert (operation.state, operation.applied, operation.moved) == ("applied", 1, 0)
    lead.refresh_from_db()
    assert (lead.stage, lead.owner, lead.campaign) == (won, owner, campaign)
    assert (lead.consent, lead.value_paise) == ("granted", 5_000)
    assert lead.tags == ["old", "vip"]
    assert lead.custom == {"plan": "gold", "city": "Pune"}
    assert lead.closed_at
    assert lead.version == 2
    stay = StageInterval.objects.get(lead=lead, ended_at=None)
    assert (stay.stage, stay.by, stay.bulk) == (won, owner, operation)
    held = AssignmentInterval.objects.get(lead=lead)
    assert (held.user, held.by, held.bulk) == (owner, owner, operation)
    assert not LeadEdit.objects.exists()  # the change says it


def test_undo_restores_everything_and_keeps_the_history(workspace, plan, owner):
    lost = stage(workspace, "Lost")
    lead = make_lead(
        workspace,
        stage=lost,
        lost_reason="Too dear",
        tags=["cold"],
        custom={"plan": "free"},
    )
    Lead.objects.filter(pk=lead.pk).update(closed_at="2026-01-01T00:00:00Z")
    columns = (
        "stage_id owner_id campaign_id tags custom lost_reason closed_at value_paise"
    ).split()
    before = Lead.objects.values(*columns).get(pk=lead.pk)
    operation = bulk.start(
        plan(
            values={"stage": stage(workspace, "Won").pk, "owner": owner.pk},
            add_tags=("vip",),
            remove_tags=("cold",),
            custom={"plan": "gold", "city": "Pune"},
        )
    )
    assert Lead.objects.values(*columns).get(pk=lead.pk) != before
    operation = bulk.undo(operation, by=owner)
    assert (operation.state, operation.undone, operation.kept) == ("undone", 1, 0)
    assert Lead.objects.values(*columns).get(pk=lead.pk) == before
    stays = StageInterval.objects.filter(lead=lead).order_by("id")
    assert [stay.stage.name for stay in stays] == ["Lost", "Won", "Lost"]


def test_leads_edited_since_the_plan_are_reported_not_overwritten(workspace, plan):
    leads, won = make_leads(workspace, 10), stage(workspace, "Won")
    operation = plan(values={"stage": won.pk})
    Lead.objects.filter(pk=leads[3].pk).update(name="Somebody else")
    leads[5].archive()
    operation = bulk.start(operation)
    assert (operation.applied, operation.moved) == (8, 2)
    assert change_of(operation, leads[3]).state == "moved"
    assert Lead.objects.filter(stage=won).count() == 8


def test_undo_keeps_what_somebody_edited_since(workspace, plan, owner):
    """T36: five rows edited, five kept and reported; others are restored."""
    leads, won = make_leads(workspace, 50), stage(workspace, "Won")
    operation = bulk.start(plan(values={"stage": won.pk, "source": "fair"}))
    edited = [lead.pk for lead in leads[:5]]
    Lead.objects.filter(pk__in=edited).update(
        stage=stage(workspace, "Lost"), source="web"
    )
    Lead.objects.filter(pk=leads[7].pk).update(source="phone")
    operation = bulk.undo(operation, by=owner)
    assert (operation.undone, operation.kept) == (45, 5)
    kept = BulkChange.objects.filter(operation=operation, state="kept")
    assert sorted(kept.values_list("lead", flat=True)) == edited
    assert sorted(kept[0].conflicts) == ["source", "stage"]
    assert Lead.objects.filter(stage__name="Lost").count() == 5
    leads[7].refresh_from_db()
    assert (leads[7].stage.name, leads[7].source) == ("New", "phone")
    assert change_of(operation, leads[7]).state == "undone"
    assert change_of(operation, leads[7]).conflicts == ["source"]
    with pytest.raises(Conflict, match="nothing to undo"):
        bulk.undo(operation, by=owner)


def test_undo_of_custom_fields_goes_key_by_key(workspace, plan, owner):
    lead = make_lead(workspace, custom={"plan": "free", "size": 3, "city": "Pune"})
    operation = bulk.start(
        plan(custom={"plan": "gold", "size": None, "city": "Delhi", "new": True})
    )
    Lead.objects.filter(pk=lead.pk).update(
        custom={"plan": "silver", "city": "Delhi", "new": True, "other": 1}
    )
    operation = bulk.undo(operation, by=owner)
    lead.refresh_from_db()
    assert lead.custom == {"plan": "silver", "size": 3, "city": "Pune", "other": 1}
    assert change_of(operation, lead).conflicts == ["custom.plan"]
    assert (operation.undone, operation.kept) == (1, 0)


def test_what_is_out_of_the_way_is_left_out_with_a_reason(workspace, plan):
    archived, merged, kept = make_leads(workspace, 3)
    archived.archive()
    Lead.objects.filter(pk=merged.pk).update(merged_into=kept)
    Lead.objects.filter(pk=kept.pk).update(tags=[f"t{n}" for n in range(49)])
    operation = plan(add_tags=("one", "two"))
    assert operation.dropped == {"locked": 2, "invalid": 1}
    assert bulk.start(operation).applied == 0


def test_a_plan_is_applied_once_and_only_the_one_that_was_seen(workspace, plan):
    make_lead(workspace)
    operation = plan(values={"source": "fair"})
    with pytest.raises(Conflict, match="another plan"):
        bulk.start(operation, plan_hash="0" * 64)
    bulk.start(operation, plan_hash=operation.plan_hash)
    with pytest.raises(Conflict, match="applied already"):
        bulk.start(operation)
    other = plan(values={"source": "web"})
    assert other.plan_hash != operation.plan_hash


def test_long_ones_are_left_to_the_workers_slice_by_slice(workspace, plan, monkeypatch):
    monkeypatch.setattr(bulk, "INLINE", 10)
    monkeypatch.setattr(bulk, "SLICE", 7)
    make_leads(workspace, 30)
    operation = bulk.start(plan(values={"source": "fair"}))
    assert (operation.state, operation.applied) == ("applying", 0)
    assert bulk.drain() == 7
    operation.refresh_from_db()
    assert (operation.applied, operation.percent) == (7, 23)
    finish()
    operation.refresh_from_db()
    assert (operation.state, operation.applied, operation.percent) == (
        "applied",
        30,
        100,
    )
    operation = bulk.undo(operation, by=None)
    assert operation.state == "undoing"
    finish()
    operation.refresh_from_db()
    assert (operation.state, operation.undone) == ("undone", 30)
    assert not Lead.objects.exclude(source="").exists()


def test_operations_take_turns(workspace, plan, monkeypatch):
    monkeypatch.setattr(bulk, "INLINE", 0)
    monkeypatch.setattr(bulk, "SLICE", 5)
    make_leads(workspace, 10)
    one = bulk.start(plan(values={"source": "fair"}))
    two = bulk.start(plan(values={"consent": "granted"}))
    bulk.drain()
    bulk.drain()
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.applied, two.applied + two.moved) == (5, 5)


def test_cancelled_half_way_it_stops_and_can_be_undone(workspace, plan, monkeypatch):
    monkeypatch.setattr(bulk, "INLINE", 0)
    monkeypatch.setattr(bulk, "SLICE", 4)
    make_leads(workspace, 10)
    operation = bulk.start(plan(values={"source": "fair"}))
    bulk.drain()
    operation = bulk.cancel(operation)
    assert (operation.state, operation.applied) == ("cancelled", 4)
    assert bulk.drain() == 0
    assert Lead.objects.filter(source="fair").count() == 4
    with pytest.raises(Conflict, match="too late"):
        bulk.cancel(operation)
    bulk.undo(operation, by=None)
    finish()
    assert not Lead.objects.filter(source="fair").exists()


def test_a_plan_that_was_cancelled_is_no_longer_applied(workspace, plan):
    make_lead(workspace)
    operation = bulk.cancel(plan(values={"source": "fair"}))
    with pytest.raises(Conflict, match="cancelled already"):
        bulk.start(operation)
    with pytest.raises(Conflict, match="nothing to undo"):
        bulk.undo(operation, by=None)


def test_nothing_selected_is_a_plan_of_nothing(plan):
    operation = bulk.start(plan(of=Lead.objects.none(), values={"source": "x"}))
    assert (operation.state, operation.planned, operation.percent) == (
        "applied",
        0,
        100,
    )


def test_more_than_the_most_is_refused(workspace, plan, monkeypatch):
    monkeypatch.setattr(bulk, "MOST", 5)
    make_leads(workspace, 6)
    with pytest.raises(bulk.TooMany):
        plan(values={"source": "fair"})


@pytest.mark.parametrize("inline", [1_000, 0])
def test_what_the_database_refuses_is_left_and_reported(
    inline, workspace, plan, monkeypatch
):
    """An undo would bring back an id that another lead has by now."""
    monkeypatch.setattr(bulk, "INLINE", inline)
    leads = make_leads(workspace, 5)
    Lead.objects.filter(pk=leads[2].pk).update(external_id="A")
    operation = bulk.start(plan(values={"external_id": "", "source": "x"}))
    finish()
    make_lead(workspace, external_id="A")
    bulk.undo(operation, by=None)
    finish()
    operation.refresh_from_db()
    assert (operation.state, operation.undone, operation.kept) == ("undone", 4, 1)
    assert change_of(operation, leads[2]).conflicts == ["refused"]
    assert Lead.objects.filter(source="x").get() == leads[2]
