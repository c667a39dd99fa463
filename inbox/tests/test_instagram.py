"""Instagram: direct messages by either login, echoes, stories, what changes tell."""

from datetime import UTC, datetime

import pytest

from inbox.adapters import ADAPTERS
from inbox.adapters.base import (
    UNTIMED,
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
)
from inbox.tests import messaging_files
from inbox.tests.messaging_files import ASHA_IG, INSTAGRAM, someone

TARGET = "aWdfZAG1faXRlbToxOkqNHIHZLPPBiN2r5gFbpck9YhtiGrhBQCyLM0DQ23lsrZD"
CDN = "https://lookaside.fbsbx.com/ig_messaging_cdn/"
FILES = sorted((messaging_files.PAYLOADS / "instagram").glob("*.json"))


def events(name):
    return messaging_files.events("instagram", name)


def only(name, kind):
    return messaging_files.only("instagram", name, kind)


def message(name):
    return only(name, InboundMessage)


def problem(name):
    return messaging_files.problem("instagram", name)


def parse(*entries):
    """What these entries say, broken or not."""
    document = {"object": "instagram", "entry": list(entries)}
    return ADAPTERS["instagram"].parse(document)


def test_a_text_says_all_that_it_can():
    assert message("text") == InboundMessage(
        account=INSTAGRAM,
        at=datetime(2025, 11, 30, 10, 54, 21, 13000, tzinfo=UTC),
        person=ASHA_IG,
        external_id="aWdfZAG1faXRlbToxOkNDWTJToj9Cu1Tw5FPv2KSlKsECLXI0AzaSjTOUdnTnOZD",
        kind=Kind.TEXT,
        text="Hi! Is the blue kurta in stock? 💙",
    )


def test_escapes_as_meta_sends_them_are_read():
    text = message("text_as_meta_escapes_it").text
    assert text == "नमस्ते, देखो: https://flexoraa.example/kurta"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_event_names_an_account_and_no_parent(path):
    for event in messaging_files.parse("instagram", path.stem).events:
        assert event.account
        assert event.parent == ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_payload_gives_an_event_or_a_failure(path):
    parsed = messaging_files.parse("instagram", path.stem)
    assert parsed.events or parsed.failures


# attachments


@pytest.mark.parametrize(
    ("name", "kind", "file_kind"),
    [
        ("image", Kind.IMAGE, "image"),
        ("video", Kind.VIDEO, "video"),
        ("audio", Kind.AUDIO, "audio"),
        ("file", Kind.DOCUMENT, "document"),
        ("share", Kind.SHARE, "link"),
        ("media", Kind.SHARE, "link"),
        ("ig_post", Kind.SHARE, "link"),
        ("ig_reel", Kind.SHARE, "video"),
        ("ig_story", Kind.SHARE, "link"),
        ("story_mention", Kind.STORY_MENTION, "link"),
    ],
)
def test_an_attachment_decides_what_the_message_is(name, kind, file_kind):
    said = message(name)
    assert said.kind == kind
    (attachment,) = said.attachments
    assert attachment.kind == file_kind
    assert attachment.url.startswith(CDN)


def test_text_beside_several_images_is_kept():
    said = message("images_with_text")
    assert (said.kind, said.text) == (Kind.IMAGE, "Front and back")
    assert [item.kind for item in said.attachments] == ["image", "image"]


def test_a_shared_post_has_its_title_and_id():
    said = message("ig_post")
    assert said.attachments[0].title == "Monsoon collection"
    assert said.payload == {"type": "ig_post", "ig_post_media_id": "18090000000000101"}


def test_a_shared_reel_has_its_id():
    said = message("ig_reel")
    assert said.payload == {"type": "ig_reel", "reel_video_id": "18090000000000102"}


def test_a_shared_story_has_its_own_words_for_id_and_address():
    said = message("ig_story")
    assert said.payload == {"type": "ig_story", "story_media_id": "18090000000000103"}


def test_a_heart_is_a_sticker_without_a_file():
    said = message("like_heart")
    assert (said.kind, said.text, said.attachments) == (Kind.STICKER, "❤", ())


def test_an_image_without_address_is_still_an_image():
    said = message("image_without_url")
    assert (said.kind, said.attachments) == (Kind.IMAGE, ())


def test_an_empty_template_is_a_template():
    assert message("empty_template").kind == Kind.TEMPLATE


def test_what_can_be_seen_once_is_stored_as_unsupported():
    said = message("view_once")
    assert said.kind == Kind.UNSUPPORTED
    assert said.payload == {"type": "ephemeral", "raw": {"type": "ephemeral"}}


