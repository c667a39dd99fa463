"""Mass update and mass assign over the API."""

import pytest

from leads import bulk
from leads.models import BulkOperation, CustomField, Lead, SavedView
from leads.tests.conftest import Api, problems
from leads.tests.world import make_campaign, make_lead, make_leads, stage

pytestmark = pytest.mark.django_db


def ids(leads) -> list[str]:
    return [str(lead.public_id) for lead in leads]


def update(api, select, wanted, dry_run=False, key=""):
    body = {"select": select, "set": wanted, "dry_run": dry_run}
    return api.post("leads/bulk/update", body, key=key)


def finish() -> None:
    while bulk.drain():
        pass


def test_plan_apply_undo_and_report(workspace, api):
    leads, won = make_leads(workspace, 3), stage(workspace, "Won")
    wanted = {"stage": str(won.public_id), "tags": {"add": ["vip"]}}
    answer = update(api, {"ids": ids(leads)}, wanted, dry_run=True)
    assert answer.status_code == 200, answer.content
    plan = answer.json()
    operation = plan["operation"]
    assert (operation["state"], operation["planned"]) == ("planned", 3)
    assert plan["sample"][0]["lead"]["id"] == str(leads[0].public_id)
    assert plan["sample"][0]["after"]["stage"] == won.pk
    assert not Lead.objects.filter(stage=won).exists()
    url = f"leads/bulk/{operation['id']}"
    assert api.post(f"{url}/apply", {"plan_hash": "other"}).status_code == 409
    done = api.post(f"{url}/apply", {"plan_hash": operation["plan_hash"]}).json()
    assert (done["operation"]["state"], done["operation"]["applied"]) == ("applied", 3)
    assert Lead.objects.filter(stage=won, tags=["vip"]).count() == 3
    assert len(api.results(f"{url}/changes?state=applied")) == 3
    report = b"".join(api.get(f"{url}/report.csv").streaming_content).decode()
    assert "tags: –; stage: New" in report
    assert "tags: +vip; stage: Won" in report
    undone = api.post(f"{url}/undo").json()["operation"]
    assert (undone["state"], undone["undone"]) == ("undone", 3)
    assert api.post(f"{url}/undo").status_code == 409
    assert Lead.objects.filter(stage=won).count() == 0
    assert api.get(url).json()["state"] == "undone"
    assert len(api.results("leads/bulk")) == 1


def test_the_same_key_is_one_operation(workspace, api):
    leads = make_leads(workspace, 2)
    first = update(api, {"ids": ids(leads)}, {"source": "fair"}, key="once")
    again = update(api, {"ids": ids(leads)}, {"source": "fair"}, key="once")
    assert again.json() == first.json()
    assert again["Idempotent-Replayed"] == "true"
    assert BulkOperation.objects.count() == 1
    other = update(api, {"ids": ids(leads)}, {"source": "web"}, key="once")
    assert other.status_code == 422
    undo = f"leads/bulk/{first.json()['operation']['id']}/undo"
    assert api.post(undo, key="undo").content == api.post(undo, key="undo").content


def test_foreign_ids_are_as_if_they_did_not_exist(workspace, api, make_workspace):
    ours, theirs = make_lead(workspace), make_lead(make_workspace("theirs"))
    wanted = {"source": "taken"}
    absent = "01900000-0000-7000-8000-000000000000"
    foreign = update(api, {"ids": ids([ours, theirs])}, wanted).json()
    assert foreign["operation"]["applied"] == 1
    assert foreign["operation"]["dropped"] == {"not_found": 1}
    Lead.objects.update(source="")
    nobody = update(api, {"ids": [*ids([ours]), absent]}, wanted).json()
    assert nobody["operation"]["dropped"] == {"not_found": 1}
    theirs.refresh_from_db()
    assert (theirs.source, theirs.version) == ("", 1)
    for name, row in (
        ("stage", stage(theirs.workspace)),
        ("campaign", make_campaign(theirs.workspace)),
    ):
        answer = update(api, {"ids": ids([ours])}, {name: str(row.public_id)})
        assert problems(answer) == [("does_not_exist", f"set.{name}")]


