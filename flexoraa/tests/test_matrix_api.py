"""T20 for the API: every route × method × role × own and foreign ids, foreign keys in
bodies, filters, search. Generated from the URLconf and the schema.

A new route is covered from its first day, or fails here and says what to declare.
"""

import re
from collections import Counter
from uuid import uuid4

import pytest
from django.db import transaction

from flexoraa.tests.asking import (
    WRITES,
    parameters,
    request_schema,
    sample,
    swapped,
)
from flexoraa.tests.routes import ABSENT, ROUTES, Route, sample_url
from flexoraa.tests.worlds import (
    INSIDERS,
    MARK,
    OUTSIDERS,
    Worlds,
    _nothing_leaves,
    body_of,
    checksums,
    references_that_cross,
    worlds,
)
from teams.roles import may

__all__ = ["_nothing_leaves", "worlds"]
pytestmark = pytest.mark.django_db
BELOW = "api/workspaces/<slug:workspace>"
SCOPED = [route for route in ROUTES if route.path.startswith(BELOW)]
METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
WHO = (*OUTSIDERS, *INSIDERS)
FINE = range(200, 300)
GATES = {502, 503}  # said on purpose: another process is not there
PROBES: Counter[str] = Counter()

# Routes that belong to no workspace, and who is let in; one that ends in a slash stands
# for all below it. What is below a workspace or in the back office needs no line here.
ELSEWHERE = {
    "": "leads to the back office",
    "webhooks/whatsapp": "by signature",
    "webhooks/instagram": "by signature",
    "webhooks/facebook": "by signature",
    "webhooks/razorpay": "by signature",
    "webhooks/mail/": "by the mail provider's signature or secret",
    "^_allauth/.*/phone": "nothing",
    "_allauth/": "sign-in: the asker's own account",
    "account/": "sign-in: the asker's own account",
    "api/me": "the asker",
    "api/workspaces": "the asker's",
    "api/invitations/": "who has the token; to accept it, the owner of the address",
    "api/analytics/billing": "platform staff",
    "api/analytics/billing.csv": "platform staff",
    "api/analytics/billing/rows": "platform staff",
    "api/schema": "anybody signed in",
    "api/docs": "anybody signed in",
    "^api/": "nothing",
    "^events/": "leads to the events process",
    "login": "anybody",
    "livez": "anybody",
    "readyz": "anybody",
    "metrics": "by token or from this machine",
}
# Rows of routes whose parameters are called otherwise than their tables
PARAMETERS = {"operation": "bulkoperation", "op": "bulkoperation"}
# Filters that are nobody's: guesses at what is not on the allow-list
GUESSES = (
    "workspace=2",
    "workspace__slug=canary-corp",
    f"name__startswith={MARK}",
    "contact__name__startswith=C",
    "owner__password__startswith=p",
    "ordering=workspace__name",
    "limit=100&search=canary",
    "limit=100&q=canary",
)


def named(route: Route) -> str:
    return route.path.removeprefix(BELOW) or "/"


def table_of(route: Route) -> str:
    """The model that `id` in the route is of."""
    queryset = getattr(route.view.cls, "queryset", None)
    return queryset.model._meta.model_name if queryset is not None else ""


def url_of(route: Route, slug: str, ids) -> str:
    """The address of these ids' rows in the workspace."""

    def fill(match: re.Match[str]) -> str:
        name = match[2]
        word = table_of(route) if name == "id" else PARAMETERS.get(name, name)
        return ids.called(word)

    path = route.path.replace("<slug:workspace>", slug)
    return "/" + re.sub(r"<(uuid:)?(\w+)>", fill, path)


def send(client, method: str, url: str, body=None):
    """The answer; what it did is undone, and so is what its triggers did."""
    PROBES["requests"] += 1
    headers = {"Idempotency-Key": uuid4().hex} if method in WRITES else {}
    with transaction.atomic():
        if method in WRITES:
            response = getattr(client, method)(
                url, body, content_type="application/json", headers=headers
            )
        else:
            response = getattr(client, method)(url)
        response.told = body_of(response)
        is_done = method in WRITES and response.status_code in FINE
        response.crossing = references_that_cross() if is_done else {}
        transaction.set_rollback(True)
    assert response.status_code < 500 or response.status_code in GATES, (url, body)
    assert response.crossing == {}, (method, url, body)
    return response


