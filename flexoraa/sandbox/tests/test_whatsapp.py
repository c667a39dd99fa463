"""WhatsApp as the sandbox plays it: what is accepted, what is refused and how."""

import re

import pytest

from flexoraa.sandbox import story
from flexoraa.sandbox.people import Bubble
from flexoraa.sandbox.tests.conftest import error

NUMBER = story.NUMBER.external_id
ASHA = story.ASHA.id


def body(name: str, *texts: str, language: str = "en", **more) -> dict:
    """A template send with these values in its body."""
    values = [{"type": "text", "text": text} for text in texts]
    components = [{"type": "body", "parameters": values}] if texts else []
    components += more.get("components", [])
    return {"name": name, "language": {"code": language}, "components": components}


TRACK = {
    "type": "button",
    "sub_type": "url",
    "index": "0",
    "parameters": [{"type": "text", "text": "17"}],
}
YES = {"type": "reply", "reply": {"id": "yes", "title": "Yes"}}
ROW = {"id": "s", "title": "Small", "description": "20 cm"}


def test_a_text_is_accepted_as_documented(meta, whatsapp):
    answer = whatsapp(text={"body": "Hello"}, biz_opaque_callback_data="ref-1").json()
    assert answer["contacts"] == [{"input": "+919000010001", "wa_id": ASHA}]
    mid = answer["messages"][0]["id"]
    assert re.fullmatch(r"wamid\.[A-Za-z0-9+/]{40,}", mid)
    (call,) = meta.ledger.sends()
    assert (call.id, call.ref, call.to, call.kind) == (mid, "ref-1", ASHA, "text")
    (bubble,) = meta.people.thread(NUMBER, ASHA)
    assert (bubble["text"], bubble["mine"]) == ("Hello", False)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"text": {"body": "x" * 4097}}, 100),
        ({"text": {}}, 100),
        ({"poll": {"a": 1}}, 100),
        ({"text": {"body": "x"}, "extra": 1}, 100),
        ({"text": {"body": "x"}, "messaging_product": "sms"}, 100),
        ({"text": {"body": "x"}, "to": ""}, 100),
        ({"text": {"body": "x"}, "to": "+1abc5550100"}, 131009),
        ({"text": {"body": "x"}, "to": "+15550100000"}, 131021),
        ({"text": {"body": "x"}, "biz_opaque_callback_data": "x" * 513}, 100),
        ({"image": {"link": "https://x/a.png", "id": "1"}}, 100),
        ({"image": {"id": "1"}}, 100),
        ({"image": {"link": "https://x/a.png", "caption": "x" * 1025}}, 100),
        ({"audio": {"link": "https://x/a.ogg", "caption": "x"}}, 100),
        ({"reaction": {"message_id": "wamid.1"}}, 100),
        ({"location": {"latitude": "north", "longitude": 1}}, 100),
        ({"contacts": [{"name": {}}]}, 100),
        ({"interactive": {"type": "button", "body": {"text": "?"}}}, 100),
        (
            {
                "interactive": {
                    "type": "wheel",
                    "body": {"text": "?"},
                    "action": {"a": 1},
                }
            },
            100,
        ),
        (
            {
                "interactive": {
                    "type": "button",
                    "body": {"text": "?"},
                    "action": {"buttons": [YES] * 4},
                }
            },
            131009,
        ),
        (
            {
                "interactive": {
                    "type": "button",
                    "body": {"text": "?"},
                    "action": {"buttons": [YES, YES]},
                }
            },
            131009,
        ),
        (
            {
                "interactive": {
                    "type": "list",
                    "body": {"text": "?"},
                    "action": {"button": "Pick", "sections": [{"rows": [ROW] * 11}]},
                }
            },
            131009,
        ),
        ({"template": body("nothing")}, 132001),
        ({"template": body("order_shipped", "a", "b", "c", language="fr")}, 132001),
        ({"template": body("too_loud", "a")}, 132001),
        ({"template": body("old_news", "a")}, 132015),
        ({"template": body("order_shipped", "a", components=[TRACK])}, 132000),
        ({"template": body("order_shipped", "a", "b", "c")}, 131008),
        ({"template": body("reengage", "")}, 131008),
        ({"template": body("diwali_offer", "a", "b")}, 132012),
        ({"template": {"name": "hello_world"}}, 131008),
    ],
)
def test_what_meta_refuses_is_refused(meta, whatsapp, fields, code):
    assert error(whatsapp(**fields))[1] == code
    assert meta.ledger.calls() == []


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"image": {"link": "https://x/a.png", "caption": "Look"}}, "Look"),
        (
            {"location": {"latitude": 18.5, "longitude": 73.8, "name": "Shop"}},
            "Shop 18.5, 73.8",
        ),
        ({"contacts": [{"name": {"formatted_name": "Asha K"}}]}, "Asha K"),
        (
            {
                "interactive": {
                    "type": "button",
                    "body": {"text": "Sure?"},
                    "action": {"buttons": [YES]},
                }
            },
            "Sure?",
        ),
        (
            {
                "interactive": {
                    "type": "list",
                    "body": {"text": "Size?"},
                    "action": {"button": "Pick", "sections": [{"rows": [ROW]}]},
                }
            },
            "Size?",
        ),
        (
            {
                "interactive": {
                    "type": "cta_url",
                    "body": {"text": "Go"},
                    "action": {"name": "cta_url"},
                }
            },
            "Go",
        ),
        (
            {
                "template": body(
                    "order_shipped", "Asha", "17", "Friday", components=[TRACK]
                )
            },
            "Hi Asha, your order 17 is on its way. It should arrive on Friday.",
        ),
        (
            {"template": body("hello_world", language="en_US")},
            "Welcome! This message was sent to try things out.",
        ),
    ],
)
def test_what_meta_takes_reaches_the_phone(meta, whatsapp, fields, text):
    assert whatsapp(**fields).status_code == 200
    (bubble,) = meta.people.thread(NUMBER, ASHA)
    assert bubble["text"] == text