def test_of_fifty_leads_ten_are_out_of_an_sdr_s_reach(workspace, as_role, api):
    """T22: forty done, ten reported, never fifty."""
    sdr = as_role("sdr")
    mine = make_leads(workspace, 40, owner=sdr.user)
    others = make_leads(workspace, 10, owner=api.user)
    answer = update(sdr, {"ids": ids(mine + others)}, {"source": "fair"}).json()
    assert answer["operation"]["applied"] == 40
    assert answer["operation"]["dropped"] == {"not_found": 10}
    assert Lead.objects.filter(source="fair").count() == 40
    everything = update(sdr, {"filter": {}}, {"source": "web"}).json()
    assert everything["operation"]["applied"] == 40
    url = f"leads/bulk/{everything['operation']['id']}"
    assert Api(workspace, api.user).get(url).status_code == 200
    other = as_role("sdr", email="other@acme.example")
    assert other.get(url).status_code == 404
    assert other.post(f"{url}/undo").status_code == 404
    assert other.get(f"{url}/changes").status_code == 404
    member = as_role("member")
    assert update(member, {"filter": {}}, {"source": "x"}).status_code == 403


def test_of_fifty_leads_ten_are_assigned_by_nobody_but_their_own(
    workspace, as_role, api
):
    """T22 for mass assignment, and for what somebody else planned."""
    sdr = as_role("sdr")
    mine = make_leads(workspace, 40, owner=sdr.user)
    others = make_leads(workspace, 10, owner=api.user)
    body = {
        "select": {"ids": ids(mine + others)},
        "campaign": str(make_campaign(workspace).public_id),
    }
    answer = sdr.post("leads/bulk/assign", body).json()["operation"]
    assert (answer["applied"], answer["dropped"]) == (40, {"not_found": 10})
    assert Lead.objects.filter(campaign__isnull=False).count() == 40
    whole = api.post("leads/bulk/assign", body | {"dry_run": True}).json()
    assert whole["operation"]["planned"] == 10  # the owner's: nobody is done twice
    url = f"leads/bulk/{whole['operation']['id']}"
    assert sdr.post(f"{url}/apply").status_code == 404
    assert Lead.objects.filter(campaign__isnull=False).count() == 40


def test_filters_and_views_are_resolved_here(workspace, api):
    make_leads(workspace, 3, source="fair")
    make_leads(workspace, 2)
    answer = update(api, {"filter": {"source": "fair"}}, {"consent": "granted"})
    assert answer.json()["operation"]["applied"] == 3
    view = SavedView.objects.create(
        workspace=workspace, user=api.user, name="Fair", filter={"source": "fair"}
    )
    answer = update(api, {"view": str(view.public_id)}, {"tags": {"add": ["x"]}})
    assert answer.json()["operation"]["applied"] == 3
    theirs = Api(workspace, api.user)
    SavedView.objects.filter(pk=view.pk).delete()
    gone = update(theirs, {"view": str(view.public_id)}, {"source": "x"})
    assert problems(gone) == [("invalid", "select.view")]


@pytest.mark.parametrize(
    ("select", "wanted", "problem"),
    [
        ({}, {"source": "x"}, ("invalid", "select.non_field_errors")),
        (
            {"filter": {}, "ids": []},
            {"source": "x"},
            ("invalid", "select.non_field_errors"),
        ),
        ({"filter": {"sauce": "x"}}, {"source": "x"}, ("invalid", "sauce")),
        ({"filter": {"kind": "x"}}, {"source": "x"}, ("invalid", "kind")),
        ({"ids": ["x"]}, {"source": "x"}, ("invalid", "select.ids.0")),
        ({"filter": {}}, {}, ("required", "set.non_field_errors")),
        ({"filter": {}}, {"name": "x"}, ("unknown", "set.name")),
        ({"filter": {}}, {"custom": {"x": 1}}, ("invalid", "set.custom.x")),
        ({"filter": {}}, {"value_paise": -1}, ("min_value", "set.value_paise")),
    ],
)
def test_what_is_wrong_with_a_request_is_said(select, wanted, problem, api):
    answer = update(api, select, wanted)
    assert answer.status_code == 400, answer.content
    assert problem in problems(answer)


def test_a_key_is_asked_for(workspace, api):
    body = {"select": {"filter": {}}, "set": {"source": "x"}}
    answer = api.send("post", "leads/bulk/update", body, {})
    assert problems(answer) == [("required", "Idempotency-Key")]


