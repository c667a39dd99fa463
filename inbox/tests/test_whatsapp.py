"""The WhatsApp envelope: what all events share, changes, echoes, history."""

from datetime import UTC, datetime

import pytest

from inbox.adapters.base import (
    UNTIMED,
    ConsentChanged,
    Echo,
    Edited,
    Identity,
    IdentityChanged,
    IdKind,
    InboundMessage,
    Kind,
    Noted,
    Parsed,
    Person,
    Reacted,
    Status,
    StatusUpdate,
    Unknown,
    Unsent,
)
from inbox.tests.whatsapp_files import (
    ACCOUNT,
    ASHA,
    ASHA_ID,
    PARENT,
    PAYLOADS,
    RAVI,
    RAVI_ID,
    RAVI_NEW_ID,
    TARGET,
    events,
    message,
    only,
    parse,
)


def test_a_text_says_all_that_it_can():
    assert message("text") == InboundMessage(
        account=ACCOUNT,
        parent=PARENT,
        at=datetime(2025, 11, 30, 10, 53, 21, tzinfo=UTC),
        person=Person(identities=(ASHA,), name="Asha Rao"),
        external_id="wamid.RkxFWE9SQUE0001=",
        kind=Kind.TEXT,
        text="Namaste! Is the 2 BHK in Indiranagar still free? 🏠",
    )


@pytest.mark.parametrize("path", sorted(PAYLOADS.glob("*.json")), ids=lambda p: p.stem)
def test_every_payload_names_its_account_or_its_parent(path):
    for event in parse(path.stem).events:
        assert event.parent == PARENT
        assert event.account in (ACCOUNT, "")


def test_a_blank_phone_number_id_leaves_only_the_parent():
    said = message("text_for_blank_account")
    assert (said.account, said.parent) == ("", PARENT)


def test_milliseconds_are_told_from_seconds():
    at = datetime(2025, 11, 30, 10, 55, 23, 456000, tzinfo=UTC)
    assert message("text_in_milliseconds").at == at


def test_what_tells_no_time_is_untimed():
    assert only("errors", Noted).at == UNTIMED


def test_objects_stand_for_lists_of_one():
    said = message("objects_for_lists")
    assert (said.text, said.person.name) == (
        "One object where a list belongs",
        "Asha Rao",
    )


def test_a_reaction_is_on_a_message_by_a_person():
    reacted = only("reaction", Reacted)
    assert (reacted.target, reacted.emoji) == (TARGET, "❤️")
    assert reacted.person == Person(identities=(ASHA,), name="Asha Rao")


@pytest.mark.parametrize("name", ["reaction_removed", "reaction_removed_old"])
def test_a_reaction_without_emoji_is_taken_off(name):
    reacted = only(name, Reacted)
    assert (reacted.target, reacted.emoji) == (TARGET, "")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("edit_text", "Saturday, not Sunday"),
        ("edit_caption", "The other balcony"),
        ("echo_edit", "Corrected by us"),
    ],
)
def test_an_edit_brings_the_new_text_or_caption(name, text):
    edited = only(name, Edited)
    assert (edited.target, edited.text, edited.number) == (TARGET, text, 0)


def test_an_edit_that_cannot_be_read_blanks_nothing():
    assert only("edit_of_unknown_type", Noted).kind == "edit"


@pytest.mark.parametrize("name", ["revoke", "echo_revoke"])
def test_a_revocation_takes_a_message_back(name):
    assert only(name, Unsent).target == TARGET


def test_a_changed_number_moves_the_person_and_is_a_message():
    changed, said = events("number_changed")
    new = Identity(IdKind.PHONE, "910000001103", "910000001103")
    assert isinstance(changed, IdentityChanged)
    assert (changed.old, changed.person.identities) == (ASHA, (new,))
    assert (said.kind, said.person) == (Kind.SYSTEM, changed.person)
    assert said.text == "User Asha changed from 910000001101 to 910000001103"


def test_a_changed_number_changes_the_bsuid_too():
    first, second, said = events("number_and_bsuid_changed")
    assert [first.old, second.old] == [ASHA_ID, ASHA]
    assert first.person == second.person == said.person
    assert [i.value for i in said.person.identities] == [
        "IN.AshaBsuid0003",
        "910000001103",
    ]


