"""How far WhatsApp messages came."""

from inbox.adapters.base import Noted, Person, Status, StatusUpdate
from inbox.tests.whatsapp_files import ASHA, ASHA_ID, events, only


def test_statuses_tell_how_far_a_message_came():
    found = events("statuses")
    assert [event.status for event in found] == [
        Status.SENT,
        Status.DELIVERED,
        Status.READ,
        Status.PLAYED,
    ]
    assert {event.external_id for event in found} == {"wamid.RkxFWE9VVA=="}
    assert not any(event.covers_earlier for event in found)


def test_a_status_returns_our_reference():
    assert only("status_with_price", StatusUpdate).ref == "01K-FLX-REF"


def test_a_status_tells_the_price_and_its_conversation():
    assert only("status_with_price", StatusUpdate).pricing == {
        "billable": True,
        "pricing_model": "CBP",
        "category": "marketing",
        "conversation_id": "conv-1",
        "origin": "marketing",
        "expiration_timestamp": "1764586400",
    }


def test_a_status_may_tell_a_price_without_conversation():
    pricing = only("status_without_conversation", StatusUpdate).pricing
    assert pricing is not None
    assert pricing["type"] == "free_customer_service"


def test_a_status_may_tell_a_conversation_without_price():
    pricing = only("status_of_free_entry", StatusUpdate).pricing
    assert pricing == {"conversation_id": "conv-2", "origin": "referral_conversion"}


def test_a_status_names_the_recipient():
    person = only("status_without_conversation", StatusUpdate).person
    assert person == Person(
        identities=(ASHA_ID, ASHA), name="Asha Rao", username="asha.rao"
    )


def test_a_status_in_a_group_names_nobody():
    status = only("status_in_group", StatusUpdate)
    assert (status.status, status.person) == (Status.READ, None)


def test_a_failure_tells_its_errors():
    status = only("status_failed", StatusUpdate)
    assert status.status is Status.FAILED
    assert [error["code"] for error in status.errors] == [131047]
    assert status.pricing is None


def test_unknown_statuses_and_those_of_payments_are_noted():
    kinds = [event.kind for event in events("statuses_unknown")]
    assert kinds == ["status:deleted", "status:warning", "payment_status"]


def test_a_status_of_a_call_is_no_status_of_a_message():
    assert only("call_status", Noted).kind == "call_status"