def test_named_parameters_fill_a_template(meta, whatsapp):
    values = [
        {"type": "text", "parameter_name": "discount", "text": "10 %"},
        {"type": "text", "parameter_name": "customer", "text": "Asha"},
    ]
    image = {"type": "image", "image": {"link": "https://x/lamp.png"}}
    template = body("diwali_offer") | {
        "components": [
            {"type": "header", "parameters": [image]},
            {"type": "body", "parameters": values},
        ]
    }
    assert whatsapp(template=template).status_code == 200
    (bubble,) = meta.people.thread(NUMBER, ASHA)
    assert bubble["text"] == "Hello Asha, brass lamps are 10 % off until Sunday."
    assert [one["title"] for one in bubble["choices"]] == ["Show me", "Not interested"]


def test_a_reaction_joins_the_message(meta, whatsapp):
    meta.people.say(NUMBER, ASHA, story_bubble("wamid.in"))
    assert whatsapp(reaction={"message_id": "wamid.in", "emoji": "👍"}).ok
    (bubble,) = meta.people.thread(NUMBER, ASHA)
    assert bubble["reactions"] == {"them": "👍"}


def test_outside_the_window_only_templates_go(meta, whatsapp):
    meta.people.fell_silent(NUMBER, ASHA, hours=25)
    assert error(whatsapp(text={"body": "Hi"})) == (400, 131047, 0)
    assert whatsapp(template=body("reengage", "Asha")).status_code == 200
    meta.people.wrote(NUMBER, ASHA)
    assert whatsapp(text={"body": "Hi"}).status_code == 200


def test_strangers_are_closed_only_to_the_strict(meta, whatsapp):
    assert whatsapp(text={"body": "Hi"}, to="+919000010009").status_code == 200
    meta.rules.strict = True
    assert error(whatsapp(text={"body": "Hi"}, to="+919000010008"))[1] == 131047


def test_who_has_no_whatsapp_fails_late(meta, whatsapp):
    with meta.people.chat(NUMBER, ASHA) as chat:
        chat.reachable = False
    assert whatsapp(text={"body": "Hi"}, biz_opaque_callback_data="r").ok
    (post,) = meta.callbacks.take()
    assert b'"status":"failed"' in post.body
    assert b"131026" in post.body
    assert meta.people.thread(NUMBER, ASHA) == []


def test_reading_and_typing_show_on_the_phone(meta, call):
    meta.people.say(NUMBER, ASHA, story_bubble("wamid.in"))
    seen = {"messaging_product": "whatsapp", "status": "read"}
    path = f"{NUMBER}/messages"
    assert error(call("POST", path, seen))[1] == 131009
    seen |= {"message_id": "wamid.in", "typing_indicator": {"type": "text"}}
    assert call("POST", path, seen).json() == {"success": True}
    (bubble,) = meta.people.thread(NUMBER, ASHA)
    assert bubble["status"] == "read"
    assert meta.people.listing()[0]["is_typing"]
    assert [c.kind for c in meta.ledger.calls()] == ["typing_on"]
    meta.rules.strict = True
    assert error(call("POST", path, seen | {"message_id": "wamid.no"}))[1] == 131009


def test_people_may_have_no_number(call):
    document = {
        "messaging_product": "whatsapp",
        "recipient": "IN.13491208655302741918",
        "type": "text",
        "text": {"body": "Hi"},
    }
    answer = call("POST", f"{NUMBER}/messages", document).json()
    assert answer["contacts"][0]["user_id"] == "IN.13491208655302741918"


def story_bubble(mid: str):
    return Bubble(id=mid, mine=True, kind="text", text="Hello?", status="delivered")
