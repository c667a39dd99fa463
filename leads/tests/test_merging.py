"""Leads that turn out to be one person, or not: pointers, what is filled, the way back,
suggestions with their evidence."""

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flexoraa.lib.errors import Conflict
from leads import bulk, duplicates, importing, merging
from leads.changes import Changes
from leads.models import Duplicate, Lead, LeadEdit, MergeRecord, Stale
from leads.tests.world import make_campaign, make_lead, stage

pytestmark = pytest.mark.django_db


def pointers(*leads):
    return [Lead.objects.get(pk=lead.pk).merged_into_id for lead in leads]


def state(workspace):
    """Everything about leads that a merge may touch."""
    columns = (*merging.PLAIN, *merging.ROWS, "value_paise", "currency", "consent")
    rows = Lead.objects.for_workspace(workspace).order_by("pk")
    return list(rows.values("pk", "tags", "custom", "merged_into", *columns))


def look():
    while duplicates.drain():
        pass


def test_the_winner_gets_what_it_has_not_and_a_split_takes_it_back(
    workspace, make_member
):
    boss = make_member(workspace)
    diwali = make_campaign(workspace)
    asha = make_lead(workspace, name="Asha", phone="+919812345678", tags=["vip"])
    other = make_lead(
        workspace,
        name="A. Rao",
        phone="+919800000000",
        email="asha@example.com",
        owner=boss,
        campaign=diwali,
        external_id="crm-7",
        value_paise=5_000,
        tags=["vip", "wholesale"],
        custom={"plan": "gold"},
        consent="granted",
    )
    before = state(workspace)
    record = merging.merge(asha, other, by=boss)
    asha.refresh_from_db()
    assert (asha.name, asha.phone) == ("Asha", "+919812345678")
    assert (asha.email, asha.owner, asha.campaign) == (
        "asha@example.com",
        boss,
        diwali,
    )
    assert (asha.external_id, asha.value_paise) == ("crm-7", 5_000)
    assert (asha.tags, asha.custom) == (["vip", "wholesale"], {"plan": "gold"})
    assert asha.consent == "granted"
    assert pointers(asha, other) == [None, asha.pk]
    assert (record.by, record.winner, record.loser) == (boss, asha, other)
    assert LeadEdit.objects.get(lead=asha).changes["email"] == ["", "asha@example.com"]
    _, kept = merging.split(record, by=boss)
    assert (state(workspace), kept) == (before, [])
    record.refresh_from_db()
    assert record.undone_at
    assert record.undone_by == boss


def test_a_split_leaves_what_somebody_has_changed_since(workspace):
    asha, other = (
        make_lead(workspace, name="Asha", custom={"size": "L"}),
        make_lead(
            workspace,
            name="Asha R",
            email="asha@example.com",
            company="Rao Traders",
            custom={"plan": "gold", "city": "Pune"},
        ),
    )
    record = merging.merge(asha, other, by=None)
    Lead.objects.filter(pk=asha.pk).update(
        company="Rao & Daughters",
        custom={"size": "L", "plan": "silver", "city": "Pune"},
    )
    _, kept = merging.split(record, by=None)
    asha.refresh_from_db()
    assert kept == ["company", "custom.plan"]
    assert (asha.email, asha.company) == ("", "Rao & Daughters")
    assert asha.custom == {"size": "L", "plan": "silver"}


def test_chains_stay_flat_and_are_undone_from_the_last(workspace):
    asha, old, older = (make_lead(workspace, name=name) for name in "Abc")
    first = merging.merge(old, older, by=None)
    last = merging.merge(asha, old, by=None)
    assert pointers(asha, old, older) == [None, asha.pk, asha.pk]
    assert last.moved == [older.pk]
    with pytest.raises(Conflict, match="later merges"):
        merging.split(first, by=None)
    merging.split(last, by=None)
    assert pointers(asha, old, older) == [None, None, old.pk]
    merging.split(first, by=None)
    assert pointers(asha, old, older) == [None, None, None]
    with pytest.raises(Conflict, match="later merges"):
        merging.split(first, by=None)


def test_what_cannot_be_merged(workspace, make_workspace):
    asha, old = make_lead(workspace), make_lead(workspace)
    foreign = make_lead(make_workspace("theirs"))
    gone = make_lead(workspace, archived_at=timezone.now())
    merging.merge(asha, old, by=None)
    other = make_lead(workspace)
    for winner, loser in (
        (asha, asha),
        (asha, foreign),
        (old, other),
        (other, old),
        (asha, gone),
        (gone, asha),
    ):
        with pytest.raises(Conflict):
            merging.merge(winner, loser, by=None)
    assert MergeRecord.objects.count() == 1


