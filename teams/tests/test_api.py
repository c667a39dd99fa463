"""Me and my workspaces in the API, and how the API refuses."""

import json

import pytest
from django.forms import model_to_dict
from django.test import Client

from teams import roles
from teams.models import Membership, User, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(workspace, make_member):
    return make_member(workspace)


@pytest.fixture
def api(client, owner):
    client.force_login(owner)
    return client


def errors(response) -> list[tuple[str, str | None]]:
    """(code, attr) of a problem, whose shape is checked."""
    problem = response.json()
    assert problem.keys() == {"type", "errors", "request_id"}
    assert problem["request_id"] == response["X-Request-ID"]
    assert all(error["detail"] for error in problem["errors"])
    return [(error["code"], error["attr"]) for error in problem["errors"]]


def patch(client, path, body):
    return client.patch(path, body, content_type="application/json")


def post(client, path, body):
    return client.post(path, body, content_type="application/json")


def test_me_has_my_places_by_name(api, owner, make_workspace):
    zebra = make_workspace("zebra", timezone="Europe/Berlin")
    Membership.objects.create(workspace=zebra, user=owner, role="sdr")
    make_workspace("not-mine")
    assert api.get("/api/me").json() == {
        "id": str(owner.public_id),
        "email": "owner@acme.example",
        "name": "Owner",
        "memberships": [
            {
                "workspace": {
                    "slug": "acme",
                    "name": "Acme",
                    "timezone": "Asia/Kolkata",
                },
                "role": "owner",
                "actions": sorted(roles.ALLOWED["owner"]),
            },
            {
                "workspace": {
                    "slug": "zebra",
                    "name": "Zebra",
                    "timezone": "Europe/Berlin",
                },
                "role": "sdr",
                "actions": ["read", "work", "work_leads"],
            },
        ],
    }


def test_me_takes_as_many_queries_for_many_places(
    api, owner, make_workspace, django_assert_num_queries
):
    for number in range(10):
        place = make_workspace(f"place-{number}")
        Membership.objects.create(workspace=place, user=owner)
    with django_assert_num_queries(4):  # session, user, me, places
        assert len(api.get("/api/me").json()["memberships"]) == 11


def test_a_list_has_only_my_workspaces(api, workspace, make_workspace):
    make_workspace("not-mine")
    (mine,) = api.get("/api/workspaces").json()["results"]
    assert mine == {
        "id": str(workspace.public_id),
        "slug": "acme",
        "name": "Acme",
        "timezone": "Asia/Kolkata",
        "currency": "INR",
        "created_at": workspace.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }


def test_a_superuser_enters_no_workspace_without_a_membership(client, workspace):
    client.force_login(User.objects.create_superuser("root@example.com", "x"))
    assert client.get("/api/workspaces").json()["results"] == []
    assert patch(client, "/api/workspaces/acme", {"name": "Mine"}).status_code == 404


def test_who_creates_a_workspace_owns_it(api, owner):
    response = post(api, "/api/workspaces", {"name": "Röd & Blå AB"})
    assert response.status_code == 201
    assert response.json()["slug"] == "rod-bla-ab"
    place = Workspace.objects.get(slug="rod-bla-ab")
    assert place.memberships.get().user == owner
    assert place.memberships.get().role == "owner"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Acme", "acme-2"),
        ("  ACME!  ", "acme-2"),
        ("under_scored", "under-scored"),
        ("x" * 120, "x" * 55),
    ],
)
def test_the_slug_is_made_from_the_name(name, slug, api):
    response = post(api, "/api/workspaces", {"name": name})
    assert (response.status_code, response.json()["slug"]) == (201, slug)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, ("required", "name")),
        ({"name": ""}, ("blank", "name")),
        ({"name": "x" * 121}, ("max_length", "name")),
        ({"name": "कंपनी"}, ("required", "slug")),
        ({"name": "New", "slug": "acme"}, ("unique", "slug")),
        ({"name": "New", "slug": "No Slug"}, ("invalid", "slug")),
        ({"name": "New", "timezone": "Mars/Base"}, ("invalid", "timezone")),
        ({"name": "New", "currency": "rupees"}, ("invalid", "currency")),
    ],
)
def test_a_bad_workspace_is_refused_with_the_reason(body, error, api):
    response = post(api, "/api/workspaces", body)
    assert (response.status_code, errors(response)) == (400, [error])


def test_a_name_without_letters_can_have_a_slug_given(api):
    response = post(api, "/api/workspaces", {"name": "कंपनी", "slug": "kampani"})
    assert response.status_code == 201
    assert response.json()["name"] == "कंपनी"