def test_losing_many_needs_one_reason(workspace, api):
    make_lead(workspace)
    lost = str(stage(workspace, "Lost").public_id)
    answer = update(api, {"filter": {}}, {"stage": lost})
    assert problems(answer) == [("required", "set.lost_reason")]
    wanted = {"stage": lost, "lost_reason": "Season over"}
    assert update(api, {"filter": {}}, wanted).json()["operation"]["applied"] == 1
    lead = Lead.objects.get()
    assert (lead.stage.kind, lead.lost_reason) == ("lost", "Season over")


def test_over_a_thousand_it_goes_on_in_the_background(workspace, api, monkeypatch):
    monkeypatch.setattr(bulk, "INLINE", 5)
    make_leads(workspace, 8)
    answer = update(api, {"filter": {}}, {"source": "fair"})
    assert answer.status_code == 202
    url = f"leads/bulk/{answer.json()['operation']['id']}"
    finish()
    assert api.get(url).json()["percent"] == 100
    assert api.post(f"{url}/undo").status_code == 202
    assert api.post(f"{url}/cancel").status_code == 409
    finish()
    assert api.get(url).json()["undone"] == 8


def test_custom_fields_are_set_for_many(workspace, api):
    CustomField.objects.create(workspace=workspace, key="plan", label="Plan")
    make_leads(workspace, 2, custom={"plan": "free"})
    answer = update(api, {"filter": {}}, {"custom": {"plan": None}})
    assert answer.json()["operation"]["applied"] == 2
    assert Lead.objects.filter(custom={}).count() == 2


def assign(api, **body):
    return api.post("leads/bulk/assign", {"select": {"filter": {}}, **body})


def test_assigning_in_turns_goes_on_after_the_last(workspace, api, as_role):
    one, two = (as_role("sdr", email=f"{n}@acme.example").user for n in ("one", "two"))
    owners = [str(user.public_id) for user in (one, two)]
    campaign = make_campaign(workspace)
    make_leads(workspace, 5)
    body = {"campaign": str(campaign.public_id), "owners": owners}
    receipt = assign(api, **body).json()["operation"]["receipt"]
    assert [(c["given"], c["skipped"]) for c in receipt["candidates"]] == [
        (3, ""),
        (2, ""),
    ]
    assert Lead.objects.filter(owner=one, campaign=campaign).count() == 3
    make_lead(workspace, name="Next")
    assign(api, select={"filter": {"search": "next"}}, owners=owners)
    assert Lead.objects.get(name="Next").owner == two


def test_the_least_loaded_get_more(workspace, api, as_role):
    one, two = (as_role("sdr", email=f"{n}@acme.example").user for n in ("one", "two"))
    make_leads(workspace, 4, owner=one)
    make_leads(workspace, 3, stage=stage(workspace, "Won"), owner=two)
    make_leads(workspace, 6, source="new")
    answer = assign(
        api,
        select={"filter": {"source": "new"}},
        owners=[str(one.public_id), str(two.public_id)],
        strategy="least_loaded",
    ).json()
    loads = answer["operation"]["receipt"]["candidates"]
    assert [(c["load_before"], c["given"]) for c in loads] == [(4, 1), (0, 5)]
    assert Lead.objects.filter(owner=two, source="new").count() == 5


def test_keep_gives_only_what_is_nobody_s(workspace, api, as_role):
    one = as_role("sdr").user
    make_leads(workspace, 2, owner=api.user)
    make_leads(workspace, 3)
    answer = assign(api, owners=[str(one.public_id)], strategy="keep").json()
    assert answer["operation"]["applied"] == 3
    assert Lead.objects.filter(owner=api.user).count() == 2


def test_whoever_works_no_leads_is_skipped_and_the_receipt_says_so(
    workspace, api, as_role
):
    member = as_role("member").user
    make_leads(workspace, 2)
    answer = assign(api, owners=[str(member.public_id)]).json()
    (candidate,) = answer["operation"]["receipt"]["candidates"]
    assert candidate["skipped"] == "their role works no leads"
    assert answer["operation"]["planned"] == 0
    assert problems(assign(api)) == [("required", "campaign")]
    foreign = assign(api, owners=["01900000-0000-7000-8000-000000000000"])
    assert problems(foreign) == [("does_not_exist", "owners.0")]
