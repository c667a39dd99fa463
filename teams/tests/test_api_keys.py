"""API keys: machines sign in to one workspace, with one role at most."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from teams.models import ApiKey, AuditEvent, Membership, User, Workspace

pytestmark = pytest.mark.django_db
ROOT = "/api/workspaces/acme/admin"


@pytest.fixture
def owner(workspace, make_member):
    return make_member(workspace)


@pytest.fixture
def api(client, owner):
    client.force_login(owner)
    return client


def make(client, role="admin", name="Shop"):
    body = {"name": name, "role": role}
    return client.post(f"{ROOT}/api-keys", body, content_type="application/json")


def by(key: str) -> Client:
    """A machine with this key, for which cookies and CSRF tokens are nothing."""
    return Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {key}"})


@pytest.fixture
def machine(api) -> Client:
    return by(make(api).json()["key"])


def rename(client, slug="acme") -> int:
    url = f"/api/workspaces/{slug}"
    body = {"name": "Renamed"}
    return client.patch(url, body, content_type="application/json").status_code


def test_a_key_is_shown_once(api, owner):
    made = make(api).json()
    assert made["key"].startswith("flx_")
    assert made["key"].startswith(made["prefix"])
    assert len(made["key"]) >= 40
    listed = api.get(f"{ROOT}/api-keys")
    assert made["key"] not in listed.content.decode()
    (row,) = listed.json()["results"]
    del made["key"]
    assert row == made
    assert row["made_by"]["email"] == owner.email
    stored = str(ApiKey.objects.values().get())
    assert made["prefix"] in stored


def test_a_machine_works_without_cookies(machine, workspace, owner):
    assert rename(machine) == 200
    event = AuditEvent.objects.get(subject="workspace", action="update")
    assert (event.door, event.actor) == ("api key", owner)
    assert ApiKey.objects.get().last_used_at
    me = machine.get("/api/me").json()
    assert [(p["workspace"]["slug"], p["role"]) for p in me["memberships"]] == [
        ("acme", "admin")
    ]


def test_it_knows_its_workspace_alone(machine, owner, make_workspace):
    theirs = make_workspace("theirs")
    Membership.objects.create(workspace=theirs, user=owner, role="owner")
    assert rename(machine, "theirs") == 404
    assert len(machine.get("/api/me").json()["memberships"]) == 1
    assert len(machine.get("/api/workspaces").json()["results"]) == 1
    body = {"name": "New"}
    made = machine.post("/api/workspaces", body, content_type="application/json")
    assert made.status_code == 403
    assert Workspace.objects.count() == 2


def test_it_does_no_more_than_its_role(api):
    assert rename(by(make(api, role="sdr").json()["key"])) == 403


@pytest.mark.parametrize(("maker", "status"), [("admin", 403), ("owner", 201)])
def test_nobody_makes_a_key_above_themselves(
    maker, status, client, workspace, make_member
):
    client.force_login(make_member(workspace, maker))
    assert make(client, role="owner").status_code == status


def test_it_does_no_more_than_its_maker_may_now(machine, owner):
    owner.memberships.update(role="sdr")
    assert rename(machine) == 403
    owner.memberships.all().delete()
    assert rename(machine) == 404
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert rename(machine) == 401


def test_a_key_gives_no_role_above_its_own(api, workspace, make_member):
    key = by(make(api, role="admin").json()["key"])
    sdr = make_member(workspace, "sdr")
    url = f"{ROOT}/users/{sdr.public_id}/role"
    for role, status in (("owner", 403), ("admin", 200)):
        body = {"role": role}
        response = key.patch(url, body, content_type="application/json")
        assert response.status_code == status
    assert make(key, role="owner").status_code == 403


def test_revoked_it_is_worth_nothing(api, machine):
    (row,) = api.get(f"{ROOT}/api-keys").json()["results"]
    assert api.delete(f"{ROOT}/api-keys/{row['id']}").status_code == 204
    assert rename(machine) == 401


@pytest.mark.parametrize(
    "key", ["", "x", "flx_", "flx_" + "x" * 43, "\x00", "é", "x" * 5_000]
)
def test_what_is_no_key_is_refused(key, machine):
    assert rename(by(key)) == 401
    assert (
        Client(headers={"Authorization": "Basic eDp5"}).get("/api/me").status_code
        == 401
    )


def test_its_use_is_noted_once_a_minute(machine, django_assert_num_queries):
    machine.get("/api/me")
    seen = ApiKey.objects.get().last_used_at
    machine.get("/api/me")
    assert ApiKey.objects.get().last_used_at == seen
    past = timezone.now() - timedelta(minutes=2)
    ApiKey.objects.update(last_used_at=past)
    machine.get("/api/me")
    assert ApiKey.objects.get().last_used_at > past


def test_invitations_are_accepted_by_people(machine):
    assert machine.post("/api/invitations/x/accept").status_code in (401, 403)