def test_an_unknown_attachment_is_kept_whole_and_as_link():
    said = message("unknown_attachment")
    assert said.kind == Kind.UNSUPPORTED
    assert said.payload["raw"]["payload"]["depth"] == 3
    assert said.attachments == (
        Attachment(
            kind="link", url=f"{CDN}?asset_id=1790000000000013&signature=AYinvented13"
        ),
    )


def test_text_beside_an_unsupported_attachment_is_a_text():
    said = message("unsupported_type_with_text")
    assert (said.kind, said.text) == (Kind.TEXT, "Can you see it?")
    assert said.payload["type"] == "unsupported_type"


def test_an_unsupported_message_keeps_its_place():
    said = message("unsupported")
    assert (said.kind, said.text, said.payload) == (Kind.UNSUPPORTED, "", {})


def test_a_message_that_says_nothing_is_unsupported():
    assert message("message_of_nothing").kind == Kind.UNSUPPORTED


# answers, quick replies, ads


def test_an_answer_names_what_it_answers():
    said = message("reply")
    assert (said.kind, said.reply_to) == (Kind.TEXT, TARGET)


def test_an_answer_to_a_story_brings_the_story():
    said = message("story_reply")
    assert (said.kind, said.text) == (Kind.STORY_REPLY, "Love this one")
    assert said.payload["story"]["id"] == "18090000000000104"
    assert said.payload["story"]["url"].startswith(CDN)


def test_a_quick_reply_is_a_button_with_its_payload():
    said = message("quick_reply")
    assert (said.kind, said.text) == (Kind.BUTTON, "Size M")
    assert said.payload == {"payload": "SIZE_M"}


def test_the_ad_that_led_to_a_message_is_its_referral():
    said = message("ad_message")
    assert (said.kind, said.text) == (Kind.TEXT, "I saw your ad")
    assert said.referral["ad_id"] == "120210000000000201"
    assert said.referral["ads_context_data"]["ad_title"] == "Diwali sale"


def test_a_bare_referral_is_a_message_without_words():
    said = message("referral")
    assert (said.kind, said.text, said.payload) == (Kind.REFERRAL, "", {})
    assert said.referral["ref"] == "bio-link"


def test_the_id_of_a_bare_referral_is_the_same_each_time():
    said = message("referral")
    assert said.external_id == message("referral").external_id
    assert said.external_id.startswith("derived:")


# what we wrote


def test_an_echo_is_ours_and_about_its_recipient():
    echo = only("echo", Echo)
    assert (echo.account, echo.person) == (INSTAGRAM, ASHA_IG)
    assert (echo.kind, echo.text) == (Kind.TEXT, "Yes, in all sizes.")


def test_an_echo_may_have_several_images():
    assert len(only("echo_images", Echo).attachments) == 2


def test_what_our_account_sent_is_an_echo_though_nobody_says_so():
    echo = only("echo_without_flag", Echo)
    assert (echo.person, echo.text) == (ASHA_IG, "Sent from the phone")


def test_a_message_to_ourselves_is_an_echo():
    echo = only("self_message", Echo)
    assert echo.person == someone(IdKind.IGSID, "1280000000000099")
    assert echo.payload == {"self": True}


def test_a_message_to_our_very_id_is_with_ourselves():
    echo = only("self_message_to_the_same_id", Echo)
    assert echo.person == someone(IdKind.IGSID, INSTAGRAM)


def test_a_button_that_we_tapped_ourselves_is_an_echo():
    echo = only("self_postback", Echo)
    assert echo.kind == Kind.POSTBACK
    assert echo.payload == {"payload": "START", "title": "Start chatting", "self": True}


@pytest.mark.parametrize("name", ["unsent", "echo_unsent"])
def test_a_message_can_be_taken_back_by_either_side(name):
    event = only(name, Unsent)
    assert event.account == INSTAGRAM
    assert event.target.startswith("aWdfZAG1faXRlbToxOk")


# reactions, reads, edits


@pytest.mark.parametrize(
    ("name", "emoji"),
    [
        ("reaction", "❤️"),
        ("reaction_in_words", "😆"),
        ("reaction_yet_unknown", "clap"),
        ("reaction_removed", ""),
    ],
)
def test_a_reaction_is_an_emoji_or_its_absence(name, emoji):
    event = only(name, Reacted)
    assert (event.target, event.emoji, event.person) == (TARGET, emoji, ASHA_IG)


def test_a_reaction_of_ours_has_no_person():
    assert only("own_reaction", Reacted).person is None


