"""What channels take, the calls that send it, and what answers mean: the pure half."""

import hashlib
import hmac
from typing import Any

import pytest

from flexoraa.lib.crypto import Secret
from inbox.adapters import ADAPTERS
from inbox.adapters.sending import (
    HUMAN_AGENT,
    Call,
    Choice,
    Draft,
    File,
    Outgoing,
    TemplateUse,
    Unsendable,
    pieces,
)
from inbox.adapters.words import Identity, IdKind

MB = 1024 * 1024
WHATSAPP, INSTAGRAM, MESSENGER = (
    ADAPTERS[name] for name in ("whatsapp", "instagram", "facebook")
)
PICTURE = File(kind="image", mime_type="image/png", size=MB, external_id="77")
TO = {
    "whatsapp": (Identity(IdKind.PHONE, "15550001", "15550001"),),
    "instagram": (Identity(IdKind.IGSID, "881", "881"),),
    "facebook": (Identity(IdKind.PSID, "771", "771"),),
}


def outgoing(adapter: Any, draft: Draft, **fields: Any) -> Outgoing:
    return Outgoing(
        **{
            "account": "1",
            "token": Secret("EAAG"),
            "to": TO[adapter.channel],
            "ref": "REF",
            "draft": draft,
            **fields,
        }
    )


def body_of(adapter: Any, draft: Draft, **fields: Any) -> dict[str, Any]:
    return dict(adapter.message_call(outgoing(adapter, draft, **fields)).json)


# limits


@pytest.mark.parametrize(
    ("adapter", "fits", "too_long", "limit"),
    [
        (WHATSAPP, "x" * 4096, "x" * 4097, 4096),
        (MESSENGER, "é" * 2000, "é" * 2001, 2000),
        (INSTAGRAM, "é" * 500, "é" * 500 + "x", 1000),
        (INSTAGRAM, "😀" * 250, "😀" * 251, 1000),
    ],
)
def test_texts_fit_or_are_refused_with_the_limit(adapter, fits, too_long, limit):
    assert [part.text for part in adapter.parts(Draft(text=fits))] == [fits]
    with pytest.raises(Unsendable, match=str(limit)) as refused:
        adapter.parts(Draft(text=too_long))
    assert (refused.value.code, refused.value.limit) == ("text_too_long", limit)
    parts = adapter.parts(Draft(text=too_long), split=True)
    assert "".join(part.text for part in parts) == too_long


@pytest.mark.parametrize("in_bytes", [False, True])
def test_pieces_break_where_people_would(in_bytes):
    text = "One two three.\n\nFour five six seven eight."
    assert pieces(text, 28, in_bytes) == [
        "One two three.",
        "Four five six seven eight.",
    ]
    assert pieces("aaaa bbbb cccc", 9, in_bytes) == ["aaaa bbbb", "cccc"]
    for piece in pieces("नमस्ते " * 40, 50, in_bytes):
        assert piece == piece.strip()
    assert pieces("   ", 5) == []
    assert "".join(pieces("x" * 25, 10)) == "x" * 25


@pytest.mark.parametrize(
    ("adapter", "file", "code"),
    [
        (WHATSAPP, File(kind="image", mime_type="image/gif"), "file_type"),
        (WHATSAPP, File(kind="image", mime_type="image/png", size=6 * MB), "file_too"),
        (WHATSAPP, File(kind="sticker", mime_type="image/png"), "file_type"),
        (WHATSAPP, File(kind="video", mime_type="video/webm"), "file_type"),
        (WHATSAPP, File(kind="document", mime_type="x/y", size=101 * MB), "file_too"),
        (WHATSAPP, File(kind="link", mime_type=""), "file_type"),
        (INSTAGRAM, File(kind="image", mime_type="image/png", size=9 * MB), "file_too"),
        (INSTAGRAM, File(kind="document", mime_type="text/plain"), "file_type"),
        (INSTAGRAM, File(kind="sticker", mime_type="image/webp"), "file_type"),
        (MESSENGER, File(kind="video", mime_type="x/y", size=26 * MB), "file_too"),
        (MESSENGER, File(kind="link", mime_type=""), "file_type"),
    ],
)
def test_files_are_checked_for_type_and_size(adapter, file, code):
    with pytest.raises(Unsendable) as refused:
        adapter.parts(Draft(files=(file,)))
    assert refused.value.code.startswith(code)


def test_an_ogg_with_its_codec_is_an_ogg():
    voice = File(kind="audio", mime_type="audio/ogg; codecs=opus", size=MB)
    assert len(WHATSAPP.parts(Draft(files=(voice,)))) == 1