def sealed(response) -> dict:
    """A problem without what differs from request to request."""
    if "json" not in response.headers.get("Content-Type", "") or not response.content:
        return {"status": response.status_code}
    problem = response.json()
    if isinstance(problem, dict):
        problem.pop("request_id", None)
    return {"status": response.status_code, "problem": problem}


def allowed(route: Route, method: str, who: str) -> str:
    """What the table in teams/roles.py says of it."""
    if who == "anonymous":
        return "unknown"
    if who in OUTSIDERS:
        return "absent"
    action = route.view.actions.get("get" if method == "head" else method)
    if action is None:
        return "no such method"
    return "yes" if may(INSIDERS[who], route.view.cls.actions[action]) else "no"


CODES = {"unknown": {401}, "absent": {404}, "no such method": {405}, "no": {403}}


def test_every_route_is_declared():
    groups = tuple(path for path in ELSEWHERE if path.endswith("/"))
    known = (BELOW, "admin/", "^static/", *groups)
    unknown = [
        route.path
        for route in ROUTES
        if not route.path.startswith(known) and route.path not in ELSEWHERE
    ]
    assert unknown == [], (
        f"{unknown}: a route is below {BELOW}, or in the back office, or has a line in "
        "ELSEWHERE of flexoraa/tests/test_matrix_api.py that says who is let in."
    )
    assert {*ELSEWHERE} - {*groups} <= {route.path for route in ROUTES}


@pytest.mark.parametrize("route", SCOPED, ids=named)
def test_every_parameter_is_a_row_that_is_known(route, worlds: Worlds):
    ids = worlds.ids()[0]
    for name in re.findall(r"<uuid:(\w+)>", route.path):
        word = table_of(route) if name == "id" else PARAMETERS.get(name, name)
        assert ids.is_known(word), (
            f"{route.path}: nobody knows which table <uuid:{name}> is of. Give the "
            "viewset a queryset, or PARAMETERS of this module a line."
        )


@pytest.mark.parametrize("route", SCOPED, ids=named)
def test_the_table_decides(route, worlds: Worlds):
    """Each role by each method, with our own ids."""
    ours, _, _ = worlds.ids(table_of(route))
    slug = worlds.ours.workspace.slug
    url = url_of(route, slug, ours)
    for who in WHO:
        for method in METHODS:
            verdict = allowed(route, method, who)
            is_rare = verdict == "no such method" or method in ("head", "options")
            if is_rare and who != "owner":
                continue  # decided before the route knows who asks
            body = sample(request_schema(route, method), ours)
            response = send(worlds.browsers[who], method, url, body)
            code = response.status_code
            if verdict == "yes":
                assert code not in {401, 405}, (who, method, code)
            else:
                assert code in CODES[verdict], (who, method, code)
            assert not worlds.is_leaking(response.told), (who, method)
    assert worlds.touched() == set()


@pytest.mark.parametrize("route", SCOPED, ids=named)
def test_the_owner_reaches_it(route, worlds: Worlds):
    """Else the tests of this module would prove nothing about the route."""
    ours, _, _ = worlds.ids(table_of(route))
    url = url_of(route, worlds.ours.workspace.slug, ours)
    answers = {
        method: send(
            worlds.browsers["owner"],
            method,
            url,
            sample(request_schema(route, method), ours),
        ).status_code
        for method in list(route.view.actions)  # a view adds HEAD to them
        if method in METHODS
    }
    assert set(answers.values()) - {404}, f"{route.path}: {answers}"


@pytest.mark.parametrize("route", SCOPED, ids=named)
def test_foreign_is_like_absent(route, worlds: Worlds):
    """Their workspace, their rows in ours, and rows that are nowhere: one answer."""
    ours, theirs, nothing = worlds.ids(table_of(route))
    mine, other = worlds.ours.workspace.slug, worlds.theirs.workspace.slug
    outside = [(other, theirs), (other, ours), ("absent", nothing)]
    inside = [(mine, theirs), (mine, nothing)]
    for who in ("owner", "member", "owner's key"):
        client = worlds.browsers[who]
        for method in list(route.view.actions):
            if allowed(route, method, who) != "yes":
                continue  # refused before any row is looked for
            body = sample(request_schema(route, method), ours)
            answers = [
                send(client, method, url_of(route, slug, ids), body)
                for slug, ids in outside
            ]
            assert {answer.status_code for answer in answers} == {404}, (who, method)
            if "<uuid:" in route.path:
                pair = [
                    send(client, method, url_of(route, slug, ids), body)
                    for slug, ids in inside
                ]
                assert sealed(pair[0]) == sealed(pair[1]), (who, method)
                assert pair[0].status_code in range(400, 500), (who, method)
                answers += pair
            assert not [answer for answer in answers if worlds.is_leaking(answer.told)]
    assert worlds.touched() == set()


