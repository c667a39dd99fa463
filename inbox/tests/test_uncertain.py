"""Calls whose answer never came: found out, sent again under one rule, or asked about;
never doubled. The control shows what a blind retry would do."""

import json
from datetime import timedelta

import pytest

from flexoraa.lib.errors import Conflict
from inbox import delivery, reconciling, resending
from inbox.models import (
    ContactIdentity,
    Message,
    WebhookDelivery,
)
from inbox.tests.replying import say, talk
from inbox.tests.sandboxed import (
    LONG_AGO,
    confirm_another,
    deliver,
    long_ago,
    states,
)
from inbox.windows import WindowClosed

pytestmark = pytest.mark.django_db
PEOPLE = {"whatsapp": "919800000001", "instagram": "881", "facebook": "771"}


@pytest.mark.parametrize("how", ["reset", "timeout", "cut", "garbage"])
def test_no_answer_after_acceptance_is_unknown_and_a_status_settles_it(
    how, number, meta, hear
):
    meta.faults.add(when="after", how=how, seconds=1)
    message = say(talk(number))
    deliver()
    message.refresh_from_db()
    assert message.status == "unknown"
    assert "may have been sent" in message.error or "could not be read" in message.error
    assert message.sends.get().outcome == "uncertain"
    deliver()
    hear()  # statuses with our reference
    message.refresh_from_db()
    assert (message.status, message.error) == ("delivered", "")
    assert message.external_id == meta.ledger.sends()[0].id
    reconciling.housekeep()
    deliver()
    assert len(meta.ledger.sends()) == 1


@pytest.mark.parametrize(("status", "code"), [(500, 0), (503, 131000), (500, 1)])
def test_a_server_that_failed_may_have_sent(status, code, number, meta):
    meta.faults.add(when="after", status=status, code=code)
    message = say(talk(number))
    deliver()
    assert (states(message), len(meta.ledger.sends())) == (["unknown"], 1)


@pytest.mark.parametrize("channel", list(PEOPLE))
def test_an_echo_or_status_settles_it_on_each_channel(channel, connect, meta, hear):
    meta.faults.add(when="after", how="reset")
    message = say(talk(connect(channel), PEOPLE[channel]))
    deliver()
    assert states(message) == ["unknown"]
    hear()
    assert states(message)[0] in ("sent", "delivered")
    assert Message.objects.filter(direction="out").count() == 1
    message.refresh_from_db()
    assert message.external_id == meta.ledger.sends()[0].id


def test_instagram_without_references_is_matched_by_what_was_said(connect, meta, hear):
    meta.rules.echoes_metadata = {"facebook"}
    meta.faults.add(when="after", how="reset", count=2)
    conversation = talk(connect("instagram"), "881")
    first, second = say(conversation, "Yes"), say(conversation, "Tomorrow at five")
    elsewhere = say(talk(first.account, "882"), "Yes")
    deliver()
    hear()
    assert "unknown" not in states(first, second, elsewhere)
    assert Message.objects.filter(direction="out").count() == 3
    ids = {
        call.to + call.body["message"]["text"]: call.id for call in meta.ledger.sends()
    }
    for message, key in ((first, "881Yes"), (elsewhere, "882Yes")):
        message.refresh_from_db()
        assert message.external_id == ids[key]


def test_a_status_that_comes_before_the_answer_stands(number, meta, hear, monkeypatch):
    """Before, and so to speak during, the call."""
    message = say(talk(number))
    real, held = delivery.settle, []
    monkeypatch.setattr(delivery, "settle", held.extend)
    deliver()
    assert states(message) == ["sending"]
    hear()
    assert states(message) == ["delivered"]
    monkeypatch.setattr(delivery, "settle", real)
    real(held)
    message.refresh_from_db()
    assert (message.status, message.external_id) == (
        "delivered",
        meta.ledger.sends()[0].id,
    )
    assert message.sends.get().outcome == "sent"


def test_an_echo_that_came_first_under_its_own_id_is_taken_over(
    connect, meta, hear, monkeypatch
):
    """An echo that brings no reference and says other words than we know."""
    meta.rules.echoes_metadata = set()
    message = say(talk(connect("facebook"), "771"))
    real, held = delivery.settle, []
    monkeypatch.setattr(delivery, "settle", held.extend)
    deliver()
    hear()
    assert Message.objects.filter(direction="out").count() == 2
    real(held)
    message.refresh_from_db()
    assert (message.status, message.external_id) == (
        message.status,
        meta.ledger.sends()[0].id,
    )
    assert Message.objects.filter(direction="out").count() == 1


def test_a_status_after_the_answer_moves_it_on(number, meta, hear):
    message = say(talk(number))
    deliver()
    hear()
    assert states(message) == ["delivered"]


def test_silence_is_not_enough_to_send_again(number, meta):
    meta.faults.add(when="before", how="reset", count=None)
    message = say(talk(number))
    deliver()
    reconciling.housekeep()
    assert states(message) == ["unknown"]  # not yet
    long_ago()
    reconciling.housekeep()
    assert states(message) == ["unconfirmed"]
    message.refresh_from_db()
    assert "Send it again" in message.error
    meta.faults.clear()
    deliver()
    assert meta.ledger.sends() == []


def test_it_is_sent_again_when_confirmations_do_come(number, meta):
    meta.faults.add(when="before", how="reset")
    message = say(talk(number))
    deliver()
    long_ago()
    confirm_another(number)
    reconciling.housekeep()
    assert states(message) == ["queued"]
    deliver()
    first, second = message.sends.order_by("number")
    assert (first.outcome, second.outcome) == ("uncertain", "sent")
    assert first.ref != second.ref
    assert [call.ref for call in meta.ledger.sends()] == [second.ref]