def test_whatsapp_puts_the_text_under_the_first_picture():
    parts = WHATSAPP.parts(Draft(text="Look", files=(PICTURE, PICTURE)))
    assert [(part.text, len(part.files)) for part in parts] == [("Look", 1), ("", 1)]
    long = WHATSAPP.parts(Draft(text="x" * 1025, files=(PICTURE,), reply_to="w"))
    assert [(len(p.text), len(p.files), p.reply_to) for p in long] == [
        (1025, 0, "w"),
        (0, 1, ""),
    ]
    audio = File(kind="audio", mime_type="audio/mpeg")
    assert len(WHATSAPP.parts(Draft(text="Listen", files=(audio,)))) == 2


@pytest.mark.parametrize("adapter", [INSTAGRAM, MESSENGER])
def test_text_and_files_are_messages_of_their_own_elsewhere(adapter):
    parts = adapter.parts(Draft(text="Look", files=(PICTURE, PICTURE)))
    assert [(part.text, len(part.files)) for part in parts] == [
        ("Look", 0),
        ("", 1),
        ("", 1),
    ]


def choices(count: int, title: str = "Choice {}") -> tuple[Choice, ...]:
    return tuple(Choice(id=str(n), title=title.format(n)) for n in range(count))


@pytest.mark.parametrize(
    ("adapter", "draft", "code"),
    [
        (WHATSAPP, Draft(text="x", choices=choices(11)), "too_many_choices"),
        (WHATSAPP, Draft(text="x", choices=choices(2, "x" * 21)), "choice_too_long"),
        (WHATSAPP, Draft(text="x", choices=choices(2, "same")), "choices_alike"),
        (WHATSAPP, Draft(choices=choices(1)), "empty"),
        (WHATSAPP, Draft(text="x" * 1025, choices=choices(1)), "text_too_long"),
        (WHATSAPP, Draft(text="x", files=(PICTURE,), choices=choices(1)), "choices_w"),
        (
            WHATSAPP,
            Draft(text="x", choices=(Choice(id="i" * 257, title="a"),)),
            "choice_too_long",
        ),
        (MESSENGER, Draft(text="x", choices=choices(14)), "too_many_choices"),
        (INSTAGRAM, Draft(choices=choices(1)), "empty"),
        (INSTAGRAM, Draft(template=TemplateUse(name="a", language="b")), "no_temp"),
        (MESSENGER, Draft(), "empty"),
    ],
)
def test_choices_are_checked(adapter, draft, code):
    with pytest.raises(Unsendable) as refused:
        adapter.parts(draft)
    assert refused.value.code.startswith(code)


# calls


def test_whatsapp_calls_are_as_documented():
    text = body_of(WHATSAPP, Draft(text="Hi", reply_to="wamid.1"))
    assert text == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+15550001",
        "type": "text",
        "text": {"body": "Hi", "preview_url": True},
        "context": {"message_id": "wamid.1"},
        "biz_opaque_callback_data": "REF",
    }
    picture = body_of(WHATSAPP, Draft(text="Look", files=(PICTURE,)))
    assert picture["image"] == {"id": "77", "caption": "Look"}
    paper = File(kind="document", mime_type="x/y", filename="a.pdf", external_id="7")
    told = body_of(WHATSAPP, Draft(files=(paper,)))
    assert told["document"] == {"id": "7", "filename": "a.pdf"}
    few = body_of(WHATSAPP, Draft(text="?", choices=choices(3)))
    assert few["interactive"]["type"] == "button"
    many = body_of(WHATSAPP, Draft(text="?", choices=choices(4)))
    assert len(many["interactive"]["action"]["sections"][0]["rows"]) == 4
    use = TemplateUse(name="hi", language="en", components=({"type": "body"},))
    assert body_of(WHATSAPP, Draft(template=use))["template"] == {
        "name": "hi",
        "language": {"code": "en"},
        "components": [{"type": "body"}],
    }
    bare = TemplateUse(name="hi", language="en")
    assert "components" not in body_of(WHATSAPP, Draft(template=bare))["template"]