@pytest.mark.parametrize("route", SCOPED, ids=named)
def test_a_body_points_to_nobody_elses_rows(route, worlds: Worlds):
    """Each id in a body, one at a time, of theirs and of nothing: one answer."""
    ours, theirs, nothing = worlds.ids(table_of(route))
    url = url_of(route, worlds.ours.workspace.slug, ours)
    owner = worlds.browsers["owner"]
    for method in [method for method in WRITES if method in route.view.actions]:
        part = request_schema(route, method)
        body = sample(part, ours)
        pairs = zip(
            swapped(body, part, theirs), swapped(body, part, nothing), strict=True
        )
        for (where, foreign), (_, absent) in pairs:
            PROBES["foreign keys in bodies"] += 1
            answers = [send(owner, method, url, each) for each in (foreign, absent)]
            assert sealed(answers[0]) == sealed(answers[1]), (method, where)
            assert not worlds.is_leaking(answers[0].told), (method, where)
        for extra in ({"workspace": worlds.theirs.workspace.pk}, {"workspace_id": 2}):
            if isinstance(body, dict):
                answer = send(owner, method, url, {**body, **extra})
                assert not worlds.is_leaking(answer.told), (method, extra)
    assert worlds.touched() == set()


LISTS = [
    route
    for route in SCOPED
    if route.view.actions.get("get") and "<uuid:id>" not in route.path
]


@pytest.mark.parametrize("route", LISTS, ids=named)
def test_no_filter_finds_theirs(route, worlds: Worlds):
    ours, theirs, _ = worlds.ids(table_of(route))
    url = url_of(route, worlds.ours.workspace.slug, ours)
    queries = list(GUESSES)
    for name, values in parameters(route):
        known = set(theirs.by_name.values()) if not values else set(values)
        id_of = theirs.called(name)
        queries += [f"{name}={value}" for value in (values or [id_of, "canary", "C"])]
        queries += [f"{name}={pk}" for pk in sorted(known)[:3]]
    for query in queries:
        PROBES["filters"] += 1
        response = send(worlds.browsers["owner"], "get", f"{url}?{query}")
        assert response.status_code in {200, 400, 404}, query
        told = response.told.replace(query.encode(), b"")
        assert not worlds.is_leaking(told), query
    assert worlds.touched() == set()


@pytest.mark.parametrize("route", LISTS, ids=named)
def test_getting_changes_nothing(route, worlds: Worlds):
    """T32: a GET is safe, of our own rows too."""
    ours, _, _ = worlds.ids(table_of(route))
    url = url_of(route, worlds.ours.workspace.slug, ours)
    before = checksums(worlds.ours.workspace)
    worlds.browsers["owner"].get(url)
    assert checksums(worlds.ours.workspace) == before


OTHERS = [route for route in ROUTES if not route.path.startswith((BELOW, "admin/"))]


@pytest.mark.parametrize("who", ["anonymous", "ex-member", "owner"])
def test_routes_elsewhere_tell_nothing_of_theirs(who, worlds: Worlds):
    for route in OTHERS:
        url = sample_url(route)
        for method in ("get", "post"):
            response = send(worlds.browsers[who], method, url, {"id": ABSENT})
            assert not worlds.is_leaking(response.told), (url, method)
    assert worlds.touched() == set()


def test_the_count(worlds: Worlds, capsys):
    """What was asked, for whoever runs this with -s."""
    with capsys.disabled():
        total = PROBES["requests"]
        print(  # noqa: T201
            f"\n{len(SCOPED)} routes below a workspace × {len(WHO)} kinds of askers: "
            f"{total} requests, {PROBES['foreign keys in bodies']} foreign keys in "
            f"bodies, {PROBES['filters']} filters, 0 findings"
        )
    assert len(SCOPED) >= 25
