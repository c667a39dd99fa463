"""Every route × method × role × own and foreign ids, generated from the URLconf.

The oracle is the table in teams/roles.py. Nothing of another workspace may be read,
changed or pointed to, and nobody may learn what exists there.
"""

import re
import uuid

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.urls import URLPattern, get_resolver

from inbox.tests import broadcasting, leads_world
from inbox.tests.world import as_user, build, rows_of
from teams import roles
from teams.models import User

pytestmark = pytest.mark.django_db
ABSENT = "01900000-0000-7000-8000-000000000000"
METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
WHO = ("anonymous", "stranger", "superuser", *roles.Role.values)


def walk(patterns, prefix=""):
    for item in patterns:
        path = prefix + str(item.pattern)
        if isinstance(item, URLPattern):
            yield path, item.callback
        else:
            yield from walk(item.url_patterns, path)


ROUTES = {
    path: view
    for path, view in walk(get_resolver().url_patterns)
    if path.startswith("api/workspaces/<slug:workspace>")
    and view.cls.__module__.startswith("inbox.")
}


@pytest.fixture
def ours(workspace):
    world = build(workspace, "Asha")
    leads_world.populate(world, "Asha")
    broadcasting.populate(world, "Asha")
    return world


@pytest.fixture
def theirs(make_workspace):
    world = build(make_workspace("theirs"), "Canary")
    leads_world.populate(world, "Canary")
    broadcasting.populate(world, "Canary")
    return world


@pytest.fixture
def people(ours, theirs, make_member):
    """A user of each kind, as the asker of OUR workspace sees them."""
    return {
        "anonymous": None,
        "stranger": make_member(theirs.workspace, "owner"),
        "superuser": User.objects.create_superuser("root@example.com", "x"),
        **{role: make_member(ours.workspace, role) for role in roles.Role.values},
    }


ROWS = {
    "channels": "account",
    "conversations": "conversation",
    "contacts": "contact",
    "labels": "label",
    "canned-replies": "canned",
    "messages": "message",
    "templates": "template",
    **leads_world.ROWS,
    "attachments": "attachment",
    "broadcasts": "broadcast",
}
# Our row is in no state for these, which is said to who may do them at all
UNREADY = frozenset(
    ("resend", "mark_sent", "react", "undo", "pause", "proceed", "retry_failed")
)


def url_of(path, slug, world) -> str:
    """The route's address in the workspace; `world` may be the id itself."""

    def fill(match):
        row = getattr(world, ROWS[match[1]], None)
        return f"{match[1]}/{row.public_id if row else world}"

    path = path.replace("<slug:workspace>", slug)
    path = "/" + re.sub(r"([\w-]+)/<uuid:\w+>", fill, path)
    if path.endswith("/rendered"):  # for one conversation of ours
        talk = getattr(world, "conversation", None)
        path += f"?conversation={talk.public_id if talk else world}"
    return path


def body_of(path, theirs, ours) -> dict:
    """What does something if it gets through, and points to the other workspace."""
    for module in (broadcasting, leads_world):
        if (body := module.body_of(path, ours)) is not None:
            return body
    if path.endswith("/merge"):
        return {"contact": str(ours.other.public_id)}
    if "canned-replies" in path:
        return {"shortcut": "new", "text": "Hello", "workspace": theirs.workspace.pk}
    if path.endswith("/desk"):
        return {"is_available": True, "workspace": theirs.workspace.pk}
    if path.endswith("/channels"):
        return {"channel": "whatsapp", "name": "New", "external_id": "new"}
    if path.endswith("/messages"):
        return {"kind": "note", "text": "Hello"}
    if path.endswith("/attachments"):
        return {"file": "Hello"}
    if path.endswith("/stop"):
        return {"reason": "A reason"}
    if path.endswith("/react"):
        return {"emoji": "👍"}
    return {
        "name": "Changed",
        "status": "disconnected" if "channels" in path else "resolved",
        "workspace": theirs.workspace.pk,
    }


def send(client, method, url, body):
    if method in ("get", "head", "options", "delete"):
        return getattr(client, method)(url)
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    if method == "post" and "file" in body:
        form = {"file": ContentFile(body["file"], "hello.txt")}
        return client.post(url, form, headers=headers)
    return getattr(client, method)(
        url, body, content_type="application/json", headers=headers
    )


def text_of(response) -> bytes:
    """All of an answer's body, of a streamed one too."""
    return b"".join(response) if response.streaming else response.content


def sealed(response) -> dict:
    """A problem without what differs from request to request; {} for a HEAD."""
    problem = response.json() if response.content else {}
    return {k: v for k, v in problem.items() if k != "request_id"}