def test_a_split_waits_for_room_in_the_plan_and_for_its_external_id(workspace):
    asha, other = (
        make_lead(workspace, external_id="crm-1"),
        make_lead(workspace, external_id="crm-2"),
    )
    record = merging.merge(asha, other, by=None)
    type(workspace).objects.filter(pk=workspace.pk).update(limits={"leads": 1})
    with pytest.raises(Conflict) as refused:
        merging.split(MergeRecord.objects.get(pk=record.pk), by=None)
    assert refused.value.get_codes() == "limit_reached"
    type(workspace).objects.filter(pk=workspace.pk).update(limits={})
    make_lead(workspace, external_id="crm-2")
    with pytest.raises(Conflict, match="external id"):
        merging.split(MergeRecord.objects.get(pk=record.pk), by=None)
    assert pointers(other) == [asha.pk]


def test_bulk_edits_and_imports_leave_the_merged_alone(workspace):
    asha, other = make_lead(workspace), make_lead(workspace)
    merging.merge(asha, other, by=None)
    operation = bulk.plan(
        "update",
        workspace=workspace,
        by=None,
        selection=Lead.objects.for_workspace(workspace),
        changes=Changes(values={"stage": stage(workspace, "Won").pk}),
    )
    assert (operation.planned, operation.dropped) == (1, {"locked": 1})
    bulk.start(operation)
    assert Lead.objects.get(pk=other.pk).stage.name == "New"


def test_an_import_s_undo_keeps_whom_others_were_merged_into(workspace, make_member):
    boss = make_member(workspace)
    job = importing.upload(
        workspace=workspace,
        by=boss,
        filename="a.csv",
        content=b"name,phone\nAsha,+919812345678\nDev,+919812345679\n",
    )
    importing.start(job, dry_run=False)
    while importing.drain():
        pass
    asha, dev = Lead.objects.order_by("pk")
    merging.merge(asha, make_lead(workspace, name=""), by=boss)
    job.refresh_from_db()
    done = bulk.undo(job.operation, by=boss)
    assert (done.undone, done.kept) == (1, 1)
    assert Lead.objects.get(pk=asha.pk).is_live
    assert not Lead.objects.get(pk=dev.pk).is_live


def test_a_file_s_row_of_a_merged_lead_is_the_winner(workspace, make_member):
    boss = make_member(workspace)
    winner = make_lead(workspace, phone="+919800000000")
    loser = make_lead(workspace, phone="+919812345678")
    merging.merge(winner, loser, by=boss)
    content = (
        b"phone,company\n+919812345678,Rao\n+919800000000,Other\n+919811111111,X\n"
    )
    job = importing.upload(
        workspace=workspace, by=boss, filename="a.csv", content=content
    )
    importing.start(job, dry_run=False, on_duplicate="update")
    while importing.drain():
        pass
    job.refresh_from_db()
    assert job.outcomes == {"update": 1, "repeat": 1, "new": 1}
    winner.refresh_from_db()
    assert winner.company == "Rao"


WORDS = st.sampled_from(["", "a", "b"])
PERSON = st.fixed_dictionaries(
    {
        "company": WORDS,
        "source": WORDS,
        "tags": st.lists(st.sampled_from(["x", "y", "z"]), unique=True),
        "custom": st.dictionaries(st.sampled_from(["k", "l"]), st.integers(0, 2)),
        "consent": st.sampled_from(["unknown", "granted", "withdrawn"]),
        "value_paise": st.integers(0, 2),
    }
)
PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=8)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(people=st.lists(PERSON, min_size=5, max_size=5), pairs=PAIRS)
def test_merges_taken_back_from_the_last_leave_no_trace(workspace, people, pairs):
    """Whatever is merged into whatever: flat at each moment, nobody lost, and splitting
    from the last to the first restores each state in between."""
    Lead.objects.for_workspace(workspace).delete()
    leads = [make_lead(workspace, **person) for person in people]
    history, records = [state(workspace)], []
    for winner, loser in pairs:
        try:
            records.append(merging.merge(leads[winner], leads[loser], by=None))
        except Conflict:
            continue
        history.append(state(workspace))
        roots = dict(Lead.objects.values_list("pk", "merged_into"))
        assert all(roots[root] is None for root in roots.values() if root)
        live = Lead.objects.for_workspace(workspace).live()
        assert sum(Lead.objects.family_of(lead).count() for lead in live) == len(leads)
    while records:
        assert state(workspace) == history.pop()
        _, kept = merging.split(records.pop(), by=None)
        assert kept == []
    assert state(workspace) == history.pop()


