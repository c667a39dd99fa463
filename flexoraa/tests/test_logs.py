"""Log lines carry ids, not contents (T39)."""

import io
import json
import logging

import pytest
import structlog
from django.test import Client

from flexoraa.lib import logs
from flexoraa.reporting import scrubbed, start
from inbox.tests import bodies

CANARIES = [
    "canary-secret-text",
    "+91 98765 43210",
    "919876543210",
    "canary.person@example.com",
    "EAAGcanaryTokenOfAChannel0123456789",
]
ALL = " ".join(CANARIES[1:])


@pytest.fixture
def lines():
    """Everything that is logged meanwhile, as it is written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.Lines())
    root = logging.getLogger()
    level = root.level
    requests = logging.getLogger("flexoraa.requests")
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    requests.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)
    requests.setLevel(logging.WARNING)


def assert_clean(lines):
    text = json.dumps(lines(), ensure_ascii=False)
    assert [canary for canary in CANARIES if canary in text] == []
    assert lines()


def test_texts_are_masked_and_numbers_stay(lines):
    log = logging.getLogger("inbox.test")
    log.warning("Gave %s to %s, %d times", ALL, {"text": CANARIES[0]}, 3)
    log.warning("%(count)d rows of %(who)r", {"count": 2, "who": CANARIES[3]})
    log.warning(f"formatted before: {ALL}")  # noqa: G004
    assert_clean(lines)
    events = [line["event"] for line in lines()]
    assert events[0].endswith("to dict, 3 times")
    assert events[1] == "2 rows of <e-mail>"
    assert "<number>" in events[2]


def test_what_does_not_fit_is_logged_as_it_was_written():
    record = logging.LogRecord("x", 30, "", 1, "%d rows", (CANARIES[0],), None)
    assert logs.event(record) == "%d rows"


def test_an_exception_is_its_class_and_its_place(lines):
    try:
        try:
            raise KeyError(CANARIES[0])
        except KeyError as error:
            raise ValueError(f"Failing row contains ({CANARIES[0]})") from error
    except ValueError as error:
        logging.getLogger("x").exception("It failed: %r", error)
    assert_clean(lines)
    (line,) = lines()
    assert (line["error"], line["cause"]) == ("ValueError", "KeyError")
    assert line["event"] == "It failed: ValueError"
    assert "test_an_exception_is_its_class_and_its_place" in line["trace"][-1]


def test_only_named_fields_are_kept(lines):
    log = structlog.get_logger("inbox.test")
    log.warning("sent", text=CANARIES[0], phone=CANARIES[1], count=2, ids=["a" * 32])
    assert_clean(lines)
    assert lines()[0].keys() == {"at", "level", "logger", "event", "count", "ids"}
    assert lines()[0]["ids"] == ["a" * 32]


def test_a_line_break_makes_no_second_line(lines):
    logging.getLogger("x").warning("%s", "name\r\n2026 ERROR forged\u2028line")
    assert len(lines()) == 1


def test_people_read_the_same(lines):
    record = logging.LogRecord(
        "x", logging.INFO, "", 1, "Took %s\n%d", ("a\nb", 3), None
    )
    text = logs.ReadableLines().format(record)
    assert text.endswith("info x Took a\\nb\\n3")
    assert "\n" not in text


@pytest.mark.django_db
def test_a_request_is_one_line_with_whose_it_was(lines, workspace, make_member):
    client = Client()
    user = make_member(workspace)
    client.force_login(user)
    client.get("/api/workspaces/acme/conversations", {"search": CANARIES[0]})
    client.get("/api/me")
    first, second = [line for line in lines() if line["event"] == "request"]
    assert first["route"] == "api/workspaces/<slug:workspace>/conversations"
    assert (first["user"], first["workspace"]) == (user.pk, workspace.pk)
    assert (first["status"], first["method"], first["door"]) == (200, "GET", "api")
    assert len(first["request_id"]) == 32
    assert "workspace" not in second
    assert_clean(lines)


@pytest.mark.django_db
def test_nothing_that_people_write_gets_into_the_logs(
    lines, account, receive, workspace, make_member, monkeypatch
):
    text = f"{CANARIES[0]} {ALL}"
    receive("whatsapp", bodies.whatsapp(bodies.text(1, text={"body": text})))
    receive("whatsapp", f"no json {text}".encode())
    client = Client(raise_request_exception=False)
    client.force_login(make_member(workspace, email=CANARIES[3]))
    root = "/api/workspaces/acme"
    client.get(f"{root}/conversations", {"search": text})
    client.post(f"{root}/channels", {"name": text, "token": text})
    client.post(f"/nothing/{CANARIES[4]}", {"name": text})

    def crash(*args, **kwargs):
        raise RuntimeError(text)

    monkeypatch.setattr("inbox.api.viewsets.ConversationViewSet.list", crash)
    assert client.get(f"{root}/conversations").status_code == 500
    assert "RuntimeError" in [line.get("error") for line in lines()]
    assert_clean(lines)


def test_a_crash_report_is_class_and_place():
    frame = {"filename": "a.py", "lineno": 3, "function": "f", "vars": {"x": ALL}}
    event = {
        "event_id": "1",
        "message": ALL,
        "user": {"email": CANARIES[3]},
        "request": {"data": ALL, "headers": {"Cookie": ALL}, "url": ALL},
        "breadcrumbs": {"values": [{"message": ALL}]},
        "extra": {"sys.argv": ALL},
        "contexts": {"runtime": {"name": "CPython"}, "mine": {"text": ALL}},
        "tags": {"request_id": "r1", "other": ALL},
        "exception": {
            "values": [
                {"type": "ValueError", "value": ALL, "stacktrace": {"frames": [frame]}},
                {"type": "KeyError", "value": ALL, "stacktrace": None},
            ]
        },
    }
    sent = scrubbed(event, {})
    assert [canary for canary in CANARIES if canary in json.dumps(sent)] == []
    raised = sent["exception"]["values"][0]
    assert (raised["type"], raised["value"]) == ("ValueError", "")
    assert raised["stacktrace"]["frames"][0] == {
        "filename": "a.py",
        "lineno": 3,
        "function": "f",
    }
    assert sent["tags"] == {"request_id": "r1"}
    assert sent["contexts"] == {"runtime": {"name": "CPython"}}


def test_no_address_no_reports():
    import sentry_sdk

    start("", "test")
    assert not sentry_sdk.is_initialized()
