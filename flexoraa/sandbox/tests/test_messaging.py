"""Messenger and Instagram as the sandbox plays them."""

import json

import pytest

from flexoraa.sandbox import story
from flexoraa.sandbox.people import Bubble
from flexoraa.sandbox.tests.conftest import error

PAGE, GALLERY = story.PAGE.external_id, story.GALLERY.external_id
NIKHIL, ZOE = story.NIKHIL.id, story.ZOE.id
REPLY = {"content_type": "text", "title": "Yes", "payload": "YES"}


def test_a_text_is_accepted_as_documented(meta, page, gallery):
    answer = page(text="Hello", metadata="ref-1").json()
    assert answer["recipient_id"] == NIKHIL
    assert answer["message_id"].startswith("m_")
    assert gallery(text="Hello").json()["message_id"].startswith("aWdf")
    assert [(c.channel, c.ref) for c in meta.ledger.sends()] == [
        ("facebook", "ref-1"),
        ("instagram", ""),
    ]


@pytest.mark.parametrize(
    ("message", "subcode"),
    [
        ({}, 2018034),
        ({"text": ""}, 2018034),
        (
            {"text": "x", "attachment": {"type": "image", "payload": {"url": "u"}}},
            2018034,
        ),
        ({"text": "x" * 2001}, 0),
        ({"text": "x", "metadata": "x" * 1001}, 0),
        ({"text": "x", "quick_replies": [REPLY] * 14}, 0),
        ({"text": "x", "quick_replies": [{**REPLY, "title": "x" * 21}]}, 0),
        ({"text": "x", "quick_replies": [{"content_type": "text"}]}, 0),
        ({"attachment": {"type": "hologram"}}, 0),
        ({"attachment": {"type": "image", "payload": {}}}, 0),
        ({"attachment": {"type": "image", "payload": {"attachment_id": "1"}}}, 2018074),
        ({"text": "x", "around": {"messaging_type": "SHOUT"}}, 0),
        ({"text": "x", "around": {"messaging_type": "MESSAGE_TAG"}}, 0),
        ({"text": "x", "around": {"tag": "ACCOUNT_UPDATE"}}, 0),
        ({"text": "x", "around": {"recipient": {}}}, 0),
    ],
)
def test_what_meta_refuses_is_refused(meta, page, message, subcode):
    assert error(page(**message)) == (400, 100, subcode)
    assert meta.ledger.calls() == []


def test_instagram_counts_bytes(gallery):
    assert gallery(text="ü" * 500).status_code == 200
    assert error(gallery(text="ü" * 501)) == (400, 100, 0)


def test_windows_are_a_day_or_a_week(meta, page, gallery):
    meta.people.fell_silent(PAGE, NIKHIL, hours=30)
    meta.people.fell_silent(GALLERY, ZOE, hours=30)
    assert error(page(text="x")) == (403, 10, 2018278)
    assert error(gallery(text="x")) == (403, 10, 2534022)
    human = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    assert page(text="x", around=human).status_code == 200
    meta.people.fell_silent(PAGE, NIKHIL, hours=24 * 7 + 1)
    assert error(page(text="x", around=human)) == (403, 10, 2018278)


def test_strangers_do_not_exist_for_the_strict(meta, page, gallery, call):
    meta.rules.strict = True
    assert error(page(text="x")) == (400, 100, 2018001)
    assert error(gallery(text="x")) == (400, 100, 2534014)
    action = {"recipient": {"id": NIKHIL}, "sender_action": "typing_on"}
    assert error(call("POST", f"{PAGE}/messages", action)) == (400, 100, 2018001)