@pytest.mark.parametrize("role", roles.Role.values)
def test_settings_are_for_who_may_manage_them(role, client, workspace, make_member):
    client.force_login(make_member(workspace, role))
    response = patch(client, "/api/workspaces/acme", {"timezone": "Europe/Berlin"})
    may = roles.may(role, roles.Action.MANAGE_WORKSPACE)
    assert response.status_code == (200 if may else 403)
    workspace.refresh_from_db()
    assert workspace.timezone == ("Europe/Berlin" if may else "Asia/Kolkata")


def test_settings_change_nothing_else(api, workspace):
    body = {"name": "A", "slug": "b", "id": 1, "public_id": None, "created_at": "2000"}
    response = patch(api, "/api/workspaces/acme", {**body, "members": []})
    assert response.status_code == 200
    before = model_to_dict(workspace) | {"id": workspace.pk}
    after = Workspace.objects.get(pk=workspace.pk)
    assert model_to_dict(after) | {"id": after.pk} == {**before, "name": "A"}
    assert (after.public_id, after.created_at) == (
        workspace.public_id,
        workspace.created_at,
    )


def test_a_role_that_changes_counts_from_the_next_request(api, owner):
    assert patch(api, "/api/workspaces/acme", {"name": "A"}).status_code == 200
    owner.memberships.update(role="member")
    assert patch(api, "/api/workspaces/acme", {"name": "B"}).status_code == 403
    owner.memberships.all().delete()
    assert patch(api, "/api/workspaces/acme", {"name": "B"}).status_code == 404


def test_who_is_not_signed_in_is_told_so(client, workspace):
    for path in ("/api/me", "/api/workspaces"):
        response = client.get(path)
        assert (response.status_code, errors(response)[0][0]) == (
            401,
            "not_authenticated",
        )
    for path in ("/api/docs", "/api/schema"):
        assert client.get(path).status_code == 401


def test_a_deactivated_user_is_out_at_once(api, owner):
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert api.get("/api/me").status_code == 401


def test_changes_need_the_csrf_token(owner):
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    response = patch(client, "/api/workspaces/acme", {"name": "Forged"})
    assert (response.status_code, errors(response)) == (
        403,
        [("permission_denied", None)],
    )
    client.cookies["csrftoken"] = token = "t" * 32
    response = client.patch(
        "/api/workspaces/acme",
        {"name": "Ours"},
        content_type="application/json",
        headers={"X-CSRFToken": token},
    )
    assert response.status_code == 200


@pytest.mark.parametrize(
    "path", ["/api/", "/api/nothing", "/api/me/", "/api/workspaces/acme/nothing/here"]
)
def test_what_is_no_route_is_a_problem_too(path, client, workspace):
    response = client.get(path)
    assert (response.status_code, errors(response)) == (404, [("not_found", None)])


def test_a_method_that_a_route_has_not_is_405(api):
    for method in ("delete", "put", "options"):
        response = getattr(api, method)("/api/workspaces/acme")
        assert response.status_code == 405
        assert errors(response)[0][0] == "method_not_allowed"
    assert api.delete("/api/me").status_code == 405


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"null",
        b"7",
        b'"name"',
        b'{"name": {"a": 1}}',
        b'{"name": [1]}',
        b'{"name": null}',
        b'{"name": true}',
        b'{"name": NaN}',
        b'{"name": "\\u0000"}',
        b"[" * 100_000,
        b'{"name": "' + b"x" * 100_000 + b'"}',
        json.dumps({"name": "x", "timezone": "\x00/" * 50}).encode(),
    ],
    ids=repr,
)
def test_bad_bodies_are_400(body, api):
    for path, send in (
        ("/api/workspaces", api.post),
        ("/api/workspaces/acme", api.patch),
    ):
        response = send(path, body, content_type="application/json")
        is_no_change = send == api.patch and body == b""
        assert response.status_code == (200 if is_no_change else 400)
        assert is_no_change or errors(response)


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "a\\u0000b"}',
        b'{"name": "\\ud800 lone"}',
        b'{"name": 99999999999999999999999999}',
        b'{"name": "x", "name": "y"}',
    ],
    ids=repr,
)
def test_odd_but_harmless_bodies_are_stored_clean(body, api):
    response = api.patch("/api/workspaces/acme", body, content_type="application/json")
    assert response.status_code == 200
    assert api.get("/api/workspaces").status_code == 200


def test_another_content_type_is_refused(api):
    response = api.post("/api/workspaces", {"name": "form"})
    assert (response.status_code, errors(response)[0][0]) == (
        415,
        "unsupported_media_type",
    )