def evidence(duplicate):
    return [fact["fact"] for fact in duplicate.evidence]


def test_a_suggestion_says_why(workspace, make_workspace):
    phone = {"phone": "+919812345678"}
    asha = make_lead(workspace, name="Asha Rao", company="Rao Traders", **phone)
    same = make_lead(workspace, name="Asha Rao", **phone)
    typo = make_lead(workspace, name="Ashaa Rao", company="RAO TRADERS")
    make_lead(workspace, name="Vikram Seth", company="Rao Traders")
    make_lead(make_workspace("theirs"), name="Asha Rao", **phone)
    look()
    found = {(d.first_id, d.second_id): d for d in Duplicate.objects.all()}
    assert set(found) == {(asha.pk, same.pk), (asha.pk, typo.pk)}
    assert evidence(found[asha.pk, same.pk]) == ["phone", "name"]
    assert found[asha.pk, same.pk].score == 100
    assert evidence(found[asha.pk, typo.pk]) == ["name", "company"]
    assert "9812345678" not in str([d.evidence for d in found.values()])


def test_one_phone_of_two_names_is_less_likely_one_person(workspace):
    make_lead(workspace, name="Asha Rao", phone="+919812345678")
    make_lead(workspace, name="Vikram Seth", phone="+919812345678")
    look()
    found = Duplicate.objects.get()
    assert (evidence(found), found.score) == (["phone", "other_name"], 30)


def test_a_mailbox_at_another_provider_needs_a_name_too(workspace):
    make_lead(workspace, name="Asha Rao", email="asha.rao@gmail.example")
    twin = make_lead(workspace, name="Asha Rao", email="asha.rao@work.example")
    make_lead(workspace, name="Dev Bose", email="asha.rao@other.example")
    make_lead(workspace, name="Asha Rao", email="sales@a.example")
    make_lead(workspace, name="Asha Rao", email="sales@b.example")
    look()
    found = Duplicate.objects.get()
    assert (found.second_id, evidence(found)) == (twin.pk, ["name", "mailbox"])


def test_a_suggestion_goes_with_its_facts_and_comes_back_no_more(workspace):
    one = make_lead(workspace, phone="+919812345678")
    two = make_lead(workspace, phone="+919812345678")
    look()
    assert Duplicate.objects.open().count() == 1
    Lead.objects.filter(pk=two.pk).update(phone="+919800000000")
    look()
    assert not Duplicate.objects.exists()
    Lead.objects.filter(pk=two.pk).update(phone="+919812345678")
    look()
    assert Duplicate.objects.get().dismiss(None)
    Lead.objects.filter(pk=one.pk).update(name="Asha")
    look()
    assert not Duplicate.objects.open().exists()
    assert Duplicate.objects.count() == 1


def test_a_merge_notes_its_evidence_and_a_split_says_they_are_two(workspace):
    one = make_lead(workspace, phone="+919812345678")
    two = make_lead(workspace, phone="+919812345678")
    look()
    record = merging.merge(two, one, by=None)
    assert [fact["fact"] for fact in record.evidence][0] == "phone"
    assert not Duplicate.objects.open().exists()
    merging.split(record, by=None)
    look()
    assert not Duplicate.objects.open().exists()


def test_words_of_any_script_and_with_any_signs_are_compared(workspace):
    odd = "O'Neil & Söhne | (\\ 'x') : *"
    make_lead(workspace, name="राम शर्मा", company=odd)
    make_lead(workspace, name="राम शर्मा", company=odd)
    make_lead(workspace, name="'", company="&")
    make_lead(workspace, name="&|!():*", email="a'b|&c\\d@x.example")
    look()
    assert evidence(Duplicate.objects.get()) == ["name", "company"]


def test_many_notes_are_taken_in_turn_and_none_twice(workspace):
    leads = [make_lead(workspace, phone=f"+91981234{n:04d}") for n in range(7)]
    Stale.objects.all().delete()
    ids = [lead.pk for lead in leads]
    for some in (ids[:3], ids[2:6], ids[6:]):
        Stale.objects.create(workspace=workspace, look="twins", leads=some)
    seen = []
    while True:
        where, taken = Stale.objects.take("twins", 2)
        if not where:
            break
        assert len(taken) <= 2
        seen += taken
    assert set(seen) == set(ids)
    Stale.objects.create(workspace=workspace, look="twins")
    assert [Stale.objects.take("twins", 5)[1] for _ in range(3)] == [
        ids[:5],
        ids[5:],
        [],
    ]
