"""Inviting people: what is sent, who may come in, and who may not (T25)."""

import base64
import contextlib
import statistics
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from flexoraa.lib.errors import Conflict
from flexoraa.lib.tests.races import at_once
from teams import invitations, mailing
from teams.models import Counter, Invitation, Mail, Membership, User
from teams.models.invitations import InvitationQuerySet
from teams.models.workspaces import WorkspaceQuerySet
from teams.tests.people import PASSWORD, link_in, log_in, mails, verified

pytestmark = pytest.mark.django_db
ROOT = "/api/workspaces/acme/admin"


@pytest.fixture
def owner(workspace, make_member):
    return verified(make_member(workspace))


@pytest.fixture
def api(client, owner):
    client.force_login(owner)
    return client


@pytest.fixture
def guest(db):
    return verified(User.objects.create_user("guest@example.com", PASSWORD))


def send(client, path, body=None, key="k1"):
    return client.post(
        f"{ROOT}/{path}",
        body,
        content_type="application/json",
        headers={"Idempotency-Key": key},
    )


def invite(client, body, key="k1"):
    return send(client, "invite", body, key)


def one(email="guest@example.com", role="sdr"):
    return {"email": email, "role": role}


def code_of(response) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["code"]


def token_in(message) -> str:
    return link_in(message, "/invitations/").rsplit("/", 1)[1]


@pytest.fixture
def token(api) -> str:
    """Of an invitation that was mailed to the guest, as SDR."""
    assert invite(api, one()).status_code == 201
    return token_in(mails()[-1])


def accept(client, token):
    return client.post(f"/api/invitations/{token}/accept")


def test_an_invitation_is_mailed_with_names_in_two_forms(api, owner, workspace):
    answer = invite(api, one("Guest@Example.com")).json()
    (outcome,) = answer["results"]
    assert outcome["email"] == "guest@example.com"
    assert outcome["outcome"] == "invited"
    assert outcome["invitation"]["state"] == "pending"
    assert outcome["invitation"]["delivery"] == "queued"
    (message,) = mails()
    assert message.to == ["guest@example.com"]
    assert message.subject == "Owner invites you to Acme"
    html, kind = message.alternatives[0]
    assert kind == "text/html"
    for words in (message.body, html):
        assert "Owner" in words
        assert "Acme" in words
        assert "SDR" in words
        assert "/account/invitations/" in words


def test_a_list_is_invited_at_once_each_with_an_outcome(api, workspace, make_member):
    make_member(workspace, "member", "there@acme.example")
    invite(api, one("waiting@example.com"))
    body = [one(f"{n}@example.com", "member") for n in range(98)]
    body += [one("there@acme.example"), one("waiting@example.com")]
    response = invite(api, body, key="k2")
    found = [row["outcome"] for row in response.json()["results"]]
    assert found == ["invited"] * 98 + ["already_member", "already_invited"]
    assert len(mails()) == 99
    assert invite(api, [*body, one("101@x.com")], key="k3").status_code == 400
    assert invite(api, [], key="k4").status_code == 400


@pytest.mark.parametrize(
    "body",
    [{}, one("nobody"), one(role="boss"), one("a" * 300 + "@x.com"), "x", [[]], 7],
    ids=repr,
)
def test_what_cannot_be_invited_is_said(body, api):
    assert invite(api, body).status_code == 400
    assert not Invitation.objects.exists()


def test_the_same_request_twice_sends_one_mail(api):
    first, second = invite(api, one()), invite(api, one())
    assert first.json() == second.json()
    assert second["Idempotent-Replayed"] == "true"
    assert len(mails()) == 1


@pytest.mark.parametrize(
    ("role", "wanted", "status"),
    [
        ("owner", "owner", 201),
        ("admin", "owner", 403),
        ("admin", "admin", 201),
        ("sdr", "member", 403),
        ("member", "member", 403),
    ],
)
def test_nobody_gives_more_than_they_have(
    role, wanted, status, client, workspace, make_member
):
    client.force_login(make_member(workspace, role))
    assert invite(client, one(role=wanted)).status_code == status
    assert Invitation.objects.exists() == (status == 201)