def test_a_reaction_without_emoji_fails():
    assert problem("reaction_of_nothing") == "ValueError: a reaction without an emoji"


def test_seen_means_all_before_it_too():
    event = only("seen", StatusUpdate)
    assert (event.external_id, event.status) == (TARGET, Status.READ)
    assert event.covers_earlier
    assert event.person == ASHA_IG


def test_that_we_saw_theirs_is_only_noted():
    event = only("seen_by_us", Noted)
    assert (event.kind, event.person) == ("read", ASHA_IG)


def test_seen_without_a_message_fails():
    assert problem("seen_nothing").startswith("ValueError: read, but not which")


def test_an_edit_has_the_new_text_and_its_number():
    event = only("edit", Edited)
    assert (event.target, event.number) == (TARGET, 2)
    assert event.text == "Is the green kurta in stock?"


def test_an_edit_with_an_odd_number_is_still_an_edit():
    assert only("edit_counted_in_words", Edited).number == 0


def test_an_edit_without_text_leaves_the_message_alone():
    event = only("edit_that_is_a_new_message", Noted)
    assert (event.kind, event.person) == ("message_edit", None)


# buttons


def test_a_postback_has_an_id_a_title_and_a_payload():
    said = message("postback")
    assert said.kind == Kind.POSTBACK
    assert said.external_id.startswith("aWdfZAG1faXRlbToxOk")
    assert said.text == "Talk to a person"
    assert said.payload == {"payload": "HUMAN", "title": "Talk to a person"}


def test_a_postback_without_id_gets_one_that_stays():
    first, again = message("postback_without_mid"), message("postback_without_mid")
    assert first.external_id == again.external_id
    assert first.external_id.startswith("derived:")


# standby and changes


def test_messages_of_another_apps_conversation_are_marked():
    said = message("standby")
    assert (said.text, said.payload) == ("Anybody there?", {"standby": True})


def test_echoes_of_another_apps_conversation_are_marked():
    assert only("standby_echo", Echo).payload == {"standby": True}


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("messages", InboundMessage),
        ("messaging_postbacks", InboundMessage),
        ("messaging_referral", InboundMessage),
        ("message_reactions", Reacted),
        ("messaging_seen", StatusUpdate),
        ("message_edit", Edited),
        ("message_echoes", Echo),
        ("messaging_handover", Noted),
    ],
)
def test_a_change_with_an_item_is_read_like_the_item(field, kind):
    event = only(f"change_{field}", kind)
    assert (event.account, event.person if kind is not Edited else ASHA_IG) == (
        INSTAGRAM,
        ASHA_IG,
    )


def test_a_change_of_standby_is_marked():
    assert message("change_standby").payload == {"standby": True}


def test_a_handover_is_noted_by_what_happened():
    event = only("change_messaging_handover", Noted)
    assert event.kind == "pass_thread_control"
    assert event.payload["pass_thread_control"]["metadata"] == "night shift"


def test_a_policy_warning_concerns_no_person():
    event = only("change_messaging_policy_enforcement", Noted)
    assert (event.kind, event.person) == ("policy_enforcement", None)


def test_a_new_kind_of_item_in_a_known_field_is_noted_under_the_field():
    event = only("change_of_a_messaging_field_yet_unknown_inside", Noted)
    assert event.kind == "messages"
    assert "greeting" in event.payload


def test_a_change_that_stands_on_the_entry_itself_is_read():
    assert message("flat_message").text == "Flat as Meta's sample"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("comment", "comments"),
        ("flat_comment", "comments"),
        ("live_comment", "live_comments"),
    ],
)
def test_a_comment_is_noted_with_its_author(name, kind):
    event = only(name, Noted)
    assert event.kind == kind
    assert event.person == someone(
        IdKind.IGSID, "1280000000000011", username="asha.rao"
    )


def test_our_own_comment_has_no_person():
    assert only("own_comment", Noted).person is None


@pytest.mark.parametrize(
    ("name", "kind", "key"),
    [
        ("mention", "mentions", "comment_id"),
        ("story_insights", "story_insights", "reach"),
        ("change_without_object", "comments", "comments"),
    ],
)
def test_what_is_no_message_is_noted(name, kind, key):
    event = only(name, Noted)
    assert (event.kind, event.person) == (kind, None)
    assert key in event.payload


