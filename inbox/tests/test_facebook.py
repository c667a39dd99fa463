"""Messenger: messages, stickers and links, deliveries, plugins, what pages tell."""

from datetime import UTC, datetime

import pytest

from inbox.adapters import ADAPTERS, for_document
from inbox.adapters.base import (
    Attachment,
    Echo,
    Edited,
    IdKind,
    InboundMessage,
    Kind,
    Noted,
    Reacted,
    Status,
    StatusUpdate,
    Unknown,
    Unsent,
    Watermark,
)
from inbox.tests import messaging_files
from inbox.tests.messaging_files import ASHA_FB, PAGE, someone

TARGET = "m_ZHb3R1SgJ6rmGcMb8GvJLya0pwnqcSV9oUtcXP6y-HSv23S-Dv"
CDN = "https://scontent.xx.fbcdn.net/v/t1.15752-9/"
FILES = sorted((messaging_files.PAYLOADS / "facebook").glob("*.json"))


def events(name):
    return messaging_files.events("facebook", name)


def only(name, kind):
    return messaging_files.only("facebook", name, kind)


def message(name):
    return only(name, InboundMessage)


def problem(name):
    return messaging_files.problem("facebook", name)


def test_a_text_says_all_that_it_can():
    said = message("text")
    assert said == InboundMessage(
        account=PAGE,
        at=said.at,
        person=ASHA_FB,
        external_id="m_rEoNeDmGV99ge-wy6fDPF7ObSiOsZAwbZs7kTDj31x-QNIs1OL",
        kind=Kind.TEXT,
        text="Hello! Do you repair phones?",
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_event_names_an_account_and_no_parent(path):
    for event in messaging_files.parse("facebook", path.stem).events:
        assert event.account or path.stem == "instagram_posted_here"
        assert event.parent == ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_payload_gives_an_event_or_a_failure(path):
    parsed = messaging_files.parse("facebook", path.stem)
    assert parsed.events or parsed.failures


def test_what_stands_beside_the_text_is_kept():
    said = message("text_with_extras")
    assert (said.kind, said.text) == (Kind.TEXT, "find flights to Goa")
    assert sorted(said.payload) == ["commands", "hop_context", "nlp", "prior_message"]


# attachments


@pytest.mark.parametrize(
    ("name", "kind", "file_kind"),
    [
        ("image", Kind.IMAGE, "image"),
        ("audio", Kind.AUDIO, "audio"),
        ("file", Kind.DOCUMENT, "document"),
        ("link", Kind.SHARE, "link"),
        ("post", Kind.SHARE, "link"),
        ("reel", Kind.SHARE, "link"),
        ("sticker", Kind.STICKER, "sticker"),
    ],
)
def test_an_attachment_decides_what_the_message_is(name, kind, file_kind):
    said = message(name)
    assert said.kind == kind
    (attachment,) = said.attachments
    assert attachment.kind == file_kind
    assert attachment.url.startswith("https://")


def test_the_first_of_several_attachments_decides():
    said = message("image_and_others")
    assert (said.kind, said.text) == (Kind.IMAGE, "Is this you?")
    assert [item.kind for item in said.attachments] == ["image", "link"]
    place = {"type": "location", "latitude": 18.5204, "longitude": 73.8567}
    assert said.payload == {"others": [place]}


def test_the_same_image_twice_is_two_images():
    assert len(message("same_image_twice").attachments) == 2


def test_text_with_a_link_keeps_both():
    said = message("link")
    assert said.text == "look https://flexoraa.example"
    assert said.attachments[0].title == "Flexoraa repairs"


def test_old_links_have_title_and_address_beside_the_payload():
    assert message("link_without_payload").attachments == (
        Attachment(
            kind="link", url="https://flexoraa.example/old", title="Old shop page"
        ),
    )


def test_a_link_without_address_keeps_its_title():
    said = message("link_without_address")
    assert said.attachments == (Attachment(kind="link", title="Shared privately"),)


def test_a_link_without_anything_is_still_a_share():
    said = message("link_without_anything")
    assert (said.kind, said.attachments) == (Kind.SHARE, ())
    assert said.payload == {"type": "fallback"}


def test_the_path_of_a_reel_becomes_an_address():
    said = message("reel")
    assert said.attachments[0].url == "https://www.facebook.com/reel/900000000000501/"
    assert said.payload == {"type": "reel", "reel_video_id": 900000000000501}


def test_a_location_has_coordinates_and_a_title():
    said = message("location")
    assert (said.kind, said.text) == (Kind.LOCATION, "Asha's Location")
    assert (said.payload["latitude"], said.payload["longitude"]) == (18.5204, 73.8567)
    assert said.attachments == ()


def test_an_appointment_is_kept_though_we_cannot_show_it():
    said = message("appointment")
    assert (said.kind, said.payload["type"]) == (
        Kind.UNSUPPORTED,
        "appointment_booking",
    )
    assert said.payload["raw"]["payload"]["booking_id"] == "bk-601"


def test_shared_products_keep_their_cards():
    said = message("products")
    assert said.kind == Kind.TEMPLATE
    assert said.payload["product"]["elements"][0]["retailer_id"] == "SKU-7"


# stickers


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("sticker", "s1.png"),
        ("sticker_twins", "s2-animated.png"),
        ("sticker_twins_without_id", "s3.png"),
        ("sticker_as_image", "s5.png"),
    ],
)
def test_a_sticker_is_one_sticker_however_it_is_sent(name, address):
    said = message(name)
    (attachment,) = said.attachments
    assert (said.kind, attachment.kind) == (Kind.STICKER, "sticker")
    assert attachment.url.startswith(CDN + address)


