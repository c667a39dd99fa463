"""T32: what changes something needs the CSRF token, on every route there is."""

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from flexoraa.tests.routes import ROUTES, Route, sample_url
from flexoraa.tests.worlds import Worlds, _nothing_leaves, body_of, checksums, worlds
from teams.models import ApiKey, User

__all__ = ["_nothing_leaves", "worlds"]
pytestmark = pytest.mark.django_db
UNSAFE = ("post", "put", "patch", "delete")
TOKEN = "t" * 32
# believed for something else than a cookie, or nothing at all
WITHOUT_COOKIES = {
    "webhooks/whatsapp": "a signature",
    "webhooks/instagram": "a signature",
    "webhooks/facebook": "a signature",
    "webhooks/razorpay": "a signature",
    "webhooks/mail/postmark/tracking/": "a secret",
    "api/invitations/<str:token>": "only looked at",
    "api/docs": "only looked at",
    "^api/": "no route",
    "^_allauth/.*/phone": "no route",
}


def signed_in(user: User, **headers: str) -> Client:
    client = Client(
        enforce_csrf_checks=True, raise_request_exception=False, headers=headers
    )
    client.force_login(user)
    return client


def is_refused(response) -> bool:
    """For lack of the token, not of a right."""
    return response.status_code == 403 and b"CSRF" in body_of(response)


def probes(client: Client):
    """(route, method, answer) of each unsafe method of each route."""
    for route in ROUTES:
        url = sample_url(route)
        if is_hidden(url, route):
            continue
        for method in UNSAFE:
            yield (
                route,
                method,
                getattr(client, method)(url, {}, content_type="application/json"),
            )


def is_hidden(url: str, route: Route) -> bool:
    """Whether a route before it takes its addresses, or its pattern is no sample's."""
    try:
        return resolve(url).func is not route.view
    except Resolver404:
        return True


def is_meant(route: Route) -> bool:
    return route.path not in WITHOUT_COOKIES


@pytest.mark.parametrize("who", ["owner@acme.example", "root@example.com"])
def test_without_the_token_nothing_changes(who, worlds: Worlds):
    client = signed_in(User.objects.get(email=who))
    before = checksums(worlds.ours.workspace)
    refused, wrong = 0, []
    for route, method, answer in probes(client):
        if is_meant(route) and is_refused(answer):
            refused += 1
        elif is_meant(route) or answer.status_code not in range(400, 500):
            wrong.append((route.path, method, answer.status_code))
    assert wrong == []
    assert checksums(worlds.ours.workspace) == before
    assert worlds.touched() == set()
    assert refused >= 4 * 250
    hidden = [route.path for route in ROUTES if is_hidden(sample_url(route), route)]
    assert len(hidden) <= 12, hidden


def test_with_the_token_it_is_not_the_token_that_is_missing(worlds: Worlds):
    """Else the test above would prove nothing."""
    owner = User.objects.get(email="owner@acme.example")
    client = signed_in(owner, **{"X-CSRFToken": TOKEN})
    client.cookies["csrftoken"] = TOKEN
    assert not [
        (route.path, method)
        for route, method, answer in probes(client)
        if is_refused(answer)
    ]


def test_another_sites_page_has_no_use_of_the_token(worlds: Worlds):
    """Neither one that was guessed, nor from an origin that is not ours."""
    owner = User.objects.get(email="owner@acme.example")
    body = {"name": "Taken over"}
    for headers in (
        {"X-CSRFToken": "u" * 32},
        {"X-CSRFToken": TOKEN, "Origin": "https://evil.example"},
        {"X-CSRFToken": TOKEN, "Origin": "null"},
    ):
        client = signed_in(owner, **headers)
        client.cookies["csrftoken"] = TOKEN
        answer = client.patch(
            "/api/workspaces/acme", body, content_type="application/json"
        )
        assert is_refused(answer), headers


def test_a_key_lends_a_cookie_nothing(worlds: Worlds):
    """With both, the cookie is asked first, with its token; a key alone needs none."""
    owner = User.objects.get(email="owner@acme.example")
    _, text = ApiKey.objects.make(
        workspace=worlds.ours.workspace, made_by=owner, name="K", role="owner"
    )
    told = {"Authorization": f"Bearer {text}"}
    alone = Client(enforce_csrf_checks=True, headers=told)
    for client, status in ((signed_in(owner, **told), 403), (alone, 200)):
        answer = client.patch(
            "/api/workspaces/acme", {"timezone": "UTC"}, content_type="application/json"
        )
        assert answer.status_code == status
