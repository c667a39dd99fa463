"""The audit trail as the API shows it."""

import csv
import io

import pytest
from django.test import Client

from teams.models import Membership

pytestmark = pytest.mark.django_db
ROOT = "/api/workspaces/acme/admin"


@pytest.fixture
def owner(workspace, make_member):
    return make_member(workspace)


@pytest.fixture
def api(client, owner):
    client.force_login(owner)
    return client


@pytest.fixture
def sdr(api, workspace, make_member):
    """An SDR whom the owner made admin."""
    user = make_member(workspace, "sdr")
    api.patch(
        f"{ROOT}/users/{user.public_id}/role",
        {"role": "admin"},
        content_type="application/json",
        headers={"X-Request-ID": "request-0001"},
    )
    return user


def test_the_latest_change_is_first(api, owner, sdr):
    first = api.get(f"{ROOT}/audit").json()["results"][0]
    assert first == {
        "id": first["id"],
        "at": first["at"],
        "actor": {
            "id": str(owner.public_id),
            "name": "Owner",
            "email": "owner@acme.example",
        },
        "action": "update",
        "subject": "membership",
        "subject_id": str(sdr.memberships.get().public_id),
        "label": "sdr@acme.example",
        "changes": {"role": ["sdr", "admin"]},
        "door": "api",
        "request_id": "request-0001",
    }


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("subject=membership", 3),
        ("subject=membership&action=insert", 2),
        ("action=update", 1),
        ("door=api", 1),
        ("door=system", 3),
        ("since=2020-01-01T00:00:00Z&subject=workspace", 1),
        ("until=2020-01-01T00:00:00Z", 0),
        ("actor=01900000-0000-7000-8000-000000000000", 0),
        ("", 4),
    ],
)
def test_it_is_filtered(query, count, api, sdr):
    assert len(api.get(f"{ROOT}/audit?{query}").json()["results"]) == count
    lines = b"".join(api.get(f"{ROOT}/audit.csv?{query}")).decode().splitlines()
    assert len(lines) == count + 1


def test_by_person_and_by_row(api, owner, sdr):
    row = sdr.memberships.get().public_id
    for query, count in ((f"actor={owner.public_id}", 1), (f"subject_id={row}", 2)):
        assert len(api.get(f"{ROOT}/audit?{query}").json()["results"]) == count


@pytest.mark.parametrize(
    "query", ["actor=x", "action=x", "since=x", "subject=%00", "subject_id=x"]
)
def test_a_bad_filter_is_refused(query, api):
    assert api.get(f"{ROOT}/audit?{query}").status_code == 400


def test_it_shows_one_workspace_alone(api, sdr, make_workspace, make_member):
    theirs = make_workspace("theirs", name="Canary")
    make_member(theirs, "sdr", "canary@theirs.example")
    for path in ("audit", "audit.csv"):
        response = api.get(f"{ROOT}/{path}")
        text = b"".join(response).decode().lower()
        assert "canary" not in text


def test_it_is_for_who_may_read_it(workspace, make_member):
    for role, status in (("admin", 200), ("sdr", 403), ("member", 403)):
        client = Client()
        client.force_login(make_member(workspace, role))
        for path in ("audit", "audit.csv"):
            assert client.get(f"{ROOT}/{path}").status_code == status


def test_a_list_takes_as_many_queries_for_many(
    api, workspace, make_member, django_assert_num_queries
):
    for number in range(40):
        make_member(workspace, "sdr", f"{number}@acme.example")
    with django_assert_num_queries(4):  # session, user, membership, rows
        assert len(api.get(f"{ROOT}/audit").json()["results"]) == 42


def test_the_csv_runs_no_formula(api, workspace):
    body = {"name": "=1+1"}
    api.patch("/api/workspaces/acme", body, content_type="application/json")
    text = b"".join(api.get(f"{ROOT}/audit.csv")).decode()
    heading, first, *_ = csv.reader(io.StringIO(text))
    assert heading[:3] == ["at", "actor", "action"]
    assert first[4] == "'=1+1"
    assert first[5] == '{"name":["Acme","=1+1"]}'
    assert Membership.objects.exists()