def expected(view, method, who) -> set[int]:
    """The answers that the table allows for our own workspace and ids."""
    if who == "anonymous":
        return {401}
    if who in ("stranger", "superuser"):
        return {404}
    name = view.actions.get("get" if method == "head" else method)
    if name is None:
        return {405}
    if not roles.may(who, view.cls.actions[name]):
        return {403}
    if name in UNREADY:
        return {409}
    return {200, 201, 202, 204} | ({409} if method == "delete" else set())


@pytest.mark.parametrize("path", ROUTES)
def test_the_table_decides(path, ours, theirs, people):
    view, before = ROUTES[path], rows_of(theirs.workspace)
    url, body = url_of(path, ours.workspace.slug, ours), body_of(path, theirs, ours)
    for who in WHO:
        client = as_user(people[who])
        for method in METHODS:
            with transaction.atomic():
                response = send(client, method, url, body)
                transaction.set_rollback(True)
            allowed = expected(view, method, who)
            if any(part in path for part in leads_world.MADE_BY_SOMEBODY):
                allowed |= {404}
            assert response.status_code in allowed, (who, method)
            told = text_of(response) + str(response.headers).encode()
            assert b"Canary" not in told
            assert b"secret" not in told
    assert rows_of(theirs.workspace) == before


@pytest.mark.parametrize("path", ROUTES)
def test_foreign_is_like_absent(path, ours, theirs, people):
    before = rows_of(theirs.workspace), rows_of(ours.workspace)
    body, slug = body_of(path, theirs, ours), theirs.workspace.slug
    outside = [  # their workspace and everything in it, by their ids, ours and none
        url_of(path, slug, theirs),
        url_of(path, slug, ours),
        url_of(path, "absent", ABSENT),
    ]
    inside = [  # our workspace, their ids
        url_of(path, ours.workspace.slug, theirs),
        url_of(path, ours.workspace.slug, ABSENT),
    ]
    for who in roles.Role.values:
        client = as_user(people[who])
        for method in METHODS:
            answers = [send(client, method, url, body) for url in outside]
            assert {answer.status_code for answer in answers} == {404}
            if "<uuid:" in path:
                pair = [send(client, method, url, body) for url in inside]
                allowed = expected(ROUTES[path], method, who)
                refused = allowed & {401, 403, 405}
                wanted = min(refused) if refused else 404
                assert [x.status_code for x in pair] == [wanted] * 2, (who, method)
                assert sealed(pair[0]) == sealed(pair[1])
                answers += pair if wanted == 404 else []
            assert not [x for x in answers if sealed(x) != sealed(answers[0])]
            assert not [x for x in answers if b"Canary" in x.content]
    assert (rows_of(theirs.workspace), rows_of(ours.workspace)) == before


def test_get_changes_nothing(ours, people):
    before = rows_of(ours.workspace)
    for path in ROUTES:
        as_user(people["owner"]).get(url_of(path, ours.workspace.slug, ours))
    assert rows_of(ours.workspace) == before


def test_no_list_finds_theirs(ours, theirs, people):
    client = as_user(people["owner"])
    stranger = people["stranger"].public_id
    for query in (
        "limit=100",
        "search=Canary",
        "search=%2BCanary1",
        "search=C",
        f"assignee={stranger}",
        "status=open",
        "channel=whatsapp",
        "unread=true",
        "waiting=true&ordering=waiting_since",
        "ordering=last_message_at",
        "kind=text",
        "direction=in",
        # what is not on the allow-list is not a filter
        f"workspace={theirs.workspace.pk}",
        f"workspace__slug={theirs.workspace.slug}",
        "contact__name__startswith=Canary",
    ):
        for path, view in ROUTES.items():
            if view.actions.get("get") == "list":
                url = url_of(path, ours.workspace.slug, ours)
                response = client.get(f"{url}?{query}")
                if response.status_code == 400:  # another list's word
                    continue
                assert response.status_code == 200, (path, query)
                results = str(response.json()["results"])
                assert "Canary" not in results, (path, query)
                assert str(stranger) not in results


def test_a_cursor_of_theirs_shows_ours(ours, theirs, people):
    for world in (ours, theirs):
        for _ in range(3):
            world.converse()
    page = as_user(people["stranger"]).get(f"{theirs.root}/conversations?limit=1")
    query = page.json()["next"].split("?")[1]
    response = as_user(people["owner"]).get(f"{ours.root}/conversations?{query}")
    assert response.status_code == 200
    assert len(response.json()["results"]) == 1
    assert "Canary" not in str(response.json()["results"])


def test_a_conversation_is_given_to_no_stranger(ours, people):
    client = as_user(people["owner"])
    url = f"{ours.root}/conversations/{ours.conversation.public_id}"
    problems = [
        client.patch(url, {"assignee": who}, content_type="application/json")
        for who in (str(people["stranger"].public_id), ABSENT)
    ]
    assert [problem.status_code for problem in problems] == [400, 400]
    assert sealed(problems[0]) == sealed(problems[1])
    ours.conversation.refresh_from_db()
    assert ours.conversation.assignee is None