def test_seats_are_shared_by_members_and_invitations(api, workspace, guest):
    workspace.limits = {"seats": 3}
    workspace.save()
    two = [one("a@example.com"), one("b@example.com")]
    assert code_of(invite(api, [*two, one()])) == (409, "limit_reached")
    assert not Invitation.objects.exists()
    assert invite(api, two, key="k2").status_code == 201
    assert code_of(invite(api, one(), key="k3")) == (409, "limit_reached")
    Invitation.objects.filter(email="a@example.com").update(expires_at=timezone.now())
    assert invite(api, one(), key="k4").status_code == 201


def test_a_seat_that_went_to_others_meanwhile_is_not_taken_twice(
    token, guest, workspace
):
    workspace.limits = {"seats": 1}
    workspace.save()
    with pytest.raises(Conflict, match="allows 1 seats"):
        invitations.accept(token, guest)
    assert workspace.memberships.count() == 1


def test_a_day_has_its_most(api, settings):
    settings.INVITATIONS_A_DAY = 2
    assert invite(api, [one("a@x.com"), one("b@x.com")]).status_code == 201
    found = Invitation.objects.first().public_id
    refused = (409, "too_many_invitations")
    assert code_of(send(api, f"invitations/{found}/resend", key="k2")) == refused
    assert code_of(invite(api, one(), key="k3")) == refused
    Counter.objects.update(ends_at=timezone.now())
    assert invite(api, one(), key="k4").status_code == 201


def test_the_invited_person_looks_and_comes_in(token, guest, workspace):
    client = Client()
    preview = client.get(f"/api/invitations/{token}")
    assert preview.json() == {
        "workspace": "Acme",
        "invited_by": "Owner",
        "role": "sdr",
        "email_hint": "g…@example.com",
        "expires_at": preview.json()["expires_at"],
    }
    assert accept(client, token).status_code == 401
    client.force_login(guest)
    assert accept(client, token).json() == {"workspace": "acme", "role": "sdr"}
    assert workspace.memberships.get(user=guest).role == "sdr"
    invitation = Invitation.objects.get()
    assert (invitation.state, invitation.accepted_by) == ("accepted", guest)


def test_a_forwarded_link_is_worth_nothing(token, workspace, make_workspace):
    other = verified(User.objects.create_user("other@example.com", PASSWORD))
    unverified = User.objects.create_user("guest@example.com", PASSWORD)
    for user in (other, unverified):
        client = Client()
        client.force_login(user)
        assert code_of(accept(client, token)) == (403, "other_address")
    assert workspace.memberships.count() == 1


def test_it_works_once(token, guest):
    invitations.accept(token, guest)
    with pytest.raises(invitations.Invalid):
        invitations.accept(token, guest)


def test_who_is_a_member_already_keeps_their_role(token, guest, workspace):
    Membership.objects.create(workspace=workspace, user=guest, role="admin")
    assert invitations.accept(token, guest).role == "admin"
    assert Invitation.objects.get().state == "accepted"


def test_sent_again_the_older_link_is_worth_nothing(api, token, guest):
    Invitation.objects.update(expires_at=timezone.now())
    found = Invitation.objects.get().public_id
    response = send(api, f"invitations/{found}/resend", key="k9")
    assert response.json()["state"] == "pending"
    newer = token_in(mails()[-1])
    assert newer != token
    assert invitations.find(token) is None
    assert invitations.accept(newer, guest).role == "sdr"
    assert code_of(send(api, f"invitations/{found}/resend", key="k2")) == (
        409,
        "closed",
    )


def test_inviting_again_after_it_expired_sends_a_new_one(api, token, guest):
    Invitation.objects.update(expires_at=timezone.now())
    (outcome,) = invite(api, one(role="member"), key="k2").json()["results"]
    assert outcome["outcome"] == "invited"
    assert Invitation.objects.count() == 1
    assert invitations.accept(token_in(mails()[-1]), guest).role == "member"