def test_a_changed_bsuid_needs_no_phone():
    changed, said = events("bsuid_changed")
    assert (changed.old, changed.person.identities) == (RAVI_ID, (RAVI_NEW_ID,))
    assert said.kind is Kind.SYSTEM


def test_a_changed_bsuid_leaves_a_known_phone():
    changed, _ = events("bsuid_changed_for_known_phone")
    assert (changed.old, changed.person.identities) == (RAVI, (RAVI_NEW_ID, RAVI))


@pytest.mark.parametrize("name", ["number_changed_to_nothing", "identity_changed"])
def test_other_system_messages_change_nobody(name):
    said = message(name)
    assert (said.kind, said.person.identities) == (Kind.SYSTEM, (ASHA,))


def test_a_changed_security_code_is_kept():
    payload = message("identity_changed").payload
    assert payload["type"] == "customer_identity_changed"
    assert payload["identity"]["hash"] == "aGFzaA=="


def test_an_updated_bsuid_moves_the_person():
    changed = only("user_id_update", IdentityChanged)
    assert changed.old == RAVI_ID
    assert changed.person.identities == (RAVI_NEW_ID, RAVI)


def test_a_wish_to_be_welcomed_is_noted():
    noted = only("welcome_requested", Noted)
    assert noted.kind == "request_welcome"
    assert noted.person == Person(identities=(ASHA,), name="Asha Rao")


def test_what_the_phone_sent_is_an_echo_to_its_recipient():
    echo = only("echo_text", Echo)
    assert (echo.kind, echo.text) == (Kind.TEXT, "Sent from the shop's phone")
    assert (echo.account, echo.person) == (ACCOUNT, Person(identities=(ASHA,)))


def test_an_echo_may_be_to_a_bsuid():
    echo = only("echo_to_bsuid", Echo)
    assert echo.person == Person(identities=(RAVI_ID,), username="ravi_k")
    assert echo.attachments[0].external_id == "600000000000009"


def test_an_echo_may_be_to_a_group():
    echo = only("echo_to_group", Echo)
    group = Identity(IdKind.GROUP, "GRP-FLX-0001", "GRP-FLX-0001")
    assert (echo.group, echo.person.identities) == ("GRP-FLX-0001", (group,))


def test_a_reaction_of_ours_has_no_person():
    reacted = only("echo_reaction", Reacted)
    assert (reacted.target, reacted.emoji, reacted.person) == (TARGET, "👍", None)


def test_history_tells_theirs_from_ours():
    said = [event for event in events("history") if not hasattr(event, "status")]
    assert [(type(event), event.text) for event in said] == [
        (InboundMessage, "Old question"),
        (Echo, "Old answer"),
        (Echo, ""),
        (Echo, "Never left"),
        (Echo, "Bounced"),
        (InboundMessage, "No number, please"),
        (Echo, "As you wish"),
        (InboundMessage, "Known by an id alone"),
        (Echo, "From our number before"),
        (InboundMessage, "Both names"),
        (InboundMessage, "A thread without a name"),
    ]


def test_history_belongs_to_the_person_of_the_thread():
    said = [event for event in events("history") if not hasattr(event, "status")]
    ravi = Person(identities=(RAVI_ID,), username="ravi_k")
    assert {event.person for event in said[:5]} == {Person(identities=(ASHA,))}
    assert [event.person for event in said[5:7]] == [ravi, ravi]
    assert said[7].person.identities == (RAVI_NEW_ID, RAVI)


def test_history_tells_what_became_of_our_messages():
    found = [event for event in events("history") if isinstance(event, StatusUpdate)]
    assert [event.status for event in found] == [
        Status.READ,
        Status.PLAYED,
        Status.FAILED,
        Status.DELIVERED,
    ]


def test_media_of_the_history_has_a_place_until_it_comes():
    echoes = [event for event in events("history") if isinstance(event, Echo)]
    assert echoes[1].kind is Kind.UNSUPPORTED
    assert echoes[1].payload["type"] == "media_placeholder"


def test_media_of_the_history_comes_later_both_ways():
    theirs, ours = events("history_media")
    assert (type(theirs), theirs.person.identities) == (InboundMessage, (ASHA_ID, ASHA))
    assert (type(ours), ours.person.identities) == (Echo, (ASHA_ID, ASHA))
    assert theirs.attachments[0].external_id == "600000000000010"


