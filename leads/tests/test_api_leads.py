"""Leads over the API: written, read, found, kept from those who may not."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import CustomField, Lead, LeadEdit, LeadSettings, StageInterval
from leads.tests.conftest import Api, problems
from leads.tests.world import make_campaign, make_lead, make_leads, stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def fields(workspace):
    for key, kind, choices in (
        ("plan", "choice", ["free", "gold"]),
        ("size", "number", []),
        ("since", "date", []),
        ("vip", "flag", []),
        ("city", "text", []),
    ):
        CustomField.objects.create(
            workspace=workspace, key=key, label=key.title(), kind=kind, choices=choices
        )


def test_a_lead_is_made_of_what_is_sent(workspace, api, fields):
    campaign = make_campaign(workspace)
    answer = api.post(
        "leads",
        {
            "name": "Asha Rao",
            "phone": "098765 43210",
            "email": "Asha@Example.com",
            "owner": str(api.user.public_id),
            "campaign": str(campaign.public_id),
            "value": {"amount_paise": 49_900},
            "tags": [" vip ", "vip", "fair"],
            "custom": {"plan": "gold", "size": "12.5", "vip": "yes", "city": None},
        },
    )
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert body["phone"] == "+919876543210"
    assert body["email"] == "asha@example.com"
    assert body["stage"]["name"] == "New"
    assert body["owner"]["email"] == "owner@acme.example"
    assert body["campaign"]["code"] == "diwali"
    assert body["value"] == {"amount_paise": 49_900, "currency": "INR"}
    assert body["tags"] == ["vip", "fair"]
    assert body["custom"] == {"plan": "gold", "size": 12.5, "vip": True}
    assert body["version"] == 1
    assert answer["ETag"] == '"v1"'
    assert api.get(f"leads/{body['id']}").json() == body
    assert StageInterval.objects.get().by == api.user


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, ("required", "name")),
        ({"name": "A", "phone": "12"}, ("invalid", "phone")),
        ({"name": "A", "email": "nobody"}, ("invalid", "email")),
        ({"name": "A", "stage": "x"}, ("invalid", "stage")),
        ({"name": "A", "owner": "0" * 32}, ("does_not_exist", "owner")),
        (
            {"name": "A", "value": {"amount_paise": -1}},
            ("min_value", "value.amount_paise"),
        ),
        ({"name": "A", "tags": ["x" * 51]}, ("max_length", "tags.0")),
        ({"name": "A", "custom": {"plan": "silver"}}, ("invalid", "custom.plan")),
        ({"name": "A", "custom": {"size": "many"}}, ("invalid", "custom.size")),
        ({"name": "A", "custom": {"since": "soon"}}, ("invalid", "custom.since")),
        ({"name": "A", "custom": {"vip": "maybe"}}, ("invalid", "custom.vip")),
        ({"name": "A", "custom": {"city": ["x"]}}, ("invalid", "custom.city")),
        ({"name": "A", "custom": {"other": 1}}, ("invalid", "custom.other")),
        ({"name": "A", "custom": [1]}, ("not_a_dict", "custom")),
        ({"name": "A", "consent": "perhaps"}, ("invalid_choice", "consent")),
    ],
)
def test_what_is_wrong_is_said(body, problem, api, fields):
    answer = api.post("leads", body)
    assert answer.status_code == 400, answer.content
    assert problem in problems(answer)
    assert not Lead.objects.exists()


def test_an_external_id_is_taken_once(workspace, api, make_workspace):
    make_lead(make_workspace("theirs"), external_id="A")
    make_lead(workspace, external_id="B")
    assert api.post("leads", {"name": "x", "external_id": "A"}).status_code == 201
    answer = api.post("leads", {"name": "x", "external_id": "B"})
    assert problems(answer) == [("unique", "external_id")]


def test_stale_writes_are_refused(workspace, api):
    lead = make_lead(workspace)
    url = f"leads/{lead.public_id}"
    tag = api.get(url)["ETag"]
    assert api.patch(url, {"name": "One"}, **{"If-Match": tag}).status_code == 200
    assert api.patch(url, {"name": "Two"}, **{"If-Match": tag}).status_code == 412
    assert api.patch(url, {"name": "Two", "version": 1}).status_code == 409
    assert api.patch(url, {"name": "Two", "version": 2}).status_code == 200
    assert api.delete(url, **{"If-Match": tag}).status_code == 412
    lead.refresh_from_db()
    assert (lead.name, lead.version) == ("Two", 3)
    assert LeadEdit.objects.filter(by=api.user).count() == 2


def test_a_new_score_makes_no_copy_stale(workspace, api):
    url = f"leads/{make_lead(workspace).public_id}"
    tag = api.get(url)["ETag"]
    Lead.objects.update(score=70)
    assert api.get(url)["ETag"] == tag
    assert api.patch(url, {"name": "x"}, **{"If-Match": tag}).status_code == 200


def test_a_loss_has_a_reason(workspace, api):
    url = f"leads/{make_lead(workspace).public_id}"
    lost = str(stage(workspace, "Lost").public_id)
    assert problems(api.patch(url, {"stage": lost})) == [("required", "lost_reason")]
    body = api.patch(url, {"stage": lost, "lost_reason": "Too dear"}).json()
    assert (body["stage"]["kind"], body["lost_reason"]) == ("lost", "Too dear")
    assert body["closed_at"]
    assert api.patch(url, {"stage": lost}).status_code == 200


def test_custom_fields_are_set_one_by_one(workspace, api, fields):
    lead = make_lead(workspace, custom={"plan": "free", "size": 3})
    body = api.patch(f"leads/{lead.public_id}", {"custom": {"size": None, "vip": 1}})
    assert body.json()["custom"] == {"plan": "free", "vip": True}


def test_archived_it_is_out_of_lists_until_restored(workspace, api):
    lead = make_lead(workspace)
    url = f"leads/{lead.public_id}"
    assert api.delete(url).status_code == 204
    assert api.results("leads") == []
    assert len(api.results("leads?archived=true")) == 1
    assert api.get(url).json()["archived_at"]
    assert api.patch(url, {"name": "x"}).status_code == 409
    assert api.post(f"{url}/restore").json()["archived_at"] is None
    assert len(api.results("leads")) == 1


def test_who_was_merged_is_read_as_whom_they_were_merged_into(workspace, api):
    winner, loser = make_leads(workspace, 2)
    Lead.objects.filter(pk=loser.pk).update(merged_into=winner)
    assert api.get(f"leads/{loser.public_id}").json()["id"] == str(winner.public_id)
    assert len(api.results("leads")) == 1


def test_the_plan_s_limit_holds(workspace, api):
    workspace.limits = {"leads": 1}
    workspace.save()
    assert api.post("leads", {"name": "One"}).status_code == 201
    answer = api.post("leads", {"name": "Two"})
    assert (answer.status_code, problems(answer)[0][0]) == (409, "limit_reached")


@pytest.fixture
def some(workspace, api, make_member):
    """Leads that differ in everything."""
    other = make_member(workspace, "sdr")
    return {
        "mine": make_lead(workspace, name="Asha Rao", owner=api.user, score=5),
        "other": make_lead(workspace, name="Meena", owner=other, tags=["vip"], score=9),
        "won": make_lead(workspace, name="Zoë", stage=stage(workspace, "Won")),
        "campaign": make_lead(
            workspace,
            name="Ravi",
            campaign=make_campaign(workspace),
            source="fair",
            value_paise=500,
            custom={"plan": "gold"},
            phone="+919876543210",
        ),
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Ravi", "Zoë", "Meena", "Asha Rao"]),
        ("ordering=created_at", ["Asha Rao", "Meena", "Zoë", "Ravi"]),
        ("ordering=-score", ["Meena", "Asha Rao", "Ravi", "Zoë"]),
        ("ordering=-value&limit=1", ["Ravi"]),
        ("search=asha", ["Asha Rao"]),
        ("search=zo%C3%AB", ["Zoë"]),
        ("search=98765", ["Ravi"]),
        ("owner=me", ["Asha Rao"]),
        ("owner=none", ["Ravi", "Zoë"]),
        ("kind=won", ["Zoë"]),
        ("tag=vip", ["Meena"]),
        ("source=fair", ["Ravi"]),
        ("campaign=none", ["Zoë", "Meena", "Asha Rao"]),
        ("custom=plan=gold", ["Ravi"]),
        ("score_from=6", ["Meena"]),
        ("value_from=1", ["Ravi"]),
        ("phone=%2B919876543210", ["Ravi"]),
        ("created_from=2100-01-01T00:00:00Z", []),
        ("archived=true", []),
    ],
)
def test_lists_answer_what_they_are_asked(query, names, api, some, fields):
    assert [row["name"] for row in api.results(f"leads?{query}")] == names


def test_lists_answer_by_ids_too(workspace, api, some):
    won = stage(workspace, "Won").public_id
    campaign = some["campaign"].campaign.public_id
    owner = some["other"].owner.public_id
    for query, name in (
        (f"stage={won}", "Zoë"),
        (f"campaign={campaign}", "Ravi"),
        (f"owner={owner}", "Meena"),
    ):
        assert [row["name"] for row in api.results(f"leads?{query}")] == [name]


@pytest.mark.parametrize(
    "query",
    ["owner=x", "campaign=me", "stage=x", "kind=x", "custom=x", "custom=a=b",
     "custom=size=x", "ordering=name", "score_from=x", "archived=x",
     "created_from=soon", "search=" + "x" * 101],
)  # fmt: skip
def test_bad_questions_are_answered_with_400(query, api, fields):
    assert api.get(f"leads?{query}").status_code == 400


def test_pages_show_each_lead_once(workspace, api):
    make_leads(workspace, 25)
    seen, url = [], "leads?limit=10&ordering=-updated_at"
    while url:
        page = api.get(url).json()
        seen += [row["id"] for row in page["results"]]
        url = page["next"] and page["next"].split("acme/")[1]
    assert len(seen) == len(set(seen)) == 25


def test_an_sdr_sees_their_own_and_nobody_s(workspace, as_role, some):
    sdr = Api(workspace, some["other"].owner)
    assert [row["name"] for row in sdr.results("leads")] == ["Ravi", "Zoë", "Meena"]
    url = f"leads/{some['mine'].public_id}"
    for answer in (
        sdr.get(url),
        sdr.patch(url, {"name": "x"}),
        sdr.get(f"{url}/notes"),
    ):
        assert answer.status_code == 404
    assert sdr.delete(f"leads/{some['other'].public_id}").status_code == 403
    given = sdr.patch(f"leads/{some['other'].public_id}", {"owner": str(
        some["mine"].owner.public_id)})  # fmt: skip
    assert given.status_code == 200
    assert sdr.get(f"leads/{some['other'].public_id}").status_code == 404
    LeadSettings.objects.update(sdr_sees_all=True)
    assert len(sdr.results("leads")) == 4
    assert sdr.patch(url, {"name": "x"}).status_code == 200


def test_a_member_reads_all_and_writes_nothing(as_role, some):
    member = as_role("member")
    assert len(member.results("leads")) == 4
    url = f"leads/{some['mine'].public_id}"
    assert member.patch(url, {"name": "x"}).status_code == 403
    assert member.post("leads", {"name": "x"}).status_code == 403
    assert member.get("leads/export.csv").status_code == 403


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("leads?limit=100", 4),
        ("leads?limit=100&search=lead&ordering=-score", 5),
        ("tasks?limit=100", 4),
        ("campaigns?limit=100", 4),
    ],
)
def test_queries_are_as_many_for_10_rows_as_for_100(path, count, workspace, api):
    from leads.models import Task

    for start, more in ((0, 10), (10, 90)):
        leads = make_leads(workspace, more, owner=api.user)
        Task.objects.bulk_create(
            Task(workspace=workspace, lead=lead, title="x", due_at=lead.created_at,
                 assignee=api.user)
            for lead in Lead.objects.filter(pk__in=[lead.pk for lead in leads])
        )  # fmt: skip
        for number in range(start, start + more):
            make_campaign(workspace, f"c{number}")
        with CaptureQueriesContext(connection) as captured:
            assert len(api.results(path)) == start + more
        assert len(captured) == count


def test_notes_and_tasks_hang_on_their_lead(workspace, api, as_role):
    lead, other = make_leads(workspace, 2)
    Lead.objects.filter(pk=other.pk).update(merged_into=lead)
    assert (
        api.post(f"leads/{other.public_id}/notes", {"text": "Call"}).status_code == 201
    )
    (note,) = api.results(f"leads/{lead.public_id}/notes")
    assert (note["text"], note["author"]["name"]) == ("Call", "Owner")
    assert problems(api.post(f"leads/{lead.public_id}/notes", {})) == [
        ("required", "text")
    ]
    task = api.post(
        "tasks",
        {
            "lead": str(lead.public_id),
            "title": "Call back",
            "due_at": "2026-12-01T09:00:00Z",
            "assignee": str(api.user.public_id),
        },
    ).json()
    assert [row["title"] for row in api.results("tasks?assignee=me&done=false")] == [
        "Call back"
    ]
    first = api.post(f"tasks/{task['id']}/done").json()["done_at"]
    assert first == api.post(f"tasks/{task['id']}/done").json()["done_at"]
    assert api.results("tasks?done=false") == []
    moved = api.patch(f"tasks/{task['id']}", {"title": "Write"}).json()
    assert moved["title"] == "Write"
    assert api.delete(f"tasks/{task['id']}").status_code == 204
    theirs = make_lead(workspace, owner=api.user)
    sdr = as_role("sdr")
    body = {"lead": str(theirs.public_id), "title": "x", "due_at": "2026-12-01"}
    assert ("does_not_exist", "lead") in problems(sdr.post("tasks", body))


def test_the_export_is_the_list_as_a_file(workspace, api, some, fields):
    answer = api.get("leads/export.csv?owner=none&ordering=created_at")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("id,name,phone,email")
    assert [line.split(",")[1] for line in lines[1:]] == ["Zoë", "Ravi"]
    assert "'+919876543210" in lines[2]
    assert "5," in lines[2]
    assert lines[2].endswith("gold,,,,")