def test_actions_show_on_the_phone(meta, call):
    meta.people.say(PAGE, NIKHIL, Bubble("m1", True, "text", "Hi", status="delivered"))

    def act(word: str, **more):
        document = {"recipient": {"id": NIKHIL}, "sender_action": word, **more}
        return call("POST", f"{PAGE}/messages", document)

    assert act("typing_on").json() == {"recipient_id": NIKHIL}
    assert meta.people.listing()[0]["is_typing"]
    assert act("typing_off").ok
    assert not meta.people.listing()[0]["is_typing"]
    assert act("mark_seen").ok
    assert act("react", payload={"message_id": "m1", "reaction": "love"}).ok
    (bubble,) = meta.people.thread(PAGE, NIKHIL)
    assert (bubble["status"], bubble["reactions"]) == ("read", {"them": "love"})
    assert error(act("dance"))[1] == 100
    assert error(act("react"))[1] == 100
    assert error(act("typing_on", message={"text": "x"}))[1] == 100


def test_buttons_and_quick_replies_can_be_tapped(meta, page):
    button = {"type": "postback", "title": "Order", "payload": "ORDER"}
    payload = {"template_type": "button", "text": "What now?", "buttons": [button]}
    assert page(attachment={"type": "template", "payload": payload}).ok
    assert page(text="Sure?", quick_replies=[REPLY]).ok
    first, second = meta.people.thread(PAGE, NIKHIL)
    assert (first["text"], first["choices"][0]["kind"]) == ("What now?", "postback")
    assert second["choices"] == [
        {"title": "Yes", "payload": "YES", "kind": "quick_reply"}
    ]


def test_profiles_are_of_people_who_wrote(meta, call):
    fields = "?fields=first_name,last_name,profile_pic"
    token = f"sandbox-token-{PAGE}"
    assert error(call("GET", NIKHIL + fields, token=token)) == (400, 100, 2018218)
    with meta.people.chat(PAGE, NIKHIL) as chat:
        chat.name = "Nikhil Rao"
    found = call("GET", NIKHIL + fields, token=token).json()
    assert (found["first_name"], found["last_name"]) == ("Nikhil", "Rao")
    token = f"sandbox-token-{GALLERY}"
    assert error(call("GET", ZOE, token=token)) == (400, 230, 0)
    with meta.people.chat(GALLERY, ZOE) as chat:
        chat.name = "zoë.interiors"
    assert call("GET", ZOE, token=token).json()["username"] == "zoë.interiors"


def test_pictures_of_people_can_be_fetched(meta, session):
    found = session.get(f"{meta.url}/_media/faces/{ZOE}.png", timeout=5)
    assert found.headers["Content-Type"] == "image/png"
    assert found.content.startswith(b"\x89PNG")


def test_attachments_are_uploaded_once_and_sent_often(meta, session, page):
    message = {"attachment": {"type": "image", "payload": {"is_reusable": True}}}
    answer = session.post(
        f"{meta.url}/v26.0/{PAGE}/message_attachments",
        params={"access_token": f"sandbox-token-{PAGE}"},
        data={"message": json.dumps(message)},
        files={"filedata": ("lamp.png", b"\x89PNG\r\n", "image/png")},
        timeout=5,
    ).json()
    payload = {"attachment_id": answer["attachment_id"]}
    assert page(attachment={"type": "image", "payload": payload}).ok
    assert meta.library.get(answer["attachment_id"]).body == b"\x89PNG\r\n"
    echo = meta.callbacks.take()[0]
    link = json.loads(echo.body)["entry"][0]["messaging"][0]["message"]["attachments"]
    found = session.get(link[0]["payload"]["url"], timeout=5)  # no token needed
    assert found.content == b"\x89PNG\r\n"


def test_an_attachment_needs_a_file_of_a_good_kind(meta, session, call):
    path = f"{PAGE}/message_attachments"
    assert error(call("POST", path, {"message": {}}))[1] == 100
    message = {"attachment": {"type": "image", "payload": {}}}
    assert error(call("POST", path, {"message": message}))[1] == 100
    message["attachment"]["payload"]["url"] = "https://x/picture.tiff"
    assert error(call("POST", path, {"message": message}))[2] == 2018047
    message["attachment"]["payload"]["url"] = "https://x/picture.jpg"
    assert call("POST", path, {"message": message}).json()["attachment_id"]
