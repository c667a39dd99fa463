"""Signing up and in, as a browser application does it: cookie and CSRF token."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.conf import settings as configured
from django.db import connection
from django.test import Client
from django.urls import reverse

from teams.models import Counter, Mail, User, Workspace
from teams.tests.people import (
    PASSWORD,
    ask,
    code_of,
    flows,
    link_in,
    log_in,
    mails,
    verified,
    with_second_factor,
)

pytestmark = pytest.mark.django_db
NEW = {
    "email": "asha@example.com",
    "password": "correct horse battery",
    "name": "Asha",
    "company": "Röd & Blå",
}


@pytest.fixture
def user(workspace, make_member):
    return verified(make_member(workspace))


def sign_up(client, **changes):
    return ask(client, "auth/signup", {**NEW, **changes})


def is_signed_in(client) -> bool:
    return client.get("/api/me").status_code == 200


def test_who_signs_up_verifies_the_address_and_finds_a_workspace(client):
    response = sign_up(client)
    assert (response.status_code, flows(response)) == (401, ["verify_email"])
    assert not Workspace.objects.exists()
    (message,) = mails()
    assert message.to == ["asha@example.com"]
    key = link_in(message, "confirm-email").strip("/").rsplit("/", 1)[1]
    response = ask(client, "auth/email/verify", {"key": key})
    assert response.status_code == 200
    me = client.get("/api/me").json()
    assert (me["email"], me["name"]) == ("asha@example.com", "Asha")
    (place,) = me["memberships"]
    assert (place["workspace"]["slug"], place["role"]) == ("rod-bla", "owner")


def test_the_same_with_our_own_pages(client):
    form = {"email": NEW["email"], "password1": NEW["password"], "name": "Asha"}
    page = client.post(reverse("account_signup"), form)
    assert page.url == reverse("account_email_verification_sent")
    link = link_in(mails()[0], "confirm-email")
    assert client.get(link).status_code == 200
    assert client.post(link).url == reverse("home")
    page = client.get(reverse("home"))
    assert "You are in no workspace" in page.content.decode()
    client.post(reverse("home"), {"name": "Blue"})
    client.post(reverse("home"), {"name": "A second one"})
    page = client.get(reverse("home")).content.decode()
    assert "Blue" in page
    assert "Owner" in page
    assert Workspace.objects.count() == 1


def test_without_a_verified_address_nobody_gets_in(client):
    sign_up(client)
    response = log_in(Client(), NEW["email"], NEW["password"])
    assert (response.status_code, flows(response)) == (401, ["verify_email"])
    assert not is_signed_in(client)


def test_a_closed_installation_takes_nobody_who_was_not_invited(client, settings):
    settings.SIGN_UP_OPEN = False
    assert sign_up(client).status_code == 403
    assert "closed" in client.get(reverse("account_signup")).content.decode().lower()
    assert not User.objects.exists()


def test_signing_in_needs_the_csrf_token(user):
    client = Client(enforce_csrf_checks=True)
    assert log_in(client, user.email).status_code == 403
    assert ask(client, "config", method="get").status_code == 200
    token = client.cookies["csrftoken"].value
    response = log_in(client, user.email, **{"X-CSRFToken": token})
    assert response.status_code == 200
    token = client.cookies["csrftoken"].value
    response = client.patch(
        "/api/workspaces/acme",
        {"name": "Mine"},
        content_type="application/json",
        headers={"X-CSRFToken": token},
    )
    assert response.status_code == 200


def test_the_session_key_changes_when_somebody_signs_in(client, user):
    client.get(reverse("open_invitation", args=["x"]))
    before = client.cookies["sessionid"].value
    log_in(client, user.email)
    assert client.cookies["sessionid"].value != before
    old = Client()
    old.cookies["sessionid"] = before
    assert not is_signed_in(old)


def test_signing_out_ends_the_session(client, user):
    log_in(client, user.email)
    cookie = client.cookies["sessionid"].value
    ask(client, "auth/session", method="delete")
    other = Client()
    other.cookies["sessionid"] = cookie
    assert not is_signed_in(client)
    assert not is_signed_in(other)


@pytest.fixture
def devices(user):
    """Two browsers in which the user is signed in."""
    found = Client(), Client()
    for client in found:
        assert log_in(client, user.email).status_code == 200
    return found


def test_a_new_password_ends_the_other_sessions(devices):
    mine, other = devices
    body = {"current_password": PASSWORD, "new_password": "correct horse battery"}
    assert ask(mine, "account/password/change", body).status_code == 200
    assert (is_signed_in(mine), is_signed_in(other)) == (True, False)


def test_a_password_that_is_reset_ends_all_sessions(devices, user):
    client = Client()
    ask(client, "auth/password/request", {"email": user.email})
    key = link_in(mails()[-1], "reset").rstrip("/").rsplit("/", 1)[1]
    key = key.removeprefix("key/").split("/")[-1]
    body = {"key": key, "password": "correct horse battery"}
    assert ask(client, "auth/password/reset", body).status_code == 401
    assert [is_signed_in(device) for device in devices] == [False, False]
    assert log_in(client, user.email, "correct horse battery").status_code == 200
    assert ask(client, "auth/password/reset", body).status_code in (400, 409)


@pytest.mark.django_db(transaction=True)
def test_a_second_factor_that_comes_or_goes_ends_the_other_sessions(devices, user):
    mine, other = devices
    assert ask(mine, "auth/reauthenticate", {"password": PASSWORD}).status_code == 200
    secret = ask(mine, "account/authenticators/totp", method="get").json()
    secret = secret["meta"]["secret"]
    body = {"code": code_of(secret)}
    assert ask(mine, "account/authenticators/totp", body).status_code == 200
    assert (is_signed_in(mine), is_signed_in(other)) == (True, False)
    third = Client()
    assert flows(log_in(third, user.email)) == ["mfa_authenticate"]
    code = {"code": code_of(secret, 1)}
    assert ask(third, "auth/2fa/authenticate", code).status_code == 200
    ask(mine, "account/authenticators/totp", method="delete")
    assert (is_signed_in(mine), is_signed_in(third)) == (True, False)


def test_who_is_deactivated_is_out_at_once_and_stays_out(devices, user):
    root = Client()
    root.force_login(User.objects.create_superuser("root@example.com", "x"))
    page = reverse("admin:teams_user_change", args=[user.pk])
    form = {"email": user.email, "name": "", "is_active": ""}
    form |= {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    assert root.post(page, form).status_code == 302
    assert [is_signed_in(device) for device in devices] == [False, False]
    root.post(page, {**form, "is_active": "on"})
    assert [is_signed_in(device) for device in devices] == [False, False]


def test_sessions_are_listed_and_ended(devices):
    mine, other = devices
    listed = ask(mine, "auth/sessions", method="get").json()["data"]
    assert [session["is_current"] for session in listed].count(True) == 1
    (theirs,) = [session["id"] for session in listed if not session["is_current"]]
    ask(mine, "auth/sessions", {"sessions": [theirs]}, method="delete")
    assert (is_signed_in(mine), is_signed_in(other)) == (True, False)
    assert "Mozilla" not in mine.get(reverse("usersessions_list")).content.decode()


def test_a_code_is_asked_for_and_taken_once(client, user):
    secret = with_second_factor(user)
    assert flows(log_in(client, user.email)) == ["mfa_authenticate"]
    assert not is_signed_in(client)
    wrong = ask(client, "auth/2fa/authenticate", {"code": "000000"})
    assert wrong.status_code == 400
    code = {"code": code_of(secret)}
    assert ask(client, "auth/2fa/authenticate", code).status_code == 200
    again = Client()
    log_in(again, user.email)
    assert ask(again, "auth/2fa/authenticate", code).status_code == 400
    assert not is_signed_in(again)


def test_a_recovery_code_works_once(client, user):
    with_second_factor(user)
    code = {"code": RecoveryCodes.activate(user).get_unused_codes()[0]}
    log_in(client, user.email)
    assert ask(client, "auth/2fa/authenticate", code).status_code == 200
    again = Client()
    log_in(again, user.email)
    assert ask(again, "auth/2fa/authenticate", code).status_code == 400


def test_seeds_are_sealed_at_rest(user):
    secret = with_second_factor(user)
    stored = str(Authenticator.objects.values_list("data", flat=True)[0])
    assert secret not in stored
    assert "gAAAA" in stored


def test_mail_is_sealed_until_it_is_sent_and_then_gone(client):
    sign_up(client)
    row = Mail.objects.values_list("text", "html").get()
    with connection.cursor() as cursor:
        cursor.execute("SELECT text || html FROM teams_mail")
        (stored,) = cursor.fetchone()
    assert "confirm-email" in row[0].reveal()
    assert "confirm-email" not in stored
    mails()
    assert not any(Mail.objects.values_list("text", "html").get())


@pytest.mark.parametrize(
    "where",
    [
        "https://evil.example",
        "//evil.example",
        "///evil.example",
        "////evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "http:evil.example",
        "http:/evil.example",
        "https:///evil.example",
        "https:\\\\evil.example",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "ftp://evil.example/",
        " https://evil.example",
        "\thttps://evil.example",
        "\nhttps://evil.example",
        "https://testserver@evil.example",
        "https://testserver.evil.example",
        "https://evil.example/testserver",
        "https://evil.example#testserver",
        "https://evil.example?testserver",
        "http://[::1",
        "http://evil.example:80",
        "//evil.example/%2f..",
        "/%09/evil.example\\@",
        "https://evil%E3%80%82example",
        "//google%00.evil.example",
        "http://testserver:password@evil.example",
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(where, client, user):
    form = {"login": user.email, "password": PASSWORD, "next": where}
    for response in (
        client.post(reverse("account_login"), form),
        client.get(reverse("admin:login"), {"next": where}),
    ):
        assert response.status_code in (302, 403)
        if response.status_code == 302:
            assert response.url.startswith("/")
            assert not response.url.startswith(("//", "/\\"))
            assert "evil.example" not in response.url.split("?")[0].split("%09")[0]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"email": "\\ud800@x.com", "password": "\\ud800"}',
        b'{"email": "a@x.com", "password": "\\u0000"}',
        b'{"email": 7, "password": [1]}',
        b'{"email": "a@x.com", "password": {"a": 1}}',
        b'{"email": NaN}',
        b"[]",
        b"7",
    ],
    ids=repr,
)
def test_hostile_bodies_are_refused(body, client):
    for path in ("auth/login", "auth/signup"):
        response = client.post(
            f"/_allauth/browser/v1/{path}", body, content_type="application/json"
        )
        assert response.status_code in (400, 401), path
    assert not User.objects.exists()


def test_odd_names_are_stored_clean(client):
    assert sign_up(client, name="a\x00b\ud800", company="").status_code == 401
    assert "\x00" not in User.objects.get().name


class TestBackOffice:
    """The same way in, and a second factor."""

    @pytest.fixture(autouse=True)
    def _factor_is_asked_for(self, settings):
        settings.STAFF_SECOND_FACTOR = True

    @pytest.fixture
    def root(self):
        return verified(User.objects.create_superuser("root@example.com", PASSWORD))

    def pages(self):
        return [
            reverse(f"admin:{name}")
            for name in ("index", "teams_user_changelist", "teams_user_add")
        ]

    def test_the_admins_own_form_is_no_way_round(self, client, root):
        page = reverse("admin:login")
        form = {"username": root.email, "password": PASSWORD}
        for response in (client.get(page), client.post(page, form)):
            assert response.url.startswith(reverse("account_login"))
        assert not is_signed_in(client)

    def test_a_password_alone_opens_no_page(self, client, root):
        log_in(client, root.email)
        for page in self.pages():
            response = client.get(page)
            assert response.url.startswith(reverse("admin:login"))
            assert client.get(response.url).url == reverse("mfa_activate_totp")

    def test_with_the_code_every_page_opens(self, client, root):
        secret = with_second_factor(root)
        log_in(client, root.email)
        assert client.get(self.pages()[0]).status_code == 302
        ask(client, "auth/2fa/authenticate", {"code": code_of(secret)})
        for page in self.pages():
            assert client.get(page).status_code == 200

    def test_who_is_no_staff_is_told_so(self, client, user):
        log_in(client, user.email)
        assert client.get(reverse("admin:login")).status_code == 403

    def test_staff_come_back_to_where_they_wanted(self, client, root):
        with_second_factor(root)
        client.force_login(root)
        page = reverse("admin:teams_user_changelist")
        assert client.get(reverse("admin:login"), {"next": page}).url == page


def test_the_shared_cache_is_in_the_database(client):
    assert configured.CACHES["default"]["BACKEND"].endswith("DatabaseCache")
    assert not Counter.objects.exists()
    assert not EmailAddress.objects.exists()