def test_whatsapp_recipients_by_number_name_and_group():
    def to(*identities: Identity) -> dict[str, Any]:
        told = body_of(WHATSAPP, Draft(text="Hi"), to=identities)
        return {key: told[key] for key in ("to", "recipient") if key in told}

    phone = Identity(IdKind.PHONE, "+91 98000", "9198000")
    newer = Identity(IdKind.PHONE, "919900", "919900")
    bsuid = Identity(IdKind.BSUID, "IN.123", "IN.123")
    group = Identity(IdKind.GROUP, "G1", "G1")
    assert to(bsuid) == {"recipient": "IN.123"}
    assert to(bsuid, phone) == {"to": "+9198000"}
    assert to(phone, newer) == {"to": "+919900"}  # the last that they wrote from
    assert to(group) == {"to": "G1"}
    for adapter in (WHATSAPP, INSTAGRAM):
        with pytest.raises(Unsendable, match="is known"):
            adapter.message_call(outgoing(adapter, Draft(text="Hi"), to=()))


def test_messenger_and_instagram_calls_are_as_documented():
    call = MESSENGER.message_call(
        outgoing(MESSENGER, Draft(text="?", choices=choices(1), reply_to="m_1"))
    )
    assert (call.path, call.api) == ("1/messages", "graph")
    assert call.json == {
        "recipient": {"id": "771"},
        "messaging_type": "RESPONSE",
        "message": {
            "text": "?",
            "metadata": "REF",
            "quick_replies": [
                {"content_type": "text", "title": "Choice 0", "payload": "0"}
            ],
        },
        "reply_to": {"mid": "m_1"},
    }
    late = body_of(MESSENGER, Draft(text="Hi"), tag=HUMAN_AGENT)
    assert (late["messaging_type"], late["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")
    paper = File(kind="document", mime_type="application/pdf", external_id="7")
    assert body_of(MESSENGER, Draft(files=(paper,)))["message"]["attachment"] == {
        "type": "file",
        "payload": {"attachment_id": "7"},
    }
    plugin = (Identity(IdKind.USER_REF, "ref", "ref"),)
    assert body_of(MESSENGER, Draft(text="Hi"), to=plugin)["recipient"] == {
        "user_ref": "ref"
    }


def test_instagrams_own_login_has_its_own_server(settings):
    settings.INSTAGRAM_GRAPH_URL = "https://graph.instagram.com/"
    settings.GRAPH_URL = "https://graph.facebook.com"
    settings.GRAPH_VERSION = "v25.0"
    own = INSTAGRAM.message_call(
        outgoing(INSTAGRAM, Draft(text="Hi"), token=Secret("IGQV"))
    )
    assert INSTAGRAM.url(own) == "https://graph.instagram.com/v25.0/me/messages"
    assert "metadata" not in own.json["message"]
    assert "messaging_type" not in own.json
    page = INSTAGRAM.message_call(outgoing(INSTAGRAM, Draft(text="Hi")))
    assert INSTAGRAM.url(page) == "https://graph.facebook.com/v25.0/me/messages"


def test_gestures_are_calls_of_their_own():
    empty = Draft()
    one = outgoing(WHATSAPP, empty)
    assert WHATSAPP.seen_call(one, "wamid.1").json["status"] == "read"
    assert WHATSAPP.typing_call(one, "wamid.1").json["typing_indicator"]
    assert WHATSAPP.typing_call(one, "") is None
    assert WHATSAPP.reaction_call(one, "w", "👍").json["reaction"] == {
        "message_id": "w",
        "emoji": "👍",
    }
    two = outgoing(MESSENGER, empty)
    assert MESSENGER.seen_call(two, "m").json["sender_action"] == "mark_seen"
    assert MESSENGER.typing_call(two, "m").json["sender_action"] == "typing_on"
    assert MESSENGER.reaction_call(two, "m", "❤").json["payload"]["reaction"] == "love"
    gone = MESSENGER.reaction_call(two, "m", "").json
    assert (gone["sender_action"], gone["payload"]) == ("unreact", {"message_id": "m"})


def test_calls_are_signed_for_the_graph_api(settings):
    settings.META_APP_SECRETS, settings.META_APP_SECRET = ["one"], ""
    call = Call(path="1/messages", params={"a": "b"})
    proof = hmac.new(b"one", b"EAAG", hashlib.sha256).hexdigest()
    assert WHATSAPP.params(call, Secret("EAAG")) == {
        "a": "b",
        "appsecret_proof": proof,
    }
    settings.META_APP_SECRETS = ["one", "two"]  # whose tokens are they?
    assert WHATSAPP.params(call, Secret("EAAG")) == {"a": "b"}
    settings.META_APP_SECRET = "two"
    assert "appsecret_proof" in WHATSAPP.params(call, Secret("EAAG"))
    own = Call(path="me", api="instagram")
    assert INSTAGRAM.params(own, Secret("IGQV")) == {}
    assert WHATSAPP.headers(Secret("EAAG")) == {"Authorization": "Bearer EAAG"}