def test_a_photo_beside_a_sticker_stays():
    said = message("sticker_and_photo")
    assert [item.kind for item in said.attachments] == ["image", "sticker"]


def test_a_sticker_keeps_its_id():
    assert message("sticker").payload == {"sticker_id": 767000000000701}


def test_the_thumb_is_an_emoji_too():
    said = message("thumbs_up")
    assert (said.kind, said.text) == (Kind.STICKER, "👍")


# answers, quick replies, ads


def test_an_answer_names_what_it_answers():
    assert message("reply").reply_to == TARGET


def test_a_quick_reply_is_a_button_with_its_payload():
    said = message("quick_reply")
    assert (said.kind, said.text) == (Kind.BUTTON, "Tomorrow")
    assert said.payload == {"payload": "DAY_TOMORROW"}


@pytest.mark.parametrize(
    ("name", "ad"),
    [
        ("ad_message", "120210000000000801"),
        ("ad_message_beside", "120210000000000804"),
    ],
)
def test_the_ad_that_led_to_a_message_is_its_referral(name, ad):
    said = message(name)
    assert (said.kind, said.text) == (Kind.TEXT, "Price please")
    assert said.referral["ad_id"] == ad
    assert said.payload == {}


def test_the_product_that_led_to_a_message_is_its_referral():
    said = message("product_message")
    assert said.referral == {"product": {"id": "900000000000805"}}


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("referral", datetime(2025, 11, 30, 13, 25, 11, tzinfo=UTC)),
        ("referral_in_seconds", datetime(2025, 11, 30, 13, 27, 2, tzinfo=UTC)),
    ],
)
def test_a_bare_referral_is_a_message_without_words(name, at):
    said = message(name)
    assert (said.kind, said.text, said.at) == (Kind.REFERRAL, "", at)
    assert said.referral["type"] == "OPEN_THREAD"


def test_bare_referrals_have_ids_of_their_own():
    assert message("referral").external_id != message("referral_in_seconds").external_id


def test_the_answers_of_a_lead_form_come_with_the_referral():
    said = message("lead")
    assert said.referral["type"] == "LEAD_COMPLETE"
    assert said.payload["lead"]["data"][0]["answer"] == "Pune"


# what we wrote


def test_an_echo_of_ours_brings_our_reference():
    echo = only("echo", Echo)
    assert (echo.account, echo.person) == (PAGE, ASHA_FB)
    assert echo.ref == "01KB0000000000000000000REF"
    assert echo.app_id == "2400000000000031"


def test_an_echo_of_the_page_inbox_has_its_app_and_no_reference():
    echo = only("echo_from_the_page_inbox", Echo)
    assert (echo.app_id, echo.ref) == ("26390203743090", "")


def test_an_echoed_template_is_kept_whole():
    echo = only("echo_template", Echo)
    assert (echo.kind, echo.text) == (Kind.TEMPLATE, "Receipt for Asha")
    assert echo.payload["order_number"] == "F-901"


def test_the_text_above_echoed_buttons_is_the_text():
    echo = only("echo_buttons", Echo)
    assert (echo.kind, echo.text) == (Kind.TEMPLATE, "What next?")


def test_a_change_of_echoes_is_an_echo_without_flag():
    assert only("change_message_echoes", Echo).person == ASHA_FB


def test_a_message_can_be_taken_back():
    assert only("unsent", Unsent).target.startswith("m_")


# whose it is


def test_a_message_without_id_fails():
    assert problem("message_without_mid") == "ValueError: it has no mid"


@pytest.mark.parametrize("name", ["message_from_nobody", "read_by_nobody"])
def test_what_nobody_did_fails(name):
    assert problem(name) == "ValueError: it does not say whose it is"