def test_a_known_field_without_value_is_noted():
    event = only("change_without_value", Noted)
    assert (event.kind, event.payload) == ("messages", {})


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("unknown_field", "holograms"),
        ("change_without_field", "change"),
        ("unknown_kind", "messaging:theme,vanish_mode"),
        ("unknown_entry", "entry:holograms"),
    ],
)
def test_what_nobody_told_us_of_is_kept(name, kind):
    event = only(name, Unknown)
    assert event.kind == kind
    assert event.payload


def test_a_long_list_of_unknown_words_is_cut():
    item = {"sender": {"id": "1"}, "recipient": {"id": "2"}, **dict.fromkeys("x" * 9)}
    item |= {f"surprise_number_{number}": {} for number in range(20)}
    (event,) = parse({"id": INSTAGRAM, "messaging": [item]}).events
    assert len(event.kind) == 100


# accounts, times, broken items


@pytest.mark.parametrize(
    ("name", "kind"),
    [("dashboard_test", InboundMessage), ("dashboard_test_of_an_echo", Echo)],
)
def test_the_dashboards_test_is_for_an_account_that_nobody_has(name, kind):
    event = only(name, kind)
    assert (event.account, event.person) == ("23245", someone(IdKind.IGSID, "12334"))
    assert event.at == datetime(2018, 5, 27, 22, 23, 44, tzinfo=UTC)


def test_a_test_without_recipient_keeps_the_zero():
    assert message("dashboard_test_of_nobody").account == "0"


def test_what_has_no_time_has_that_of_its_entry():
    item = {"sender": {"id": "1"}, "recipient": {"id": "2"}, "read": {"mid": "m"}}
    (event,) = parse({"id": "2", "time": 1764500000, "messaging": [item]}).events
    assert event.at == datetime(2025, 11, 30, 10, 53, 20, tzinfo=UTC)


def test_what_has_no_time_at_all_is_untimed():
    item = {"sender": {"id": "1"}, "recipient": {"id": "2"}, "read": {"mid": "m"}}
    (event,) = parse({"id": "2", "messaging": [item]}).events
    assert event.at == UNTIMED


def test_broken_items_leave_their_neighbours_alone():
    parsed = messaging_files.parse("instagram", "batch_with_broken_items")
    said = [event.text for event in parsed.events if isinstance(event, InboundMessage)]
    assert said == ["first", "second", "third"]
    assert [failure.where for failure in parsed.failures] == [
        "entry[0].messaging[1]",
        "entry[0].messaging[2]",
        "entry[0].messaging[3]",
        "entry[0].messaging[4]",
        "entry[0].changes[0]",
    ]


def test_a_failure_says_what_was_wrong():
    parsed = messaging_files.parse("instagram", "batch_with_broken_items")
    lines = [item.traceback.strip().splitlines()[-1] for item in parsed.failures]
    assert lines == [
        "ValueError: not an object: None",
        "ValueError: not an object: 'nonsense'",
        "ValueError: it has no mid",
        "ValueError: its message is not an object: None",
        "ValueError: not an object: None",
    ]


@pytest.mark.parametrize(
    "entry",
    [
        {},
        [],
        None,
        "text",
        {"id": None},
        {"id": INSTAGRAM, "time": 1},
        {"messaging": None},
        {"messaging": {}},
        {"messaging": []},
        {"standby": {}},
        {"changes": [{}]},
        {"changes": {}},
        {"changes": [{"field": None, "value": None}]},
        {"field": None},
    ],
)
def test_an_empty_envelope_says_nothing(entry):
    parsed = parse(entry)
    assert (parsed.events, parsed.failures) == ([], [])


@pytest.mark.parametrize("entry", [{}, None, "text", 7])
def test_an_entry_that_is_no_list_is_no_problem(entry):
    parsed = ADAPTERS["instagram"].parse({"object": "instagram", "entry": entry})
    assert (parsed.events, parsed.failures) == ([], [])


def test_an_item_that_stands_where_a_list_belongs_is_read():
    item = {"sender": {"id": "1"}, "message": {"mid": "m", "text": "alone"}}
    (event,) = parse({"id": INSTAGRAM, "messaging": item}).events
    assert event.text == "alone"


@pytest.mark.parametrize(
    "attachments",
    [None, {}, [], "text", [None], ["text"], [{}], [{"type": 7, "payload": "x"}]],
)
def test_odd_attachments_do_not_cost_the_text(attachments):
    body = {"mid": "m", "text": "still here", "attachments": attachments}
    item = {"sender": {"id": "1"}, "message": body}
    (event,) = parse({"id": INSTAGRAM, "messaging": [item]}).events
    assert (event.kind, event.text) == (Kind.TEXT, "still here")