def test_history_without_times_takes_the_time_of_the_entry():
    at = datetime.fromtimestamp(1739000999, UTC)
    assert message("history_without_times").at == at


def test_a_declined_history_is_noted():
    noted = only("history_declined", Noted)
    assert noted.kind == "history"
    assert noted.payload["errors"][0]["code"] == 2593109


@pytest.mark.parametrize(
    ("name", "kind", "person"),
    [
        ("calls", "calls", Person(identities=(ASHA,), name="Asha Rao")),
        ("link_clicked", "user_actions", None),
        ("lead_detected", "automatic_events", None),
        ("group_joined", "group_participants_update", None),
    ],
)
def test_what_changes_no_message_is_noted(name, kind, person):
    noted = only(name, Noted)
    assert (noted.account, noted.kind, noted.person) == (ACCOUNT, kind, person)


def test_who_stops_marketing_is_a_change_of_consent():
    told = only("marketing_stopped", ConsentChanged)
    assert (told.kind, told.wants) == ("user_preferences", False)
    assert told.person == Person(identities=(ASHA,), name="Asha Rao")


def test_the_username_of_the_business_is_noted_for_the_parent():
    noted = only("username_update", Noted)
    assert (noted.account, noted.kind) == ("", "business_username_update")
    assert noted.payload["username"] == "flexoraa"


def test_each_entry_of_the_contact_book_is_noted_with_its_time():
    found = events("contact_book")
    assert {event.kind for event in found} == {"smb_app_state_sync"}
    times = [event.at.timestamp() for event in found]
    assert times == [1764500005, 1764500006]


def test_a_call_of_ours_is_about_the_one_who_was_called():
    call, problems = events("call_ended")
    assert call.person == Person(identities=(ASHA,))
    assert (problems.kind, problems.person) == ("errors", None)


def test_errors_alone_are_noted():
    noted = only("errors", Noted)
    assert (noted.account, noted.kind) == (ACCOUNT, "errors")
    assert noted.payload["errors"][0]["code"] == 130429


def test_an_unknown_field_is_kept_as_it_came():
    unknown = only("unknown_field", Unknown)
    assert (unknown.account, unknown.kind) == (ACCOUNT, "telepathy_update")
    assert unknown.payload["thoughts"] == ["hm"]


def test_neighbours_of_broken_items_survive():
    parsed = parse("broken_items")
    assert [getattr(event, "text", "") for event in parsed.events] == [
        "before",
        "after",
        "",
        "to Asha",
        "old but fine",
    ]


def test_every_broken_item_tells_where_it_stood_and_why():
    failures = {
        failure.where.removeprefix("entry[0]."): failure.traceback.splitlines()[-1]
        for failure in parse("broken_items").failures
    }
    assert failures == {
        "changes[0].messages[1]": "ValueError: not an object: None",
        "changes[0].messages[2]": "ValueError: not an object: 'text'",
        "changes[0].messages[3]": "ValueError: it has no id",
        "changes[0].messages[4]": "ValueError: a message from nobody",
        "changes[0].messages[5]": "ValueError: it has no message_id",
        "changes[0].messages[6]": "ValueError: it has no original_message_id",
        "changes[0].statuses[0]": "ValueError: it has no id",
        "changes[1]": "ValueError: not an object: 'change'",
        "changes[2]": "ValueError: not an object: None",
        "changes[3].message_echoes[0]": "ValueError: a message to nobody",
        "changes[4].user_id_update[0]": (
            "ValueError: an id changed, but not from what to what"
        ),
        "changes[4].calls[0]": "ValueError: not an object: 'ring'",
        "changes[5].history[0]": "ValueError: not an object: None",
        "changes[5].history[1].threads[0]": "ValueError: not an object: None",
        "changes[5].history[1].threads[1].messages[0]": (
            "ValueError: not an object: 'old'"
        ),
    }


def test_a_failure_keeps_the_item():
    failure = parse("broken_items").failures[2]
    assert failure.item["text"] == {"body": "no id"}


def test_odd_envelopes_say_nothing():
    assert parse("odd_envelopes") == Parsed()


def test_odd_values_are_kept():
    parsed = parse("odd_values")
    assert [(type(event), event.kind) for event in parsed.events] == [
        (Noted, "messages"),
        (Unknown, "change"),
        (Unknown, "telepathy_update"),
    ]
    assert len(parsed.failures) == 1
