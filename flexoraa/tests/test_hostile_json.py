"""T11 for the API: hostile JSON at every route that writes is refused or taken, never a
crash, and what was taken is no poison for what shows it. Routes come from the URLconf.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from flexoraa.tests import bodies
from flexoraa.tests.asking import operation, request_schema, sample
from flexoraa.tests.bodies import JSON
from flexoraa.tests.routes import ROUTES, Route, sample_url
from flexoraa.tests.test_matrix_admin import TENANT, enter, name_of
from flexoraa.tests.test_matrix_api import BELOW, GATES, SCOPED, table_of, url_of
from flexoraa.tests.worlds import Worlds, _nothing_leaves, body_of, worlds
from teams.tenant_keys import has_workspace

__all__ = ["_nothing_leaves", "worlds"]
pytestmark = pytest.mark.django_db
UNSAFE = ("post", "put", "patch", "delete")
SIGN_IN = [
    route for route in ROUTES if route.path.startswith("_allauth/browser/v1/auth/")
]
FINE = range(200, 300)
# what a body needs besides that which the schema calls required
NEEDED = {
    f"{BELOW}/leads": {"name": "Asha"},
    f"{BELOW}/conversations/<uuid:conversation>/messages": {"kind": "note"},
}
COUNT: Counter[str] = Counter()


def writers() -> Iterator[tuple[Route, str]]:
    """(route, method) of whatever writes below /api/."""
    for route in ROUTES:
        if route.path.startswith("api/"):
            actions = getattr(route.view, "actions", None) or vars(route.view.cls)
            yield from ((route, method) for method in UNSAFE if method in actions)


WRITERS = list(writers())


def shape_of(route: Route, method: str) -> str:
    """The kind of serializer that reads the body; "" where nothing does."""
    content = operation(route, method).get("requestBody", {}).get("content", {})
    return json.dumps(content, sort_keys=True) if JSON in content else ""


KINDS = list(
    {shape: writer for writer in WRITERS if (shape := shape_of(*writer))}.values()
)


def named(writer: tuple[Route, str]) -> str:
    route, method = writer
    return f"{method} {route.path.split('>/', 1)[-1]}"


class Sender:
    """Sends bodies as the owner to one route of theirs."""

    def __init__(self, worlds: Worlds, route: Route, method: str) -> None:
        ids = worlds.ids(table_of(route))[0]
        self.client, self.method = worlds.browsers["owner"], method
        self.url = url_of(route, "acme", ids) if route in SCOPED else sample_url(route)
        self.part, self.path = request_schema(route, method), route.path
        self.sound = sample(self.part, ids)

    def lean(self) -> Iterator[tuple[str, Any]]:
        """(field, body) for each field of text: it, and what must be there."""
        needed = set(self.part.get("required", ())) & self.sound.keys()
        rest = {key: self.sound[key] for key in needed} | NEEDED.get(self.path, {})
        for name, value in self.sound.items():
            if isinstance(value, str):
                yield name, {**rest, name: bodies.HOLE}

    def send(self, body: bytes, kind: str = JSON, *, is_kept: bool = False) -> Any:
        """The answer, looked at; what it did is undone unless it is to be kept."""
        COUNT[self.method] += 1
        with transaction.atomic():
            response = self.client.generic(
                *(self.method.upper(), self.url, body, kind),
                headers={"Idempotency-Key": uuid4().hex},
            )
            response.told = body_of(response)
            transaction.set_rollback(not is_kept or response.status_code not in FINE)
        code = response.status_code
        assert code < 500 or code in GATES, (self.url, body[:200], kind, response.told)
        if code not in FINE:
            assert_problem(response)
        return response


def assert_problem(response: Any) -> None:
    assert response.headers["Content-Type"] == "application/json", response.told
    problem = response.json()
    assert all(problem[name] for name in ("type", "errors", "request_id")), problem
    for error in problem["errors"]:
        assert error.keys() == {"code", "detail", "attr"}, problem


def test_there_is_enough_of_it():
    assert len(bodies.RAW) >= 60
    assert len(bodies.TYPES) + len(bodies.VALUES) >= 40
    assert len(WRITERS) >= 100
    assert len(KINDS) >= 55
    assert bodies.UNREADABLE <= bodies.RAW.keys()


@pytest.mark.parametrize("writer", KINDS, ids=named)
def test_every_body_at_routes_of_each_kind(writer, worlds: Worlds):
    """Whole bodies, each at every other kind; headers that lie about them; and every
    value in all fields."""
    sender = Sender(worlds, *writer)
    for name in list(bodies.RAW)[KINDS.index(writer) % 2 :: 2]:
        response = sender.send(bodies.RAW[name])
        if name in bodies.UNREADABLE:
            assert response.status_code in {400, 404, 409, 415}, name
    for kind in bodies.TYPES.values():
        sender.send(json.dumps(sender.sound).encode(), kind)
    for value in bodies.VALUES.values():
        sender.send(bodies.filled(bodies.hollow(sender.sound), value))


@pytest.mark.parametrize("writer", WRITERS, ids=named)
def test_the_worst_at_every_route(writer, worlds: Worlds):
    """Whole bodies, and each field alone among sound ones."""
    sender = Sender(worlds, *writer)
    told = [sender.send(bodies.RAW[name]) for name in bodies.WORST_RAW]
    for number, (where, body) in enumerate(bodies.holes(sender.sound)):
        is_deep = "." in where  # those take turns
        for name in (
            bodies.WORST_VALUES[number % 4 :: 4] if is_deep else bodies.WORST_VALUES
        ):
            told.append(sender.send(bodies.filled(body, bodies.VALUES[name])))
    whole = json.dumps(sender.sound).encode()
    if whole[:2] not in (b"{}", b"[]"):
        nulls = json.dumps(dict.fromkeys(sender.sound)).encode()
        told.append(sender.send(nulls[:-1] + b", " + whole[1:]))  # each key twice
        told.append(sender.send(whole[:-1] + b", " + nulls[1:]))
    assert {answer.status_code for answer in told} <= {*range(200, 500), *GATES}


READERS = [route for route in SCOPED if "get" in route.view.actions]


def shown(client: Client, worlds: Worlds) -> dict[str, int]:
    """The status of every list, detail, report and file of ours, and of the pages of
    what the lists have in them."""
    found = {}
    for route in READERS:
        url = url_of(route, "acme", worlds.ids(table_of(route))[0])
        answer = client.get(url)
        told = body_of(answer)
        found[url] = answer.status_code
        if b'"results"' in told and answer.status_code in FINE:
            for row in answer.json()["results"][:5]:
                detail = f"{url}/{row['id']}" if "id" in row else ""
                if detail and detail not in found and has_page(detail):
                    found[detail] = client.get(detail).status_code
    return found


def has_page(url: str) -> bool:
    try:
        return "get" in resolve(url).func.actions
    except (Resolver404, AttributeError):
        return False


def test_what_was_taken_is_no_poison(worlds: Worlds):
    """Each text of theirs in each field of text, all kept: lists, details, exports and
    the back office show them as before."""
    owner = worlds.browsers["owner"]
    before = shown(owner, worlds)
    kept: Counter[str] = Counter()
    for route, method in WRITERS:
        if method == "delete" or route not in SCOPED:
            continue
        sender = Sender(worlds, route, method)
        for where, body in sender.lean():
            for name in bodies.TEXTS:
                told = bodies.filled(body, bodies.VALUES[name])
                if sender.send(told, is_kept=True).status_code in FINE:
                    kept[f"{method} {route.path} {where}"] += 1
    assert len(kept) >= 35
    assert kept.total() >= 100
    after = shown(owner, worlds)
    assert {url: after.get(url, code) for url, code in before.items()} == before
    fresh = after.keys() - before.keys()
    assert len(fresh) >= 20
    assert {after[url] for url in fresh} == {200}
    staff, pages = enter(worlds, "owner"), 0
    for model in TENANT:
        url = reverse(f"{name_of(model)}_changelist")
        for query in ("", "?q=alert", "?q=%00"):
            assert staff.get(url + query).status_code in {200, 302, 403}, url
        rows = model._base_manager.order_by("-pk").values_list("pk", flat=True)
        if has_workspace(model):
            rows = rows.filter(workspace=worlds.ours.workspace)
        for pk in rows[:5]:
            url = reverse(f"{name_of(model)}_change", args=[pk])
            assert staff.get(url).status_code in {200, 302, 403}, url
            pages += 1
    assert pages >= 60
