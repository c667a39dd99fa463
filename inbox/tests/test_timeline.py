"""A lead's line of time: everything once, in order, page by page, across merges."""

import uuid

import pytest
from django.utils import timezone

from inbox import merging as people
from inbox import timeline
from inbox.models import Contact
from inbox.tests.world import NOON, build
from leads import bulk, merging
from leads.changes import Changes
from leads.models import Lead, Note, Revenue, Task, Touch
from leads.tests.conftest import Api
from leads.tests.world import make_campaign, make_lead, make_leads, stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(workspace, make_member):
    return make_member(workspace, "owner", "owner@acme.example")


@pytest.fixture
def api(workspace, owner):
    return Api(workspace, owner)


@pytest.fixture
def world(workspace):
    return build(workspace)


def said(lead):
    return [(line.kind, line.text) for line in timeline.lines(lead)]


def live_a_life(world, lead, owner):
    """One thing of each kind, in order."""
    workspace, now = world.workspace, timezone.now()
    Lead.objects.filter(pk=lead.pk).update(stage=stage(workspace, "Contacted"))
    Lead.objects.filter(pk=lead.pk).update(owner=owner)
    Lead.objects.filter(pk=lead.pk).update(owner=None)
    Lead.objects.filter(pk=lead.pk).update(company="Rao", value_paise=7)
    for changes in (
        Changes(values={"source": "fair"}, add_tags=("vip",)),
        Changes(values={"stage": stage(workspace, "Won").pk}),
    ):
        bulk.start(
            bulk.plan(
                "update",
                workspace=workspace,
                by=owner,
                selection=Lead.objects.filter(pk=lead.pk),
                changes=changes,
            )
        )
    Note.objects.create(workspace=workspace, lead=lead, author=owner, text="Call\nher")
    task = {"workspace": workspace, "lead": lead, "due_at": now, "created_by": owner}
    Task.objects.create(title="Call", done_at=timezone.now(), **task)
    Touch.objects.create(
        workspace=workspace,
        lead=lead,
        kind="ad",
        at=timezone.now(),
        campaign=make_campaign(workspace),
    )
    for amount in (50_000, -10_000):
        Revenue.objects.create(
            workspace=workspace, lead=lead, amount_paise=amount, at=timezone.now()
        )
    Contact.objects.filter(pk=world.contact.pk).update(lead=lead)
    world.say(text="Hello", provider_at=timezone.now())


def test_everything_is_said_once_and_in_order(world, owner):
    lead = make_lead(world.workspace, name="Asha")
    live_a_life(world, lead, owner)
    lines = [line for line in said(lead) if "Message" not in line[1]]
    by = {line.text: line.by for line in timeline.lines(lead)}
    texts = [text for kind, text in lines if kind != "message"][::-1]
    assert texts[:7] == [
        "Asha came",
        "Stage: New",
        "Stage: Contacted",
        "Owner: Owner",
        "Owner: nobody",
        "Edited: company: – → Rao; value: 0 → 7",
        "Edited with many: tags, source",
    ]
    assert set(texts[7:]) == {
        "Stage: Won (with many)",
        "Note: Call her",
        "Task: Call",
        "Done: Call",
        "Clicked an ad of Diwali",
        "Paid: 500.00 INR",
        "Refunded: 100.00 INR",
    }
    assert ("message", "Wrote: Hello") in lines
    assert by["Note: Call her"] == by["Stage: Won (with many)"] == owner


def test_who_was_merged_brings_their_past_and_their_contacts_along(world, owner):
    winner, loser = make_leads(world.workspace, 2)
    live_a_life(world, loser, owner)
    twin = Contact.objects.create(workspace=world.workspace, name="Twin")
    people.merge(world.contact, twin, by=owner)
    world.say(world.converse(contact=twin), text="From another number")
    alone = said(winner)
    record = merging.merge(winner, loser, by=owner)
    together = said(winner)
    assert ("merge", "Merged with Lead 1") in together
    assert {("message", "Wrote: Hello"), ("note", "Note: Call her")} <= set(together)
    assert ("message", "Wrote: From another number") in together
    assert said(Lead.objects.get(pk=loser.pk))  # of its own, still
    merging.split(record, by=owner)
    after = set(said(winner)) - set(alone)
    assert {kind for kind, _ in after} == {"merge", "split", "edit"}
    assert ("message", "Wrote: Hello") in said(loser)


def test_pages_neither_skip_nor_repeat(world, api, django_assert_num_queries):
    lead = make_lead(world.workspace)
    Contact.objects.filter(pk=world.contact.pk).update(lead=lead)
    for number in range(12):  # many in one moment, of several kinds
        world.say(text=f"M{number}", provider_at=NOON)
        Touch.objects.create(
            workspace=world.workspace, lead=lead, kind="manual", at=NOON
        )
        Note.objects.create(workspace=world.workspace, lead=lead, text=f"N{number}")
    url, seen = f"leads/{lead.public_id}/timeline?limit=7", []
    answer = api.get(url).json()
    while True:
        seen += answer["results"]
        if answer["next"] is None:
            break
        assert len(answer["results"]) == 7
        answer = api.client.get(answer["next"]).json()
    whole = api.get(f"leads/{lead.public_id}/timeline?limit=100").json()
    assert whole["results"] == seen
    assert whole["next"] is None
    ids = [
        str(row["detail"].get("message") or row["detail"].get("note")) for row in seen
    ]
    assert len([one for one in ids if one != "None"]) == len(set(ids) - {"None"})
    assert [row["kind"] for row in seen].count("touch") == 12
    assert [row["at"] for row in seen] == sorted((r["at"] for r in seen), reverse=True)


def test_long_lives_ask_as_often_as_short_ones(
    world, api, owner, django_assert_max_num_queries
):
    lead = make_lead(world.workspace, name="Asha")
    live_a_life(world, lead, owner)
    for number in range(40):
        Lead.objects.filter(pk=lead.pk).update(source=f"s{number}")
        world.say(text="More")
        past = {"status": "resolved", "resolved_at": NOON}
        world.say(world.converse(contact=world.contact, **past))
    with django_assert_max_num_queries(10):
        rows = api.get(f"leads/{lead.public_id}/timeline?limit=90").json()["results"]
    assert len(rows) == 90


def test_who_may_read_the_lead_may_read_its_timeline(
    world, api, workspace, make_member, make_workspace
):
    boss = make_member(workspace, "admin")
    lead = make_lead(workspace, owner=boss)
    url = f"leads/{lead.public_id}/timeline"
    assert Api(workspace, make_member(workspace, "member")).get(url).status_code == 200
    assert Api(workspace, make_member(workspace, "sdr")).get(url).status_code == 404
    theirs = make_lead(make_workspace("theirs"))
    assert api.get(f"leads/{theirs.public_id}/timeline").status_code == 404
    assert api.get(f"leads/{uuid.uuid4()}/timeline").status_code == 404
    other = make_lead(workspace)
    following = api.get(f"{url}?limit=1").json()["next"]
    sealed = following.partition("cursor=")[2]
    for cursor in ("x", sealed):
        answer = api.get(f"leads/{other.public_id}/timeline?cursor={cursor}")
        assert answer.status_code == 400, answer.content


def test_a_merged_lead_s_address_leads_to_the_winner_s_timeline(world, api):
    winner, loser = make_leads(world.workspace, 2)
    merging.merge(winner, loser, by=None)
    rows = api.results(f"leads/{loser.public_id}/timeline")
    assert rows == api.results(f"leads/{winner.public_id}/timeline")
    assert rows[0]["kind"] == "merge"
