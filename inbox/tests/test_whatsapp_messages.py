"""What WhatsApp messages say, by their type."""

import pytest

from inbox.adapters.base import Attachment, Kind
from inbox.tests.whatsapp_files import ASHA, message


@pytest.mark.parametrize(
    ("name", "kind", "text", "attachment"),
    [
        (
            "image",
            Kind.IMAGE,
            "The balcony",
            Attachment(
                kind="image",
                external_id="600000000000001",
                url="https://media.example/600000000000001",
                mime_type="image/jpeg",
                sha256="Zmxleg==",
            ),
        ),
        (
            "video",
            Kind.VIDEO,
            "A walk through",
            Attachment(
                kind="video",
                external_id="600000000000002",
                mime_type="video/mp4",
                sha256="Zmxleg==",
            ),
        ),
        (
            "document",
            Kind.DOCUMENT,
            "Signed",
            Attachment(
                kind="document",
                external_id="600000000000006",
                mime_type="application/pdf",
                filename="Agreement अ.pdf",
                sha256="Zmxleg==",
            ),
        ),
    ],
)
def test_media_has_its_caption_as_text_and_one_attachment(name, kind, text, attachment):
    said = message(name)
    assert (said.kind, said.text, said.attachments) == (kind, text, (attachment,))


@pytest.mark.parametrize(
    ("name", "voice"),
    [("audio", False), ("voice_note", True), ("voice_note_old", True)],
)
def test_voice_notes_are_audio_with_a_mark(name, voice):
    said = message(name)
    (attachment,) = said.attachments
    assert (said.kind, attachment.kind) == (Kind.AUDIO, "audio")
    assert attachment.voice is voice


def test_an_animated_sticker_says_so():
    said = message("sticker")
    assert (said.kind, said.payload) == (Kind.STICKER, {"animated": True})
    assert said.attachments[0].kind == "sticker"


def test_media_without_a_body_keeps_its_errors_and_the_raw_item():
    said = message("image_failed")
    assert said.kind is Kind.UNSUPPORTED
    assert said.payload["type"] == "image"
    assert said.payload["raw"]["id"] == said.external_id
    assert [error["code"] for error in said.errors] == [131052]


def test_media_without_a_file_has_no_attachment():
    said = message("image_without_id")
    assert (said.kind, said.text) == (Kind.IMAGE, "No file behind it")
    assert said.attachments == ()
    assert len(said.errors) == 1


def test_a_location_says_name_and_address_however_long():
    said = message("location")
    assert said.kind is Kind.LOCATION
    assert said.text.startswith("Flexoraa House, 14, Residency Road")
    assert len(said.text) > 255
    assert said.payload["latitude"] == 12.9716


def test_a_location_may_be_only_coordinates():
    said = message("location_current")
    assert (said.text, said.payload) == ("", {"latitude": 12.9, "longitude": 77.6})


def test_contact_cards_say_names_or_else_numbers():
    said = message("contacts")
    assert (said.kind, said.text) == (Kind.CONTACTS, "Dev Mehta, +1 (555) 010-0161")
    assert len(said.payload["contacts"]) == 3


def test_the_origin_of_cards_is_kept():
    assert message("contacts_on_request").payload["origin"] == "contact_request"


def test_an_order_says_its_text_and_keeps_its_products():
    said = message("order")
    assert (said.kind, said.text) == (Kind.ORDER, "Please deliver after six")
    assert said.payload["product_items"][0]["item_price"] == 25999.5


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        (
            "button_reply",
            {"type": "button_reply", "id": "visit-sunday", "title": "Sunday"}
            | {"description": ""},
        ),
        (
            "list_reply",
            {"type": "list_reply", "id": "slot-3", "title": "11:00"}
            | {"description": "Sunday, with Meera"},
        ),
    ],
)
def test_replies_by_button_and_list_look_alike(name, payload):
    said = message(name)
    assert (said.kind, said.text) == (Kind.INTERACTIVE, payload["title"])
    assert said.payload == payload
    assert said.reply_to == "wamid.RkxFWEFTS0VE"


@pytest.mark.parametrize(
    ("name", "response"),
    [
        ("flow_reply", {"flow_token": "tok-1", "budget": "80L", "rooms": 2}),
        ("flow_reply_not_json", "{budget: 80L"),
        ("flow_reply_parsed", {"budget": "90L"}),
    ],
)
def test_the_answers_of_a_flow_are_parsed_where_they_can_be(name, response):
    said = message(name)
    assert (said.kind, said.text) == (Kind.INTERACTIVE, "Sent")
    assert said.payload == {"type": "flow_reply", "name": "flow", "response": response}


def test_other_interactive_replies_are_kept_in_the_payload():
    said = message("call_permission_reply")
    assert (said.kind, said.text) == (Kind.INTERACTIVE, "")
    assert said.payload["type"] == "call_permission_reply"
    assert said.payload["call_permission_reply"]["response"] == "accept"


def test_an_interactive_reply_without_body_takes_the_errors_beside():
    said = message("interactive_without_body")
    assert said.kind is Kind.UNSUPPORTED
    assert said.payload["type"] == "interactive"
    assert said.reply_to == "wamid.RkxFWEFTS0VE"
    assert [error["code"] for error in said.errors] == [131000]


def test_a_quick_reply_has_text_and_payload():
    said = message("quick_reply")
    assert (said.kind, said.text) == (Kind.BUTTON, "Unsubscribe")
    assert said.payload == {"text": "Unsubscribe", "payload": "STOP_OFFERS"}


def test_a_reply_names_what_it_replies_to():
    said = message("text_reply")
    assert (said.reply_to, said.payload) == ("wamid.RkxFWEVBUkxJRVI=", {})


def test_forwarding_is_kept_in_the_payload():
    said = message("text_forwarded")
    assert said.reply_to == ""
    assert said.payload == {
        "context": {"forwarded": True, "frequently_forwarded": True}
    }


def test_a_product_that_is_asked_about_is_kept_in_the_payload():
    said = message("text_about_product")
    product = said.payload["context"]["referred_product"]
    assert product["product_retailer_id"] == "sofa-3-seat"
    assert said.reply_to == "wamid.RkxFWFBST0RVQ1Q="


def test_the_advert_that_led_here_is_the_referral():
    referral = message("text_from_ad").referral
    assert referral is not None
    assert referral["ctwa_clid"] == "clid-FLX-0001"


def test_a_group_message_names_its_group_and_its_author():
    said = message("text_in_group")
    assert (said.group, said.person.identities) == ("GRP-FLX-0001", (ASHA,))


@pytest.mark.parametrize(
    ("name", "code"), [("unsupported_poll", 131051), ("unavailable", 131060)]
)
def test_the_unsupported_is_stored_with_its_errors(name, code):
    said = message(name)
    assert said.kind is Kind.UNSUPPORTED
    assert [error["code"] for error in said.errors] == [code]


def test_the_unsupported_keeps_its_referral():
    assert message("unsupported_poll").referral == {
        "source_type": "ad",
        "source_id": "500000000000001",
    }


@pytest.mark.parametrize("name", ["ephemeral", "hologram"])
def test_unknown_types_are_stored_as_they_came(name):
    said = message(name)
    assert said.kind is Kind.UNSUPPORTED
    assert said.payload["type"] == name
    assert name in said.payload["raw"]