def test_revoked_it_is_worth_nothing(api, token):
    found = Invitation.objects.get().public_id
    assert send(api, f"invitations/{found}/revoke").json()["state"] == "revoked"
    assert invitations.find(token) is None
    assert code_of(send(api, f"invitations/{found}/revoke")) == (409, "closed")
    assert invite(api, one(), key="k2").json()["results"][0]["outcome"] == "invited"


def test_lists_tell_the_states_apart_and_no_token(api, token, guest):
    invitations.accept(token, guest)
    invite(api, [one("a@x.com"), one("b@x.com"), one("c@x.com")], key="k2")
    Invitation.objects.filter(email="a@x.com").update(expires_at=timezone.now())
    Invitation.objects.filter(email="b@x.com").update(revoked_at=timezone.now())
    for state, email in {
        "accepted": "guest@example.com",
        "expired": "a@x.com",
        "revoked": "b@x.com",
        "pending": "c@x.com",
    }.items():
        rows = api.get(f"{ROOT}/invitations?state={state}").json()["results"]
        assert [(row["email"], row["state"]) for row in rows] == [(email, state)]
    assert token not in api.get(f"{ROOT}/invitations").content.decode()


def test_a_list_takes_as_many_queries_for_many(api, django_assert_num_queries):
    invite(api, [one(f"{n}@x.com") for n in range(30)])
    with django_assert_num_queries(4):  # session, user, membership, rows
        assert len(api.get(f"{ROOT}/invitations").json()["results"]) == 30


def bad_tokens(api, token, guest) -> dict[str, str]:
    """A token that is good for nothing, of each kind."""
    invitations.accept(token, guest)
    found = {"used": token, "unknown": "x" * 43, "odd": "%00", "long": "y" * 300}
    for kind in ("expired", "revoked"):
        invite(api, one(f"{kind}@example.com"), key=kind)
        found[kind] = token_in(mails()[-1])
    Invitation.objects.filter(email__startswith="expired").update(
        expires_at=timezone.now()
    )
    Invitation.objects.filter(email__startswith="revoked").update(
        revoked_at=timezone.now()
    )
    return found


def test_whatever_is_wrong_with_a_token_the_answer_is_the_same(api, token, guest):
    client = Client()
    client.force_login(guest)
    said, took = set(), {}
    for kind, bad in bad_tokens(api, token, guest).items():
        times = []
        for _ in range(9):
            started = time.perf_counter()
            answers = client.get(f"/api/invitations/{bad}"), accept(client, bad)
            times.append(time.perf_counter() - started)
        took[kind] = statistics.median(times)
        for answer in answers:
            problem = answer.json()
            del problem["request_id"]
            said.add((answer.status_code, str(problem)))
    assert len(said) == 1
    assert said.pop()[0] == 404
    assert max(took.values()) - min(took.values()) < 0.02


def test_a_dump_holds_no_token(api, token):
    page = Client()
    page.get(reverse("open_invitation", args=[token]))
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        for table in tables:
            rows = f'FROM "{table}" t WHERE t::text LIKE %s'
            cursor.execute(f"SELECT count(*) {rows}", [f"%{token}%"])
            assert cursor.fetchone()[0] == 0, table


def test_the_pages_of_ours_lead_the_same_way(token, guest, workspace):
    client = Client()
    response = client.get(reverse("open_invitation", args=[token]))
    assert response.url == reverse("invitation")
    assert token not in client.get(response.url).content.decode()
    assert client.post(response.url).url == reverse("account_login")
    client = Client()
    log_in(client, guest.email)
    client.get(reverse("open_invitation", args=[token]))
    assert "Accept as guest@example.com" in client.get(response.url).content.decode()
    assert client.post(response.url).url == reverse("home")
    page = client.get(reverse("home")).content.decode()
    assert "Welcome to Acme" in page
    assert "SDR" in page
    assert "not valid" in client.get(response.url).content.decode()


