"""T33: exports, API keys and roles ask who it is, when that was shown long ago."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from flexoraa.tests.routes import ROUTES
from teams.models import ApiKey, Membership, User
from teams.tests.people import PASSWORD, ask, code_of, log_in, verified
from teams.tests.people import with_second_factor as activate

pytestmark = pytest.mark.django_db
ROOT = "/api/workspaces/acme"
BELOW = "api/workspaces/<slug:workspace>/"


@pytest.fixture(autouse=True)
def _fifteen_minutes(settings):
    settings.STEP_UP_MINUTES = 15


@pytest.fixture
def owner(workspace, make_member):
    return verified(make_member(workspace))


@pytest.fixture
def other(workspace, make_member):
    return make_member(workspace, "sdr")


@pytest.fixture
def browser(owner):
    """Signed in a moment ago, by the front door."""
    client = Client()
    assert log_in(client, owner.email).status_code == 200
    return client


def grow_old(client: Client, seconds: int = 16 * 60) -> None:
    """So much time goes by in the session."""
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= seconds
    session.save()


def grave(other: User) -> list[tuple[str, str, Any]]:
    key = {"name": "Shop", "role": "sdr"}
    return [
        ("post", "/admin/api-keys", key),
        ("delete", f"/admin/api-keys/{ApiKey.objects.get().public_id}", None),
        ("patch", f"/admin/users/{other.public_id}/role", {"role": "member"}),
        ("get", "/admin/audit.csv", None),
        ("get", "/leads/export.csv", None),
        ("get", "/analytics/roi/rows.csv", None),
        ("post", f"/admin/users/{other.public_id}/transfer-ownership", None),
    ]


def send(client, method, path, body=None):
    sender = getattr(client, method)
    if method == "get":
        return sender(ROOT + path)
    return sender(ROOT + path, body or {}, content_type="application/json")


def code(response) -> str:
    if "json" not in response.headers.get("Content-Type", ""):
        return ""
    return response.json().get("errors", [{}])[0].get("code", "")


@pytest.fixture
def key(workspace, owner):
    return ApiKey.objects.make(
        workspace=workspace, made_by=owner, name="Old", role="owner"
    )[1]


def test_a_session_of_long_ago_is_asked_and_told_how(browser, other, key):
    grow_old(browser)
    for method, path, body in grave(other):
        answer = send(browser, method, path, body)
        assert answer.status_code == 403, path
        assert code(answer) == "reauthentication_required", path
        assert answer.json()["reauthenticate"].endswith("/auth/reauthenticate")
    assert Membership.objects.get(user=other).role == "sdr"
    assert ApiKey.objects.count() == 1
    assert send(browser, "get", "/leads").status_code == 200


def test_what_the_answer_says_opens_it(browser, other, key):
    grow_old(browser)
    shown = ask(browser, "auth/reauthenticate", {"password": PASSWORD})
    assert shown.status_code == 200
    for method, path, body in grave(other):
        answer = send(browser, method, path, body)
        assert code(answer) != "reauthentication_required", path
    assert Membership.objects.get(user=other).role == "owner"


def test_a_wrong_password_opens_nothing(browser, other, key):
    grow_old(browser)
    assert ask(browser, "auth/reauthenticate", {"password": "x"}).status_code == 400
    assert code(send(browser, "get", "/admin/audit.csv")) == "reauthentication_required"


def test_the_second_factor_opens_it_as_well(browser, owner):
    secret = activate(owner)
    grow_old(browser)
    shown = ask(browser, "auth/2fa/reauthenticate", {"code": code_of(secret)})
    assert shown.status_code == 200
    assert send(browser, "get", "/admin/audit.csv").status_code == 200


def test_who_has_just_signed_in_is_not_asked(browser, other, key):
    grow_old(browser, 14 * 60)
    for method, path, body in grave(other):
        assert code(send(browser, method, path, body)) != "reauthentication_required"


def test_keys_are_not_asked(key):
    machine = Client(headers={"Authorization": f"Bearer {key}"})
    assert machine.get(f"{ROOT}/admin/audit.csv").status_code == 200


def test_who_may_not_is_refused_before(other):
    verified(other)
    client = Client()
    log_in(client, other.email)
    grow_old(client)
    assert code(send(client, "get", "/admin/audit.csv")) == "permission_denied"


def test_every_file_of_rows_and_every_key_is_declared():
    """A new route of such a kind says `again`, or is named here with its reason."""
    numbers = {"file"}  # a report's figures: no customer is in them
    # what became of the rows of a bulk edit or an import
    harmless = ("leads/bulk/<uuid:id>/report.csv", "leads/import/<uuid:id>/errors.csv")
    missing = []
    for route in ROUTES:
        if not route.path.startswith(BELOW):
            continue
        path, actions = route.path.removeprefix(BELOW), route.view.actions
        for method, name in actions.items():
            is_file = (
                path.endswith(".csv") and name not in numbers and path not in harmless
            )
            is_grave = is_file or (
                method in ("post", "patch", "delete")
                and path.endswith(("/role", "/transfer-ownership"))
                or ("api-keys" in path and method != "get" and method != "head")
            )
            if is_grave and name not in getattr(route.view.cls, "again", ()):
                missing.append((path, method, name))
    assert missing == []


def in_back_office(client, name, action, *rows):
    form = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(reverse(f"admin:teams_{name}_changelist"), form)


def test_the_back_office_asks_too(browser, owner, other, key):
    User.objects.filter(pk=owner.pk).update(is_staff=True)
    membership = Membership.objects.get(user=other)
    row = ApiKey.objects.get()
    delete = reverse("admin:teams_apikey_delete", args=[row.pk])
    asked = in_back_office(browser, "membership", "give_role", membership)
    assert asked.status_code == 200
    grow_old(browser)
    page = reverse("account_reauthenticate")
    for answer in (
        in_back_office(browser, "membership", "give_role", membership),
        in_back_office(browser, "membership", "remove", membership),
        in_back_office(browser, "apikey", "delete_selected", row),
        browser.get(delete),
        browser.post(delete, {"post": "yes"}),
    ):
        assert answer.status_code == 302
        assert answer.url.startswith(f"{page}?next=%2Fadmin%2Fteams%2F")
    assert ApiKey.objects.count() == 1
    back = browser.post(answer.url, {"password": PASSWORD})
    assert (back.status_code, back.url) == (302, delete)
    assert browser.post(delete, {"post": "yes"}).status_code == 302
    assert not ApiKey.objects.exists()
