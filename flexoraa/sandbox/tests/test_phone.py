"""The phone simulator: what a person does arrives as a webhook of the platform."""

import json

import pytest

from flexoraa.sandbox import graph, story
from flexoraa.sandbox.people import Bubble
from inbox.adapters import ADAPTERS

NUMBER, PAGE, GALLERY = (
    one.external_id for one in story.ACCOUNTS[::2] + (story.GALLERY,)
)
ASHA, NIKHIL, ZOE = story.ASHA.id, story.NIKHIL.id, story.ZOE.id
CHATS = [(NUMBER, ASHA), (PAGE, NIKHIL), (GALLERY, ZOE)]


@pytest.fixture
def act(meta, session):
    """act("write", account, person, text="Hi") -> (answer, what our adapters read)."""

    def act(action: str, account: str, person: str, /, **fields):
        given = {"account": account, "person": person, **fields}
        files = fields.pop("files", None)
        more = {"data": given, "files": files} if files else {"json": given}
        answer = session.post(f"{meta.url}/_phone/{action}", timeout=5, **more)
        events = [
            event
            for post in meta.callbacks.take()
            for event in ADAPTERS[post.channel].parse(json.loads(post.body)).events
        ]
        return answer, events

    return act


@pytest.mark.parametrize(("account", "person"), CHATS)
def test_words_arrive_and_open_the_window(meta, act, account, person):
    meta.people.fell_silent(account, person, hours=48)
    answer, (event,) = act("write", account, person, text="Hello? 🙂")
    assert answer.json() == {"code": 200}
    assert event.text == "Hello? 🙂"
    (bubble,) = meta.people.thread(account, person)
    assert (bubble["mine"], bubble["status"]) == (True, "delivered")
    assert bubble["id"] == event.external_id
    assert meta.people.look(account, person).is_open()
    _, (event,) = act("write", account, person, text="Well?", reply_to=bubble["id"])
    assert event.reply_to == bubble["id"]


@pytest.mark.parametrize(("account", "person"), CHATS)
def test_a_picture_arrives_and_can_be_fetched(meta, act, session, account, person):
    files = {"file": ("lamp.png", b"\x89PNG..", "image/png")}
    answer, (event,) = act("file", account, person, caption="Look", files=files)
    assert answer.json() == {"code": 200}
    assert event.kind == "image"
    (bubble,) = meta.people.thread(account, person)
    shown = session.get(meta.url + bubble["media"], timeout=5)
    assert shown.content == b"\x89PNG.."
    assert shown.headers["Content-Security-Policy"] == "sandbox"


def test_other_files_are_documents(act):
    files = {"file": ("plan.zip", b"PK", "application/zip")}
    assert act("file", NUMBER, ASHA, files=files)[1][0].kind == "document"
    assert act("file", PAGE, NIKHIL, files=files)[1][0].kind == "document"


@pytest.mark.parametrize(("account", "person"), CHATS)
def test_a_reaction_comes_and_goes(meta, act, account, person):
    meta.people.say(account, person, Bubble("m1", False, "text", "Hi", status="sent"))
    _, (event,) = act("react", account, person, target="m1", emoji="❤️")
    assert (type(event).__name__, event.target, event.emoji) == ("Reacted", "m1", "❤️")
    assert meta.people.thread(account, person)[0]["reactions"] == {"me": "❤️"}
    _, (event,) = act("react", account, person, target="m1", emoji="")
    assert event.emoji == ""


@pytest.mark.parametrize(
    ("account", "person", "kind", "word"),
    [
        (NUMBER, ASHA, "button", "interactive"),
        (NUMBER, ASHA, "list", "interactive"),
        (NUMBER, ASHA, "template", "button"),
        (PAGE, NIKHIL, "quick_reply", "text"),
        (PAGE, NIKHIL, "postback", "postback"),
        (GALLERY, ZOE, "quick_reply", "text"),
    ],
)
def test_a_choice_is_tapped(meta, act, account, person, kind, word):
    choice = {"title": "Yes", "payload": "YES", "kind": kind}
    offer = Bubble("m1", False, "text", "Sure?", choices=[choice], status="sent")
    meta.people.say(account, person, offer)
    answer, (event,) = act("tap", account, person, target="m1", number=0)
    assert answer.json() == {"code": 200}
    assert event.text == "Yes"
    assert word in (event.kind, "text")
    assert act("tap", account, person, target="m1", number=1)[0].status_code == 400


@pytest.mark.parametrize(("account", "person"), CHATS)
def test_opening_the_chat_reads_it(meta, act, account, person):
    for name in ("m1", "m2"):
        meta.people.say(
            account, person, Bubble(name, False, "text", "Hi", status="sent", ref="r")
        )
    answer, events = act("read", account, person)
    assert answer.json() == {"read": 2}
    assert events
    assert {event.status for event in events} == {"read"}
    assert act("read", account, person)[0].json() == {"read": 0}


def test_somebody_new_can_write(meta, act, session):
    for account in (NUMBER, GALLERY):
        answer, _ = act("people", account, "", name="Devi")
        person = answer.json()["person"]
        assert meta.people.look(account, person).name == "Devi"
        assert act("write", account, person, text="Hi")[0].json() == {"code": 200}
    state = session.get(f"{meta.url}/_phone/state", timeout=5).json()
    assert {chat["name"] for chat in state["chats"]} == {"Devi"}
    assert [one["channel"] for one in state["accounts"]] == [
        "whatsapp",
        "instagram",
        "facebook",
    ]


def test_wrong_calls_are_told_why(meta, act, session):
    for name, account, fields in (
        ("write", "404", {"text": "x"}),
        ("people", "404", {}),
        ("dance", NUMBER, {}),
        ("tap", NUMBER, {"target": "none", "number": 0}),
    ):
        answer, _ = act(name, account, ASHA, **fields)
        assert answer.status_code == 400
        assert answer.json()["error"]
    for path in ("/_phone/nothing", "/phone/nothing.js"):
        assert session.get(meta.url + path, timeout=5).status_code == 404


def test_the_page_and_its_files_are_served(meta, session):
    page = session.get(f"{meta.url}/phone", timeout=5)
    assert "Phone simulator" in page.text
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    for name in ("phone.css", "phone.js"):
        assert session.get(f"{meta.url}/phone/{name}", timeout=5).ok


def test_changes_are_announced(meta, session):
    answer = session.get(f"{meta.url}/_phone/events", stream=True, timeout=5)
    lines = answer.iter_lines(chunk_size=1)
    assert next(lines) == b"retry: 1000"
    meta.people.wrote(NUMBER, ASHA)
    assert any(line.startswith(b"data:") for line in lines)
    answer.close()


def test_a_closed_door_shows_in_the_chat(door, session):
    door.answers = [503]
    with graph.serve(webhooks=door.url) as meta:
        given = {"account": NUMBER, "person": ASHA, "text": "Hi"}
        answer = session.post(f"{meta.url}/_phone/write", json=given, timeout=5)
        assert answer.json() == {"code": 503}
        assert meta.people.thread(NUMBER, ASHA)[0]["status"] == "failed"
