"""Stages, custom fields, settings, saved views, campaigns and spend over the API."""

import pytest

from leads.models import Lead, SpendEntry, Stage
from leads.tests.conftest import problems
from leads.tests.world import make_campaign, make_lead, stage

pytestmark = pytest.mark.django_db


def test_stages_are_added_renamed_and_kept_while_leads_know_them(workspace, api):
    answer = api.post("stages", {"name": "Demo", "position": 25})
    assert answer.status_code == 201, answer.content
    names = [row["name"] for row in api.results("stages")]
    assert names == ["New", "Contacted", "Demo", "Qualified", "Won", "Lost"]
    url = f"stages/{answer.json()['id']}"
    assert api.patch(url, {"name": "Shown"}).json()["name"] == "Shown"
    assert problems(api.patch(url, {"name": "Won"})) == [("unique", "name")]
    assert problems(api.patch(url, {"kind": "won"})) == [("fixed", "kind")]
    lead = make_lead(workspace, stage=stage(workspace, "Shown"))
    Lead.objects.filter(pk=lead.pk).update(stage=stage(workspace))
    assert api.delete(url).status_code == 409
    lead.delete()
    assert api.delete(url).status_code == 204
    assert Stage.objects.for_workspace(workspace).count() == 5


def test_custom_fields_keep_their_key_and_kind(api):
    body = {"key": "plan", "label": "Plan", "kind": "choice"}
    assert problems(api.post("custom-fields", body)) == [("required", "choices")]
    answer = api.post("custom-fields", {**body, "choices": ["free", "gold"]})
    assert answer.status_code == 201, answer.content
    assert problems(api.post("custom-fields", {**body, "choices": ["x"]})) == [
        ("unique", "key")
    ]
    url = f"custom-fields/{answer.json()['id']}"
    assert problems(api.patch(url, {"key": "other"})) == [("fixed", "key")]
    assert problems(api.patch(url, {"choices": []})) == [("required", "choices")]
    assert api.patch(url, {"label": "Tier"}).json()["label"] == "Tier"


def test_settings_are_the_workspace_s(api, as_role):
    assert api.get("lead-settings").json() == {
        "region": "IN",
        "sdr_sees_all": False,
        "makes_leads_of_messages": True,
    }
    assert api.patch("lead-settings", {"region": "DE"}).json()["region"] == "DE"
    assert api.patch("lead-settings", {"region": "x"}).status_code == 400
    assert as_role("sdr").patch("lead-settings", {"region": "DE"}).status_code == 403


def test_saved_views_are_mine_or_the_team_s(api, as_role):
    mine = api.post("saved-views", {"name": "Mine", "filter": {"owner": "me"}})
    assert mine.json()["mine"] is True
    body = {"name": "Ours", "filter": {"kind": "open"}, "is_shared": True}
    ours = api.post("saved-views", body).json()
    assert problems(api.post("saved-views", body)) == [("unique", "name")]
    member = as_role("member")
    (seen,) = member.results("saved-views")
    assert (seen["name"], seen["mine"]) == ("Ours", False)
    url = f"saved-views/{ours['id']}"
    assert member.patch(url, {"name": "x"}).status_code == 404
    assert member.delete(url).status_code == 404
    assert api.patch(url, {"filter": {"kind": "won"}}).status_code == 200
    for bad in ({"nothing": "x"}, {"kind": "x"}, {"owner": "x"}):
        answer = api.post("saved-views", {"name": "Bad", "filter": bad})
        assert answer.status_code == 400, bad
    assert api.delete(url).status_code == 204


def test_campaigns_show_their_leads_and_what_they_cost(workspace, api):
    body = {
        "code": "diwali-2026",
        "name": "Diwali",
        "channel": "whatsapp",
        "starts_on": "2026-10-01",
        "ends_on": "2026-11-15",
        "budget": {"amount_paise": 5_000_000},
        "ad_ids": ["120210"],
    }
    answer = api.post("campaigns", body)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert made["budget"] == {"amount_paise": 5_000_000, "currency": "INR"}
    url = f"campaigns/{made['id']}"
    assert problems(api.post("campaigns", body)) == [("unique", "code")]
    assert problems(api.patch(url, {"ends_on": "2026-09-01"})) == [
        ("invalid", "ends_on")
    ]
    lead = make_lead(workspace)
    api.patch(f"leads/{lead.public_id}", {"campaign": made["id"]})
    spend = {"day": "2026-10-02", "kind": "ad", "amount": {"amount_paise": 700}}
    assert api.post(f"{url}/spend", spend).status_code == 201
    shown = api.get(url).json()
    assert (shown["leads"], shown["spend_paise"]) == (1, 700)
    assert api.delete(url).status_code == 409
    assert api.patch(url, {"status": "ended"}).json()["status"] == "ended"


def test_a_corrected_spend_replaces_the_entry_and_keeps_it(workspace, api):
    campaign = make_campaign(workspace)
    url = f"campaigns/{campaign.public_id}/spend"
    body = {"day": "2026-10-02", "amount": {"amount_paise": 700}}
    first = api.post(url, body).json()
    one = f"{url}/{first['id']}"
    assert problems(api.patch(one, {"day": "2026-10-03"})) == [("fixed", "day")]
    second = api.patch(one, {"amount": {"amount_paise": 900}}).json()
    assert second["amount"]["amount_paise"] == 900
    again = api.patch(f"{url}/{second['id']}", {"amount": {"amount_paise": 900}})
    assert again.json()["id"] == second["id"]
    assert api.patch(one, {"amount": {"amount_paise": 1}}).status_code == 409
    assert [row["id"] for row in api.results(url)] == [second["id"]]
    everything = api.results(f"{url}?replaced=true")
    assert [row["is_current"] for row in everything] == [True, False]
    old = SpendEntry.objects.get(public_id=first["id"])
    assert str(old.replaced_by.public_id) == second["id"]
    assert api.post(url, {"day": "2026-10-02"}).status_code == 400
    foreign = "0" * 8 + "-0000-7000-8000-" + "0" * 12
    assert api.get(f"campaigns/{foreign}/spend").status_code == 404
