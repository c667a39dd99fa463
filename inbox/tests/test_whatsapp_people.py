"""Who is who in WhatsApp webhooks."""

import pytest

from inbox.adapters.base import Identity, IdKind, Person
from inbox.adapters.phones import normal_form
from inbox.tests.whatsapp_files import ASHA, ASHA_ID, RAVI, RAVI_ID, events, message


def test_the_bsuid_comes_first_then_the_phone():
    person = message("text_with_bsuid").person
    assert person.identities == (ASHA_ID, ASHA)


def test_a_username_loses_its_at_sign():
    assert message("text_with_bsuid").person.username == "asha.rao"


def test_a_person_may_have_no_phone():
    person = message("text_with_bsuid_only").person
    assert person == Person(identities=(RAVI_ID,), name="Ravi", username="ravi_k")


def test_a_bsuid_in_from_is_no_phone():
    person = message("text_with_bsuid_as_sender").person
    assert person == Person(identities=(RAVI_ID,), name="Ravi")


@pytest.mark.parametrize(
    "name", ["text_without_contacts", "text_with_nameless_contact"]
)
def test_a_person_may_have_no_name(name):
    assert message(name).person == Person(identities=(ASHA,))


def test_the_parent_bsuid_is_not_an_identity():
    identities = message("text_with_bsuid").person.identities
    assert all("ENT" not in identity.key for identity in identities)


def test_each_message_finds_its_own_contact():
    first, second, _ = events("texts_of_two_people")
    assert first.person == Person(identities=(ASHA_ID, ASHA), name="Asha Rao")
    assert second.person == Person(identities=(RAVI,), name="Ravi K")


def test_a_stranger_in_a_batch_gets_nobodys_name():
    stranger = events("texts_of_two_people")[2]
    assert stranger.person.name == ""


def test_a_lone_contact_with_another_number_lends_only_its_name():
    person = message("text_with_unlike_contact").person
    number = Identity(IdKind.PHONE, "15550100177", "15550100177")
    assert person == Person(identities=(number,), name="Meera")


def test_a_message_without_sender_is_from_its_lone_contact():
    person = message("text_without_sender_id").person
    assert person == Person(identities=(RAVI_ID,), name="Ravi")


@pytest.mark.parametrize(
    ("name", "value", "key", "shown"),
    [
        ("text_from_brazil", "550090000001", "5500990000001", "Bruna"),
        ("text_from_mexico", "5210000000001", "520000000001", "Luis"),
        ("text_from_argentina", "5490000000002", "540000000002", "Sofía"),
    ],
)
def test_numbers_are_kept_as_received_and_found_by_their_normal_form(
    name, value, key, shown
):
    person = message(name).person
    number = Identity(IdKind.PHONE, value, key)
    assert person == Person(identities=(number,), name=shown)


@pytest.mark.parametrize(
    "digits",
    ["551130000001", "5511990000001", "520000000001", "540000000002", "910000001101"],
)
def test_numbers_in_normal_form_stay_as_they_are(digits):
    assert normal_form(digits) == digits


def test_a_number_shared_on_request_is_the_senders_own():
    assert message("contacts_on_request").person.identities == (RAVI_ID, RAVI)


def test_a_card_that_was_not_asked_for_is_somebody_elses():
    assert message("contacts_of_others").person.identities == (RAVI_ID,)
