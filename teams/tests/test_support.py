"""Platform staff in a customer's workspace: for a reason, for a while, and seen."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from teams import support
from teams.models import AuditEvent, SupportVisit, User
from teams.tests.people import mails
from teams.tests.streaming import stage

pytestmark = pytest.mark.django_db
WHY = "Ticket 4711: replies on Instagram fail"
ROOT = "/api/workspaces/acme"


@pytest.fixture
def helper(db):
    return User.objects.create_superuser("helper@example.com", "x", name="Helper")


@pytest.fixture
def browser(helper):
    client = Client()
    client.force_login(helper)
    return client


@pytest.fixture
def owner(workspace, make_member):
    return make_member(workspace)


@pytest.fixture
def visit(workspace, owner, helper):
    return support.enter(workspace, helper, reason=WHY, minutes=60)


def by(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def status(client, path="", slug="acme"):
    return client.get(f"/api/workspaces/{slug}{path}").status_code


def act(client, workspace, **fields):
    """The action of the list of workspaces."""
    data = {
        "action": "enter_as_support",
        "_selected_action": [workspace.pk],
        "reason": WHY,
        "minutes": "60",
        **fields,
    }
    return client.post(reverse("admin:teams_workspace_changelist"), data, follow=True)


def test_nobody_is_in_without_a_visit(browser, workspace, owner):
    assert status(browser, "/conversations") == 404
    assert browser.get("/api/me").json()["memberships"] == []


def test_a_visit_opens_one_workspace_for_a_while(
    browser, visit, make_workspace, django_assert_max_num_queries
):
    make_workspace("other")
    assert status(browser, "/conversations") == 200
    assert status(browser, "/conversations", "other") == 404
    (place,) = browser.get("/api/me").json()["memberships"]
    assert (place["workspace"]["slug"], place["role"]) == ("acme", "support")
    assert "read_audit" in place["actions"]
    listed = browser.get("/api/workspaces").json()["results"]
    assert [row["slug"] for row in listed] == ["acme"]
    past = timezone.now() - timedelta(hours=2)
    SupportVisit.objects.update(
        created_at=past, ends_at=past + timedelta(hours=1)
    )  # time goes by
    assert status(browser, "/conversations") == 404
    assert browser.get("/api/me").json()["memberships"] == []


def test_support_looks_and_speaks_to_nobody(browser, visit, owner, make_member):
    assert browser.patch(
        ROOT, {"timezone": "UTC"}, content_type="application/json"
    ).status_code == (200)
    for method, path in (
        ("post", "/admin/invite"),
        ("post", "/admin/api-keys"),
        ("patch", f"/admin/users/{owner.public_id}/role"),
        ("post", "/leads"),
    ):
        answer = getattr(browser, method)(
            ROOT + path, {}, content_type="application/json"
        )
        assert answer.status_code == 403, path
    event = AuditEvent.objects.get(subject="workspace", action="update")
    assert (event.door, event.actor) == ("support", visit.visitor)


def test_owners_are_told_at_once_and_see_it(visit, owner, workspace, make_member):
    make_member(workspace, "admin")
    (told,) = mails()
    assert told.to == [owner.email]
    assert WHY in told.body
    assert "Asia/Kolkata" in told.body
    (row,) = by(owner).get(f"{ROOT}/admin/support-visits").json()["results"]
    assert (row["reason"], row["is_open"]) == (WHY, True)
    assert row["visitor"]["email"] == "helper@example.com"
    (event,) = AuditEvent.objects.filter(subject="support visit")
    assert event.workspace == workspace
    assert event.changes["reason"] == [None, WHY]
    User.objects.filter(pk=owner.pk).update(is_staff=True)
    page = by(owner).get(reverse("admin:teams_supportvisit_changelist"))
    assert WHY in page.content.decode()


@pytest.mark.parametrize(("role", "code"), [("sdr", 403), ("admin", 200)])
def test_the_team_ends_it(role, code, visit, workspace, make_member, browser):
    url = f"{ROOT}/admin/support-visits/{visit.public_id}/end"
    client = by(make_member(workspace, role))
    assert client.post(url).status_code == code
    assert status(browser, "/conversations") == (200 if code == 403 else 404)
    if code == 200:
        again = client.post(url)
        assert again.json()["errors"][0]["code"] == "closed"
        ended = SupportVisit.objects.get()
        assert ended.ended_by.email == f"{role}@acme.example"


def test_the_visitor_ends_it(visit, browser):
    assert browser.post(f"{ROOT}/admin/leave").status_code == 204
    assert status(browser, "/conversations") == 404
    assert SupportVisit.objects.get().ended_by == visit.visitor


def test_who_is_no_platform_staff_any_more_is_out(visit, browser, helper):
    User.objects.filter(pk=helper.pk).update(is_superuser=False)
    assert status(browser, "/conversations") == 404


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"reason": " short "}, "Say why"), ({"minutes": "600"}, "One of")],
)
def test_a_reason_and_an_end_are_required(fields, words, browser, workspace, owner):
    page = act(browser, workspace, confirmed="yes", **fields).content.decode()
    assert words in page
    assert not SupportVisit.objects.exists()


def test_the_back_office_asks_first(browser, workspace, owner):
    asked = act(browser, workspace).content.decode()
    assert "The owners get a mail" in asked
    assert not SupportVisit.objects.exists()
    done = act(browser, workspace, confirmed="yes").content.decode()
    assert "Its owners have been told" in done
    assert status(browser, "/conversations") == 200
    again = act(browser, workspace, confirmed="yes").content.decode()
    assert "You are in Acme already" in again
    visit = SupportVisit.objects.get()
    url = reverse("admin:teams_supportvisit_changelist")
    browser.post(url, {"action": "end", "_selected_action": [visit.pk]})
    assert status(browser, "/conversations") == 404


def test_nobody_else_may_enter(workspace, owner):
    User.objects.filter(pk=owner.pk).update(is_staff=True)
    act(by(owner), workspace, confirmed="yes")
    assert not SupportVisit.objects.exists()


def test_the_database_knows_no_long_visit(visit):
    with pytest.raises(IntegrityError, match="is_short"):
        SupportVisit.objects.update(ends_at=visit.created_at + timedelta(hours=9))


@pytest.mark.django_db(transaction=True)
def test_its_stream_closes_at_once(visit, browser, owner, monkeypatch):
    monkeypatch.setattr("teams.streams.CHECK_SECONDS", 60)
    with stage() as events:
        listening = events.listen("acme", browser)
        assert listening.status == 200
        listening.next()
        support.end(visit, actor=owner)
        assert listening.is_closed(5)
        assert events.listen("acme", browser).status == 404


@pytest.mark.django_db(transaction=True)
def test_its_stream_ends_with_its_time(visit, browser):
    with stage() as events:
        listening = events.listen("acme", browser)
        listening.next()
        past = timezone.now() - timedelta(hours=2)
        SupportVisit.objects.update(created_at=past, ends_at=past + timedelta(hours=1))
        assert listening.is_closed(5)
