"""What the database writes by itself, whoever changes a lead and however."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from flexoraa.lib import sets
from leads.models import (
    AssignmentInterval,
    Lead,
    LeadEdit,
    LeadSettings,
    LeadText,
    Note,
    Stage,
    StageInterval,
)
from leads.models.history import acting
from leads.tests.world import make_lead, make_leads, stage

pytestmark = pytest.mark.django_db


def stays(lead: Lead) -> list[tuple]:
    """(stage, is over) of each stay, in order."""
    rows = StageInterval.objects.filter(lead=lead).order_by("id")
    return [(row.stage.name, row.ended_at is not None) for row in rows]


def test_a_new_workspace_has_a_pipeline_and_settings(workspace):
    stages = Stage.objects.for_workspace(workspace).in_order()
    assert [(s.name, s.kind) for s in stages] == [
        ("New", "open"),
        ("Contacted", "open"),
        ("Qualified", "open"),
        ("Won", "won"),
        ("Lost", "lost"),
    ]
    assert stages[0].public_id.version == 7
    assert LeadSettings.objects.get(workspace=workspace).region == "IN"
    assert Stage.objects.first_open(workspace).name == "New"


def test_a_lead_starts_in_its_stage_and_with_its_owner(workspace, make_member):
    owner = make_member(workspace, "sdr")
    lead = make_lead(workspace, owner=owner)
    assert stays(lead) == [("New", False)]
    held = AssignmentInterval.objects.get(lead=lead)
    assert (held.user, held.ended_at) == (owner, None)
    lead.refresh_from_db()
    assert held.started_at == lead.created_at
    assert not AssignmentInterval.objects.filter(lead=make_lead(workspace)).exists()


@pytest.mark.parametrize("how", ["save", "update", "sql"])
def test_every_path_leaves_the_same_trace(how, workspace):
    lead = make_lead(workspace)
    for name in ("Contacted", "New", "Contacted"):
        target = stage(workspace, name)
        if how == "save":
            lead.stage = target
            lead.save(update_fields=["stage"])
        elif how == "update":
            Lead.objects.filter(pk=lead.pk).update(stage=target)
        else:
            sets.execute(
                "UPDATE leads_lead SET stage_id = %s WHERE id = %s",
                [target.pk, lead.pk],
            )
    assert stays(lead) == [
        ("New", True),
        ("Contacted", True),
        ("New", True),
        ("Contacted", False),
    ]
    ends = StageInterval.objects.filter(lead=lead).order_by("id")
    for one, next_one in zip(ends[:3], ends[1:], strict=False):
        assert one.ended_at == next_one.started_at
    lead.refresh_from_db()
    assert lead.version == 4


def test_many_at_once_are_each_written_down(workspace, make_member):
    owner = make_member(workspace)
    leads = make_leads(workspace, 500)
    won = stage(workspace, "Won")
    with transaction.atomic():
        acting(owner)
        Lead.objects.for_workspace(workspace).update(stage=won, owner=owner)
    rows = StageInterval.objects.filter(lead__in=leads)
    assert rows.filter(ended_at=None, stage=won, by=owner).count() == 500
    assert rows.exclude(ended_at=None).count() == 500
    held = AssignmentInterval.objects.filter(user=owner, ended_at=None, by=owner)
    assert held.count() == 500
    assert Lead.objects.filter(closed_at=None).count() == 0


def test_ownership_ends_without_a_next_owner(workspace, make_member):
    lead = make_lead(workspace, owner=make_member(workspace))
    lead.owner = None
    lead.save(update_fields=["owner"])
    assert AssignmentInterval.objects.get(lead=lead).ended_at is not None


def test_closing_and_reopening_keep_the_facts_of_a_loss(workspace):
    lead = make_lead(workspace)
    Lead.objects.filter(pk=lead.pk).update(
        stage=stage(workspace, "Lost"), lost_reason="Too dear"
    )
    lead.refresh_from_db()
    assert lead.closed_at
    assert lead.lost_reason == "Too dear"
    Lead.objects.filter(pk=lead.pk).update(stage=stage(workspace))
    lead.refresh_from_db()
    assert (lead.closed_at, lead.lost_reason) == (None, "")


def test_an_edit_says_what_changed_and_who_did_it(workspace, make_member):
    lead, editor = make_lead(workspace, name="Asha"), make_member(workspace)
    with transaction.atomic():
        acting(editor)
        Lead.objects.filter(pk=lead.pk).update(name="Asha Rao", tags=["vip"])
    edit = LeadEdit.objects.get(lead=lead)
    assert edit.changes == {"name": ["Asha", "Asha Rao"], "tags": [[], ["vip"]]}
    assert edit.by == editor


def test_what_changes_nothing_and_a_score_are_no_versions(workspace):
    lead = make_lead(workspace)
    Lead.objects.filter(pk=lead.pk).update(score=50, score_parts=[["paid", 50]])
    Lead.objects.filter(pk=lead.pk).update(name=lead.name, version=70)
    lead.refresh_from_db()
    assert (lead.version, lead.score) == (1, 50)
    assert not LeadEdit.objects.exists()


@pytest.mark.parametrize(
    ("term", "hit"),
    [
        ("asha", True),
        ("ASHA rao", True),
        ("rao", True),
        ("sha", True),  # three letters anywhere
        ("ra", True),  # two at the beginning of a word
        ("ao", False),
        ("98765", True),
        ("+91 98765", True),
        ("example.com", True),
        ("ex", True),
        ("saffron", True),
        ("crm-7", True),
        ("rao mehta", False),
        ("%", False),
        ("_sha", False),
        ("'", False),
        ("\\", False),
        ("':*", False),
        ("", True),
    ],
)
def test_leads_are_found_by_their_words(term, hit, workspace):
    lead = make_lead(
        workspace,
        name="Asha Rao",
        phone="+919876543210",
        email="asha@example.com",
        company="Saffron & Slate",
        external_id="CRM-7",
    )
    make_lead(workspace, name="Somebody Else")
    found = Lead.objects.for_workspace(workspace).search(workspace, term)
    assert (lead in found) is hit


@pytest.mark.parametrize("name", ["आशा राव", "ஆஷா", "Zoë Müller", "李雷"])
def test_every_script_is_found(name, workspace):
    lead = make_lead(workspace, name=name)
    make_lead(workspace)
    for term in (name, name[:2], name.upper()):
        assert list(Lead.objects.search(workspace, term)) == [lead]


def test_many_hits_are_walked(workspace, monkeypatch):
    monkeypatch.setattr(Lead.objects._queryset_class, "FEW", 5)
    make_leads(workspace, 20)
    assert Lead.objects.search(workspace, "lead").count() == 20


def test_new_words_replace_old_ones(workspace):
    lead = make_lead(workspace, name="Asha")
    Lead.objects.filter(pk=lead.pk).update(name="Meena")
    assert LeadText.objects.get(lead=lead).words == "meena"
    assert not Lead.objects.search(workspace, "asha").exists()


def test_the_database_refuses_rows_of_two_workspaces(workspace, make_workspace):
    ours, theirs = make_lead(workspace), make_workspace("theirs")
    here = Lead.objects.filter(pk=ours.pk)
    with pytest.raises(IntegrityError, match="leads_note_lead_whose"):
        committed(lambda: Note.objects.create(workspace=theirs, lead=ours, text="x"))
    with pytest.raises(IntegrityError, match="leads_(lead|stageinterval)_stage_whose"):
        committed(lambda: here.update(stage=stage(theirs)))


@transaction.atomic
def committed(write: Callable[[], object]) -> None:
    """Write, and check what is checked at the end of a transaction."""
    write()
    connection.check_constraints()


@pytest.mark.parametrize("phone", ["98765", "+0123456789", "+91 98765", "+9198765x"])
def test_the_database_keeps_phones_in_their_form(phone, workspace):
    with pytest.raises(IntegrityError, match="e164"), transaction.atomic():
        make_lead(workspace, phone=phone)
