"""Duplicates, merges and splits over the API."""

import pytest

from leads import duplicates
from leads.models import Duplicate, Lead, MergeRecord
from leads.tests.world import make_lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(workspace):
    phone = {"phone": "+919812345678"}
    return (
        make_lead(workspace, name="Asha Rao", **phone),
        make_lead(workspace, name="Asha Rao", email="asha@example.com", **phone),
    )


def look():
    while duplicates.drain():
        pass


def test_from_a_suggestion_to_one_lead_and_back(workspace, api, pair):
    first, second = pair
    look()
    (found,) = api.results("leads/duplicates")
    assert (found["first"]["id"], found["second"]["id"]) == (
        str(first.public_id),
        str(second.public_id),
    )
    assert found["evidence"] == [
        {"fact": "phone", "points": 60},
        {"fact": "name", "points": 40},
    ]
    body = {"winner": str(first.public_id), "loser": str(second.public_id)}
    plan = api.post("leads/merge", {**body, "dry_run": True})
    assert (plan.status_code, plan.json()["filled"]) == (200, ["email"])
    assert not MergeRecord.objects.exists()
    merged = api.post("leads/merge", body)
    assert merged.status_code == 201, merged.content
    assert merged.json()["filled"] == ["email"]
    assert merged.json()["evidence"][0]["fact"] == "phone"
    assert merged.json()["by"]["email"] == api.user.email
    assert api.results("leads/duplicates") == []
    assert [row["name"] for row in api.results("leads")] == ["Asha Rao"]
    assert api.get(f"leads/{second.public_id}").json()["id"] == str(first.public_id)
    assert api.post("leads/merge", body).status_code == 409
    (record,) = api.results("leads/merges")
    split = api.post(f"leads/merges/{record['id']}/undo")
    assert split.status_code == 200, split.content
    assert split.json()["lead"]["id"] == str(second.public_id)
    assert (split.json()["kept"], split.json()["merge"]["id"]) == ([], record["id"])
    assert api.get(f"leads/{first.public_id}").json()["email"] == ""
    assert len(api.results("leads")) == 2
    again = api.post(f"leads/merges/{record['id']}/undo")
    assert (again.status_code, again.json()["errors"][0]["code"]) == (
        409,
        "not_the_last",
    )


def test_two_who_are_two_are_suggested_no_more(api, pair):
    look()
    (found,) = api.results("leads/duplicates")
    url = f"leads/duplicates/{found['id']}/dismiss"
    assert [api.post(url).status_code for _ in range(2)] == [204, 204]
    assert api.results("leads/duplicates") == []
    assert Duplicate.objects.get().dismissed_by == api.user


def test_whom_one_may_not_merge(workspace, as_role, make_workspace, pair, api):
    first, second = pair
    body = {"winner": str(first.public_id), "loser": str(second.public_id)}
    for role in ("sdr", "member"):
        assert as_role(role).post("leads/merge", body).status_code == 403
        assert (
            as_role(role, email=f"{role}2@x.example")
            .get("leads/duplicates")
            .status_code
            == 403
        )
    foreign = make_lead(make_workspace("theirs"))
    for bad in (str(foreign.public_id), "x", None, 7):
        answer = api.post("leads/merge", {**body, "loser": bad})
        assert answer.status_code == 400, answer.content
    same = {"winner": str(first.public_id), "loser": str(first.public_id)}
    for dry_run in (True, False):
        answer = api.post("leads/merge", {**same, "dry_run": dry_run})
        assert answer.status_code == 409, answer.content
    assert not Lead.objects.filter(merged_into__isnull=False).exists()


def test_lists_of_pairs_ask_as_often_for_many_as_for_few(
    workspace, api, django_assert_max_num_queries
):
    for number in range(15):
        for _ in range(2):
            make_lead(workspace, phone=f"+9198123456{number:02d}")
    look()
    with django_assert_max_num_queries(8):
        rows = api.get("leads/duplicates?limit=10").json()
    assert len(rows["results"]) == 10
    rest = api.client.get(rows["next"]).json()["results"]
    assert len({row["id"] for row in [*rows["results"], *rest]}) == 15
    for row in rows["results"]:
        body = {"winner": row["first"]["id"], "loser": row["second"]["id"]}
        assert api.post("leads/merge", body).status_code == 201
    with django_assert_max_num_queries(8):
        assert len(api.results("leads/merges")) == 10