@pytest.mark.parametrize(
    "why", ["template", "backlog", "window", "stopped", "said since", "thrice"]
)
def test_it_is_not_sent_again_by_machine_when(why, number, meta):
    meta.faults.add(when="before", how="reset")
    conversation = talk(number)
    message = say(conversation)
    deliver()
    long_ago()
    confirm_another(number)
    rows = Message.objects.filter(pk=message.pk)
    if why == "template":
        rows.update(kind="template")
    if why == "backlog":
        WebhookDelivery.accept("whatsapp", b"{}", {}, b"")
        WebhookDelivery.objects.update(received_at=LONG_AGO)
    if why == "window":
        ContactIdentity.objects.update(last_inbound_at=LONG_AGO)
    if why == "stopped":
        number.stop_sending("x")
    if why == "said since":
        say(conversation, "Something else")
        deliver()
    if why == "thrice":
        rows.update(attempts=3)
    reconciling.housekeep()
    assert states(message) == ["unconfirmed"]


def test_while_webhooks_wait_one_waits_a_little_longer(number, meta, settings):
    settings.SEND_UNKNOWN_SECONDS = 0
    meta.faults.add(when="before", how="reset")
    message = say(talk(number))
    deliver()
    WebhookDelivery.accept("whatsapp", b"{}", {}, b"")
    WebhookDelivery.objects.update(received_at=LONG_AGO)
    settings.SEND_UNKNOWN_SECONDS = 3600
    Message.objects.update(
        uncertain_at=Message.objects.get(pk=message.pk).uncertain_at
        - timedelta(seconds=4000)
    )
    reconciling.housekeep()
    assert states(message) == ["unknown"]


def test_a_status_after_it_was_sent_again_is_counted(number, meta, hear):
    meta.faults.add(when="after", how="reset")
    message = say(talk(number))
    deliver()
    late = meta.callbacks.take()
    long_ago()
    confirm_another(number)
    reconciling.housekeep()
    deliver()
    meta.callbacks.take()
    for post in late:
        meta.callbacks.plan(post.channel, post.body)
    hear()
    attempts = message.sends.order_by("number")
    assert [bool(a.confirmed_late_at) for a in attempts] == [True, False]
    message.refresh_from_db()
    assert message.ref == attempts[1].ref


def test_a_person_sends_it_again_or_says_that_it_arrived(number, meta):
    meta.faults.add(when="before", how="reset", count=2)
    first, second = say(talk(number)), say(talk(number, "919800000002"))
    deliver()
    with pytest.raises(Conflict, match="not known yet"):
        resending.resend(first, None)
    long_ago()
    reconciling.housekeep()
    assert resending.resend(first, None).status == "queued"
    assert resending.mark_sent(second, None).status == "sent"
    with pytest.raises(Conflict, match="on its way"):
        resending.resend(first, None)
    with pytest.raises(Conflict, match="was sent"):
        resending.mark_sent(second, None)
    deliver()
    assert states(first, second) == ["sent", "sent"]
    assert [call.to for call in meta.ledger.sends()] == ["919800000001"]
    assert [a.number for a in first.sends.order_by("number")] == [1, 2]


def test_a_person_sends_what_failed_again_and_what_waited_for_it(connect, meta):
    conversation = talk(connect("facebook"), "771")
    meta.faults.add(code=100)
    message = say(conversation, "word " * 700, split=True)
    deliver()
    assert states(*message.parts) == ["failed", "failed"]
    resending.resend(message, None)
    deliver()
    assert states(*message.parts) == ["sent", "sent"]
    assert len(meta.ledger.sends()) == 2


def test_nothing_is_sent_again_past_the_window(number, meta):
    meta.faults.add(code=100)
    message = say(talk(number))
    deliver()
    ContactIdentity.objects.update(last_inbound_at=LONG_AGO)
    with pytest.raises(WindowClosed):
        resending.resend(message, None)
    theirs = message.conversation.messages.get(direction="in")
    with pytest.raises(Conflict, match="of ours"):
        resending.resend(theirs, None)


def test_a_failure_that_is_told_afterwards_says_why_and_can_be_sent_again(
    number, meta, hear
):
    message = say(talk(number))
    deliver()
    mid = meta.ledger.sends()[0].id
    meta.callbacks.take()
    fail(meta, message, mid)
    hear()
    message.refresh_from_db()
    assert message.status == "failed"
    assert "no WhatsApp" in message.error
    resending.resend(message, None)
    deliver()
    hear()
    message.refresh_from_db()
    assert message.status == "delivered"  # whatever was said about the first attempt
    assert message.external_id != mid


def fail(meta, message: Message, mid: str) -> None:
    """The status that WhatsApp sends about a message that cannot be delivered."""
    status = {
        "id": mid,
        "status": "failed",
        "timestamp": "1800000000",
        "recipient_id": "919800000001",
        "biz_opaque_callback_data": message.ref,
        "errors": [{"code": 131026, "title": "Message undeliverable"}],
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"phone_number_id": message.account.external_id},
        "statuses": [status],
    }
    entry = {
        "id": "300000000000001",
        "changes": [{"field": "messages", "value": value}],
    }
    body = {"object": "whatsapp_business_account", "entry": [entry]}
    meta.callbacks.plan("whatsapp", json.dumps(body).encode())