def test_on_our_pages_another_address_is_told_so(token, make_workspace, make_member):
    client = Client()
    client.force_login(verified(make_member(make_workspace("theirs"))))
    client.get(reverse("open_invitation", args=[token]))
    page = reverse("invitation")
    assert "another address" in client.get(page).content.decode()
    assert "another address" in client.post(page).content.decode()


def test_a_bounce_shows_on_the_invitation(api, token):
    Mail.objects.update(message_id="m-1")
    report = {
        "RecordType": "Bounce",
        "Type": "HardBounce",
        "TypeCode": 1,
        "ID": 42,
        "MessageID": "m-1",
        "Email": "guest@example.com",
        "BouncedAt": "2026-11-25T04:00:00Z",
        "Description": "The server was unable to deliver your message",
    }
    url = "/webhooks/mail/postmark/tracking/"
    login = base64.b64encode(b"reports:for-tests-only").decode()
    for headers, status in (
        ({}, 400),
        ({"Authorization": f"Basic {login}"}, 200),
    ):
        response = Client().post(
            url, report, content_type="application/json", headers=headers
        )
        assert response.status_code == status
        (row,) = api.get(f"{ROOT}/invitations").json()["results"]
        assert row["delivery"] == ("bounced" if status == 200 else "sent")
    assert row["delivery_error"]


def test_a_mail_that_cannot_be_sent_is_tried_again_and_given_up(api, monkeypatch):
    def fail(self, messages):
        raise ConnectionRefusedError("secret words of a provider")

    backend = "django.core.mail.backends.locmem.EmailBackend"
    monkeypatch.setattr(f"{backend}.send_messages", fail)
    invite(api, one())
    for attempt in range(1, mailing.MOST_ATTEMPTS + 1):
        assert mailing.drain() == 1
        assert mailing.drain() == 0  # not due yet
        mail = Mail.objects.get()
        assert (mail.attempts, mail.error) == (attempt, "ConnectionRefusedError")
        Mail.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert mail.state == "failed"
    assert mailing.drain() == 0
    (row,) = api.get(f"{ROOT}/invitations").json()["results"]
    assert (row["delivery"], row["delivery_error"]) == (
        "failed",
        "ConnectionRefusedError",
    )


ROUNDS, AT_ONCE = 50, 8


def accept_at_once(workspace, rounds=ROUNDS) -> int:
    """Eight people with the same right address and link accept at the same moment,
    again and again; how many members there are too many."""
    owner = workspace.memberships.get(role="owner")
    extra = 0
    for number in range(rounds):
        email = f"guest{number}@example.com"
        invitations.invite(workspace, {email: "sdr"}, actor=owner)
        token = token_in(mails()[-1])
        names = [f"{n}-{number}@x.com" for n in range(AT_ONCE)]
        users = [User.objects.create_user(name) for name in names]
        before = workspace.memberships.count()

        def work(n, users=users, token=token):
            with contextlib.suppress(invitations.Invalid):
                invitations.accept(token, users[n])

        errors = at_once(AT_ONCE, work)
        assert not errors
        extra += workspace.memberships.count() - before - 1
    return extra


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
class TestRaces:
    """Of many at once one comes in, and a control that lets more in."""

    @pytest.fixture(autouse=True)
    def _everybody_owns_the_address(self, owner, monkeypatch, settings):
        settings.INVITATIONS_A_DAY = 10_000
        monkeypatch.setattr(invitations, "is_for", lambda invitation, user: True)

    def test_one_of_eight_comes_in(self, workspace):
        assert accept_at_once(workspace) == 0

    def test_control_without_the_lock_more_come_in(self, workspace, monkeypatch):
        for rows in (InvitationQuerySet, WorkspaceQuerySet):
            monkeypatch.setattr(rows, "select_for_update", lambda self, **k: self)
        assert accept_at_once(workspace, rounds=10) > 0
