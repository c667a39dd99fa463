"""Hostile values in every field and parameter of the inbox's API: 400, never 500."""

import json

import pytest

from inbox.tests.world import as_user, build

pytestmark = pytest.mark.django_db
# as they stand in JSON, so that escapes reach the parser
VALUES = {
    "NUL": r'"a\u0000b"',
    "only NUL": r'"\u0000"',
    "high surrogate": r'"\ud800"',
    "low surrogate": r'"\udfffx"',
    "19 digits": "9223372036854775808",
    "4,300 digits": "9" * 4300,
    "negative": "-1",
    "1e400": "1e400",
    "NaN": "NaN",
    "infinity": "-Infinity",
    "true": "true",
    "null": "null",
    "object": '{"a": {"b": []}}',
    "nested object": '{"a":' * 80 + "1" + "}" * 80,
    "list": "[1, [2]]",
    "empty": '""',
    "spaces": '"  \\t "',
    "100 KB": '"' + "x" * 100_000 + '"',
    "percent": '"%s %(a)s %% %n"',
    "quotes": '"\'; DROP TABLE inbox_message; --"',
    "script": '"<script>alert(1)</script>"',
    "template": '"{{ 7*7 }}{% debug %}"',
    "year 1": '"0001-01-01T00:00:00+23:59"',
    "year 9999": '"9999-12-31T23:59:59-23:59"',
    "date only": '"2026-01-01"',
    "epoch": '"1763900000"',
    "uuid": '"01900000-0000-7000-8000-000000000000"',
    "braces": '"{01900000-0000-7000-8000-000000000000}"',
    "right to left": '"\u202eabc"',
}
FIELDS = {
    "channels": ("channel", "name", "external_id", "parent_external_id", "token"),
    "channel": ("name", "parent_external_id", "token", "status"),
    "conversation": ("status", "assignee", "labels", "snoozed_until"),
    "label": ("name", "colour"),
    "canned-reply": ("shortcut", "text"),
}
QUERIES = {
    "conversations": (
        *("status", "channel", "assignee", "label", "unread", "waiting", "search"),
        *("ordering", "cursor", "limit"),
    ),
    "contacts": ("search", "cursor", "limit"),
    "messages": ("kind", "direction", "cursor", "limit"),
    "found": ("search", "cursor", "limit"),
    "channels": ("cursor", "limit"),
}
WORDS = (
    *("%00", "a%00b", "%ED%A0%80", "%FF%FE", "9" * 4300, "-1", "1e400", "NaN", "null"),
    *("", "%20", "%25", "%5C", "'", '"', "[]", "{}", "true", "<script>", "x" * 5_000),
    *("01900000-0000-7000-8000-000000000000", "%F0%9F%98%80", "..%2F..", "__class__"),
)


@pytest.fixture
def world(workspace):
    return build(workspace, "Asha")


@pytest.fixture
def owner(workspace, make_member):
    return make_member(workspace)


@pytest.fixture
def api(owner):
    return as_user(owner)


@pytest.fixture
def urls(world):
    talk = f"{world.root}/conversations/{world.conversation.public_id}"
    return {
        "channels": f"{world.root}/channels",
        "channel": f"{world.root}/channels/{world.account.public_id}",
        "conversations": f"{world.root}/conversations",
        "conversation": talk,
        "messages": f"{talk}/messages",
        "contacts": f"{world.root}/contacts",
        "found": f"{world.root}/messages",
        "label": f"{world.root}/labels/{world.label.public_id}",
        "canned-reply": f"{world.root}/canned-replies/{world.canned.public_id}",
    }


def send(api, url, body):
    """POST to a list, PATCH to a row."""
    method = "POST" if url.endswith("/channels") else "PATCH"
    body = body if isinstance(body, str) else json.dumps(body)
    return api.generic(method, url, body.encode(), "application/json")


@pytest.mark.parametrize("name", VALUES)
def test_no_value_of_a_field_is_a_crash_or_a_poison(name, api, urls):
    sound = {"channel": "whatsapp", "name": "New", "external_id": "1"}
    for place, fields in FIELDS.items():
        for field in fields:
            rest = {k: v for k, v in sound.items() if k != field}
            rest = json.dumps(rest if place == "channels" else {})[1:-1]
            body = (
                f"{{{rest}{', ' if rest else ''}{json.dumps(field)}: {VALUES[name]}}}"
            )
            response = send(api, urls[place], body)
            assert response.status_code in (200, 201, 400), (place, field)
            if response.status_code == 400:
                attrs = {error["attr"] for error in response.json()["errors"]}
                assert attrs <= {field, "external_id"}, (place, field)
    for url in urls.values():
        assert api.get(url).status_code == 200


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word[:20] or "empty")
def test_no_value_of_a_parameter_is_a_crash(word, api, urls):
    for place, names in QUERIES.items():
        for name in names:
            response = api.get(f"{urls[place]}?{name}={word}")
            assert response.status_code in (200, 400), (place, name)
            if response.status_code == 400:
                (error,) = response.json()["errors"]
                assert error["attr"] == name


@pytest.mark.parametrize(
    "key", ["x", "%00", "1", "None", "9" * 40, "01900000-0000-7000-8000-00000000000g"]
)
def test_what_is_no_id_in_a_path_is_not_there(key, api, world):
    for path in ("channels/{}", "conversations/{}", "conversations/{}/messages"):
        response = api.get(f"{world.root}/{path.format(key)}")
        assert response.status_code == 404
        assert response.json()["errors"][0]["code"] == "not_found"
