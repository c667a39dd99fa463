"""Broadcasts and opt-outs over the API."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from inbox import broadcasts
from inbox.models import Broadcast, ConsentEntry, Message
from inbox.tests.broadcasting import HELLO, people, planned, template_of
from inbox.tests.replying import talk
from leads.models import SavedView
from leads.tests.conftest import Api, problems
from leads.tests.world import make_campaign, make_lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(account, make_member):
    return Api(account.workspace, make_member(account.workspace, "admin"))


@pytest.fixture
def sdr(account, make_member):
    return Api(account.workspace, make_member(account.workspace, "sdr"))


def body(account, **fields):
    return {
        "name": "News",
        "template": str(template_of(account).public_id),
        "parameters": HELLO,
        "select": {"filter": {}},
        **fields,
    }


def test_a_broadcast_from_the_look_to_the_last_recipient(api, account):
    people(account, 3)
    make_lead(account.workspace, name="No phone")
    made = api.post("broadcasts", body(account))
    assert made.status_code == 201, made.content
    found = made.json()
    assert found["state"] == "planned"
    assert found["counts"] == {"pending": 3, "skipped": 1}
    assert found["facts"]["dropped"] == {"no_identity": 1}
    path = f"broadcasts/{found['id']}"
    assert api.results(f"{path}/recipients?reason=no_identity")[0]["lead"]["name"] == (
        "No phone"
    )
    started = api.post(f"{path}/start")
    assert started.json()["state"] == "running"
    while broadcasts.drain():
        pass
    assert api.get(path).json()["counts"] == {"skipped": 1, "queued": 3}
    assert [row["id"] for row in api.results("broadcasts")] == [found["id"]]
    assert api.results("broadcasts?state=paused") == []
    rows = api.results(f"{path}/recipients?state=queued")
    assert [row["parameters"] for row in rows] == [{"1": "Asha"}] * 3
    lines = b"".join(api.get(f"{path}/recipients.csv")).decode().splitlines()
    assert len(lines) == 5
    assert lines[1].split(",")[1:4] == ["Asha 0", "'+919800000000", "queued"]


def test_the_same_key_makes_one_and_starts_it_once(api, account):
    people(account, 2)
    first, again = (api.post("broadcasts", body(account), key="a") for _ in range(2))
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    path = f"broadcasts/{first.json()['id']}/start"
    assert {api.post(path, key="b").status_code for _ in range(3)} == {200}
    assert api.post(path, key="c").status_code == 409
    assert Broadcast.objects.count() == 1


def test_leads_are_chosen_by_ids_view_or_campaign(api, account, make_workspace):
    ours = account.workspace
    sale = make_campaign(ours)
    one, two, three = people(account, 3)
    two.campaign = sale
    two.save()
    foreign = make_lead(make_workspace("other"), phone="+919800009999")
    ids = [str(one.public_id), str(foreign.public_id)]
    made = api.post("broadcasts", body(account, select={"ids": ids})).json()
    assert made["facts"]["dropped"] == {"not_found": 1}
    assert made["total"] == 1
    view = SavedView.objects.create(
        workspace=ours, name="x", user=api.user, filter={"search": three.name}
    )
    given = {"view": str(view.public_id)}
    assert api.post("broadcasts", body(account, select=given)).json()["total"] == 1
    given = body(account, campaign=str(sale.public_id))
    del given["select"]
    made = api.post("broadcasts", given).json()
    assert (made["total"], made["campaign"]["code"]) == (1, "diwali")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"template": "x"}, ("invalid", "template")),
        ({"parameters": {}}, ("template_parameters", "parameters")),
        ({"parameters": {"1": {"field": "x"}}}, ("template_parameters", "parameters")),
        ({"per_minute": 0}, ("min_value", "per_minute")),
        ({"select": {}}, ("invalid", "select.non_field_errors")),
        ({"select": {"filter": {"nope": "1"}}}, ("invalid", "nope")),
        ({"name": ""}, ("blank", "name")),
    ],
)
def test_what_cannot_be_is_said(change, problem, api, account):
    answer = api.post("broadcasts", body(account, **change))
    assert answer.status_code == 400
    assert problems(answer) == [problem]


def test_a_time_without_an_offset_is_the_workspaces(api, account):
    people(account, 1)
    path = f"broadcasts/{planned(account).public_id}/start"
    past = api.post(path, {"start_at": "2020-01-01T09:00:00"})
    assert problems(past) == [("past", "start_at")]
    answer = api.post(path, {"start_at": "2099-01-01T09:00:00"})
    assert answer.json()["state"] == "scheduled"
    noon = datetime(2099, 1, 1, 9, tzinfo=ZoneInfo(account.workspace.timezone))
    assert Broadcast.objects.get().start_at == noon.astimezone(UTC)


def test_steps_that_cannot_be_taken_are_conflicts(api, account):
    people(account, 1)
    path = f"broadcasts/{planned(account).public_id}"
    for step in ("pause", "resume", "retry-failed"):
        assert api.post(f"{path}/{step}").status_code == 409
    assert api.post(f"{path}/cancel").json()["state"] == "cancelled"
    assert api.post(f"{path}/start").status_code == 409


def test_roles(api, sdr, account):
    people(account, 1)
    path = f"broadcasts/{planned(account).public_id}"
    assert sdr.get(path).status_code == 200
    assert sdr.post("broadcasts", body(account)).status_code == 403
    for step in ("start", "pause", "resume", "cancel", "retry-failed"):
        assert sdr.post(f"{path}/{step}").status_code == 403
    assert sdr.get(f"{path}/recipients.csv").status_code == 403


def test_the_ledger_by_hand(sdr, account):
    contact = talk(account).contact
    path = f"contacts/{contact.public_id}/consent"
    assert sdr.get(path).json() == {"wants_marketing": True, "entries": []}
    said = {"wants": False, "words": "On the phone"}
    answer = sdr.post(path, said)
    assert answer.status_code == 201
    assert answer.json()["wants_marketing"] is False
    assert sdr.post(path, said).status_code == 409
    (entry,) = sdr.results("opt-outs?wants=false&key=919800000001")
    assert (entry["words"], entry["by"]["email"]) == ("On the phone", sdr.user.email)
    assert sdr.post(path, {"wants": True}).json()["wants_marketing"] is True
    assert ConsentEntry.objects.count() == 2


def test_marketing_to_who_opted_out_is_a_conflict_in_words(sdr, account):
    conversation = talk(account)
    template_of(account)
    sdr.post(f"contacts/{conversation.contact.public_id}/consent", {"wants": False})
    answer = sdr.post(
        f"conversations/{conversation.public_id}/messages",
        {"template": {"name": "news", "language": "en", "parameters": {"1": "A"}}},
    )
    assert answer.status_code == 409
    assert problems(answer) == [("opted_out", None)]
    assert Message.objects.filter(direction="out").count() == 0


def test_words_and_prices_are_settled(api, sdr):
    assert sdr.patch("outreach-settings", {"stop_words": ["x"]}).status_code == 403
    assert api.patch("outreach-settings", {"languages": ["xx"]}).status_code == 400
    given = {"stop_words": ["Schluss"], "marketing_paise": 86_310}
    assert api.patch("outreach-settings", given).status_code == 200
    found = sdr.get("outreach-settings").json()
    assert (found["stop_words"], found["marketing_paise"]) == (["Schluss"], 86_310)
    assert found["utility_paise"] is None
    assert "hi" in found["languages"]


def test_progress_is_told_over_the_stream(api, account, django_db_blocker):
    from flexoraa.lib import sets

    people(account, 1)
    broadcast = broadcasts.start(planned(account))
    broadcasts.drain()
    kinds = [row[0] for row in sets.fetch("SELECT kind FROM flexoraa_streamevent")]
    assert "broadcast.progress" in kinds
    assert broadcast.created_at < timezone.now()
