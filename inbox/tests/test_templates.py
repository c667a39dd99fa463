"""Templates kept in step with the platform."""

import json

import pytest
from django.urls import reverse

from flexoraa.sandbox import templates as made
from inbox import templates
from inbox.models import ChannelAccount, Template
from inbox.tests.replying import approve
from inbox.tests.sandboxed import PARENT
from inbox.tests.world import as_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def waba(meta, number):
    """The templates of the stand-in's business account: more than a page of them."""
    meta.templates[PARENT] = [
        made.template(n, f"template_{n:03}", "en", "UTILITY", f"Hello {{{{1}}}} {n}")
        for n in range(130)
    ]
    return meta.templates[PARENT]


def test_all_pages_are_stored(number, waba):
    assert templates.drain() == 1
    assert Template.objects.count() == 130
    row = Template.objects.get(name="template_007")
    assert (row.status, row.language) == ("APPROVED", "en")
    assert row.body == "Hello {{1}} 7"
    assert row.parameters == ["1"]
    assert templates.drain() == 0  # not before some hours


def test_what_changed_and_what_is_gone_is_seen(number, waba):
    templates.sync(number.pk)
    waba[3]["status"] = "PAUSED"
    del waba[5:]
    templates.ask(ChannelAccount.objects.values("pk"))
    assert templates.drain() == 1
    states = dict(Template.objects.values_list("name", "status"))
    assert [states[f"template_{n:03}"] for n in (0, 3, 4, 5)] == [
        "APPROVED",
        "PAUSED",
        "APPROVED",
        "GONE",
    ]
    assert Template.objects.count() == 130


def test_a_platform_that_does_not_answer_changes_nothing(number, meta, waba, caplog):
    approve(number)
    meta.faults.add(code=131000, status=500, method="GET")
    assert templates.drain() == 1
    assert "as they were" in caplog.text
    assert Template.objects.get().status == "APPROVED"
    assert templates.drain() == 0


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"token": ""}, "no access token"), ({"parent_external_id": ""}, "not known")],
)
def test_what_is_missing_is_said(number, fields, words):
    for name, value in fields.items():
        setattr(number, name, value)
    number.save()
    with pytest.raises(templates.NotSynced, match=words):
        templates.sync(number.pk)


def test_nobody_there_is_said(number, settings):
    settings.GRAPH_URL = "http://127.0.0.1:1"
    with pytest.raises(templates.NotSynced, match="no connection"):
        templates.sync(number.pk)


def update(event: str, at: int, name: str = "hello") -> bytes:
    value = {
        "event": event,
        "message_template_id": 1,
        "message_template_name": name,
        "message_template_language": "en",
        "reason": "NONE" if event == "APPROVED" else "ABUSIVE_CONTENT",
    }
    change = {"field": "message_template_status_update", "value": value}
    entry = {"id": PARENT, "time": at, "changes": [change]}
    return json.dumps(
        {"object": "whatsapp_business_account", "entry": [entry]}
    ).encode()


def test_news_of_a_template_counts_at_once_by_its_clock(account, receive):
    row = approve(account, status_at="2026-01-01T00:00:00Z")
    ChannelAccount.objects.update(templates_due_at=None)
    receive("whatsapp", update("REJECTED", 1790000200))
    row.refresh_from_db()
    assert (row.status, row.reason) == ("REJECTED", "ABUSIVE_CONTENT")
    receive("whatsapp", update("APPROVED", 1790000100))  # older news, later
    row.refresh_from_db()
    assert row.status == "REJECTED"
    receive("whatsapp", update("FLAGGED", 1790000300))  # no state that we know
    row.refresh_from_db()
    assert row.status == "REJECTED"
    account.refresh_from_db()
    assert account.templates_due_at  # looked up soon, whatever it was


def test_the_api_lists_and_syncs_them(account, make_member):
    approve(account, "hello")
    approve(account, "bye", status="PAUSED")
    ChannelAccount.objects.update(templates_due_at=None)
    client = as_user(make_member(account.workspace, "admin"))
    root = "/api/workspaces/acme/templates"
    rows = client.get(f"{root}?status=APPROVED&search=he").json()["results"]
    assert [(row["name"], row["parameters"]) for row in rows] == [("hello", ["1"])]
    assert client.get(f"{root}/{rows[0]['id']}").json()["body"].startswith("Hello")
    assert client.get(f"{root}?account={account.public_id}").json()["results"]
    answer = client.post(f"{root}/sync")
    assert (answer.status_code, answer.json()) == (202, {"channels": 1})
    account.refresh_from_db()
    assert account.templates_due_at
    viewer = as_user(make_member(account.workspace, "sdr"))
    assert viewer.post(f"{root}/sync").status_code == 403


def test_the_number_of_queries_is_the_same_for_many(
    account, make_member, django_assert_num_queries
):
    client = as_user(make_member(account.workspace, "member"))
    for count in (10, 50):
        for place in range(count):
            approve(account, f"t{count}_{place}")
        with django_assert_num_queries(4):
            client.get("/api/workspaces/acme/templates?limit=100")


def test_the_back_office_shows_and_syncs_them(account, staff):
    row = approve(account)
    page = staff.get(reverse("admin:inbox_template_changelist"))
    assert b"hello" in page.content
    detail = staff.get(reverse("admin:inbox_template_change", args=[row.pk]))
    assert b"it is ready" in detail.content
    ChannelAccount.objects.update(templates_due_at=None)
    staff.post(
        reverse("admin:inbox_template_changelist"),
        {"action": "sync_now", "_selected_action": [row.pk]},
    )
    account.refresh_from_db()
    assert account.templates_due_at