@pytest.mark.parametrize(
    ("name", "ref"),
    [
        ("message_from_a_plugin", "checkbox-ref-402"),
        ("postback_from_a_plugin", "checkbox-ref-403"),
    ],
)
def test_who_came_by_a_plugin_is_known_by_its_ref(name, ref):
    assert message(name).person == someone(IdKind.USER_REF, ref)


# deliveries, reads, reactions, edits


def test_a_delivery_names_messages_and_says_until_when():
    first, second, mark = events("delivery")
    assert isinstance(first, StatusUpdate)
    assert (first.external_id, first.status) == (TARGET, Status.DELIVERED)
    assert second.external_id != TARGET
    assert not first.covers_earlier
    assert isinstance(mark, Watermark)
    assert mark.until == datetime(2025, 11, 30, 12, 33, 20, 123000, tzinfo=UTC)


def test_a_delivery_without_messages_says_until_when():
    mark = only("delivery_without_mids", Watermark)
    assert (mark.status, mark.person) == (Status.DELIVERED, ASHA_FB)
    assert mark.until == datetime(2025, 11, 30, 12, 33, 20, 456000, tzinfo=UTC)


def test_a_read_says_until_when():
    mark = only("read", Watermark)
    assert (mark.status, mark.person) == (Status.READ, ASHA_FB)
    assert mark.until == datetime(2025, 11, 30, 12, 33, 20, 789000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "emoji"),
    [("reaction", "😆"), ("reaction_in_words", "👍"), ("reaction_removed", "")],
)
def test_a_reaction_is_an_emoji_or_its_absence(name, emoji):
    event = only(name, Reacted)
    assert (event.target, event.emoji, event.person) == (TARGET, emoji, ASHA_FB)


def test_an_edit_counts_in_a_string():
    event = only("edit", Edited)
    assert (event.target, event.number) == (TARGET, 3)
    assert event.text == "Do you repair tablets?"


# buttons and carts


def test_a_postback_brings_the_link_that_led_to_it():
    said = message("postback")
    assert (said.kind, said.text) == (Kind.POSTBACK, "Get started")
    assert said.payload == {"payload": "START", "title": "Get started"}
    assert said.referral["ref"] == "qr-shop"


def test_a_postback_without_id_gets_one_that_stays():
    first, again = message("postback_without_mid"), message("postback_without_mid")
    assert first.external_id == again.external_id
    assert first.external_id.startswith("derived:")


def test_a_postback_in_standby_has_no_payload():
    said = message("postback_in_standby")
    assert said.payload == {"payload": "", "title": "Book", "standby": True}


def test_a_cart_is_an_order():
    said = message("order")
    assert (said.kind, said.text) == (Kind.ORDER, "Gift wrap, please")
    assert said.payload["products"][0]["retailer_id"] == "SKU-9"
    assert said.external_id.startswith("derived:")


# what changes no message


@pytest.mark.parametrize(
    "kind",
    [
        "optin",
        "account_linking",
        "pass_thread_control",
        "take_thread_control",
        "request_thread_control",
        "game_play",
        "payment",
        "response_feedback",
    ],
)
def test_what_a_person_did_beside_messages_is_noted(kind):
    event = only(kind, Noted)
    assert (event.account, event.kind, event.person) == (PAGE, kind, ASHA_FB)
    assert kind in event.payload


def test_an_optin_by_a_plugin_is_by_its_ref():
    event = only("optin_from_a_plugin", Noted)
    assert event.person == someone(IdKind.USER_REF, "checkbox-ref-404")


@pytest.mark.parametrize("kind", ["policy_enforcement", "app_roles"])
def test_what_concerns_the_page_has_no_person(kind):
    event = only(kind, Noted)
    assert (event.account, event.kind, event.person) == (PAGE, kind, None)


@pytest.mark.parametrize("field", ["feed", "leadgen", "inbox_labels"])
def test_what_pages_tell_is_noted(field):
    event = only(field, Noted)
    assert (event.account, event.kind, event.person) == (PAGE, field, None)
    assert event.payload


def test_a_page_field_without_value_is_noted():
    event = only("dashboard_test_of_a_page_field", Noted)
    assert (event.account, event.kind, event.payload) == ("0", "attire", {})


@pytest.mark.parametrize(
    ("name", "kind"),
    [("unknown_field", "holograms"), ("unknown_kind", "messaging:typing")],
)
def test_what_nobody_told_us_of_is_kept(name, kind):
    event = only(name, Unknown)
    assert (event.account, event.kind) == (PAGE, kind)


def test_the_dashboards_test_is_for_an_account_that_nobody_has():
    said = message("dashboard_test")
    assert (said.account, said.person) == ("23245", someone(IdKind.PSID, "12334"))


def test_instagram_at_this_door_is_read_by_instagram():
    document = messaging_files.document("facebook", "instagram_posted_here")
    assert for_document("facebook", document) is ADAPTERS["instagram"]
