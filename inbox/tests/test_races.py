"""Many at once: nothing doubled, nothing lost; and proof that the guards do it.

Each race has a control that runs the same with its guard off and must go wrong.
"""

import threading

import pytest

from flexoraa.lib.tests.races import at_once, without
from inbox import ingest, people, threads
from inbox.models import Contact, Conversation, Message, WebhookDelivery
from inbox.tests import bodies

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def drain_everything(_: int = 0) -> None:
    while ingest.drain(50):
        pass


def accept_all(deliveries: int, events: int, number: int, workers: int) -> None:
    """Each of the events so many times, shared out over workers, in mixed order."""
    for copy in range(deliveries):
        for event in range(number, events, workers):
            body = bodies.whatsapp(bodies.text(event, person=event % 40))
            WebhookDelivery.accept("whatsapp", body, {}, b"%d" % (copy % 4))


def test_500_events_delivered_20_times_are_500_messages(account):
    assert not at_once(16, lambda number: accept_all(20, 500, number, 16))
    assert WebhookDelivery.objects.count() == 10_000
    assert not at_once(4, drain_everything)
    assert Message.objects.count() == 500
    assert Contact.objects.count() == Conversation.objects.count() == 40
    assert sum(Conversation.objects.values_list("unread_count", flat=True)) == 500
    assert not WebhookDelivery.objects.exclude(state="done").exists()


def test_control_without_the_unique_key_messages_are_doubled(account, monkeypatch):
    """Looking first and inserting then is not enough."""
    insert = threads.sets.insert

    def naive(model, rows, *, on_conflict="", returning=()):
        keep = "" if model is Message else on_conflict
        return insert(model, rows, on_conflict=keep, returning=returning)

    monkeypatch.setattr(threads.sets, "insert", naive)
    with without("inbox_message_once"):
        accept_all(20, 50, 0, 1)
        at_once(6, drain_everything)
        extra = Message.objects.count() - 50
        Message.objects.all().delete()
    assert extra > 0


ROUNDS, AT_ONCE = 15, 6


def first_messages(round_number: int, *, known: bool = False) -> None:
    """Six workers get one message each of one person at the same time: of somebody
    nobody knew, or of a known contact without a conversation."""
    claims: list = []
    person = 1000 + round_number
    if known:
        value = bodies.text(round_number * 100 + 99, person=person)
        WebhookDelivery.accept("whatsapp", bodies.whatsapp(value), {}, b"")
        ingest.drain()
        Message.objects.filter(text__endswith="99").delete()
        Conversation.objects.filter(messages=None).delete()
    for number in range(AT_ONCE):
        value = bodies.text(round_number * 100 + number, person=person)
        WebhookDelivery.accept("whatsapp", bodies.whatsapp(value), {}, b"")
    gate = threading.Barrier(AT_ONCE)

    def take(_: int) -> None:
        claimed = WebhookDelivery.objects.claim(1)
        claims.append(claimed)
        gate.wait()
        ingest.ingest(claimed)

    assert not at_once(AT_ONCE, take)
    assert sum(map(len, claims)) == AT_ONCE


def test_first_messages_at_once_make_one_contact_and_one_conversation(account):
    for number in range(ROUNDS):
        first_messages(number)
    assert Message.objects.count() == ROUNDS * AT_ONCE
    assert Contact.objects.count() == ROUNDS
    assert Conversation.objects.count() == ROUNDS
    assert set(Conversation.objects.values_list("unread_count", flat=True)) == {AT_ONCE}


def test_messages_at_once_of_somebody_known_make_one_conversation(account):
    for number in range(ROUNDS):
        first_messages(number, known=True)
    assert Conversation.objects.count() == Contact.objects.count() == ROUNDS


def test_control_without_the_lock_contacts_are_doubled(account, monkeypatch):
    monkeypatch.setattr(people, "_lock", lambda keys: None)
    for number in range(ROUNDS):
        first_messages(number)
    assert Contact.objects.count() > ROUNDS


def test_control_without_the_unique_key_conversations_are_doubled(account, monkeypatch):
    insert = threads.sets.insert

    def naive(model, rows, *, on_conflict="", returning=()):
        keep = "" if model is Conversation else on_conflict
        return insert(model, rows, on_conflict=keep, returning=returning)

    monkeypatch.setattr(threads.sets, "insert", naive)
    with without("inbox_conversation_one_open"):
        for number in range(ROUNDS):
            first_messages(number, known=True)
        doubled = Conversation.objects.count()
        Message.objects.all().delete()
        Conversation.objects.all().delete()
    assert doubled > ROUNDS


def test_a_message_and_its_statuses_at_once_meet(account):
    """Each on its own worker: whoever is late, the sweep brings them together."""
    for number in range(ROUNDS):
        words = ("sent", "delivered", "read")
        posts = [bodies.whatsapp(bodies.status(f"wamid.out{number}", w)) for w in words]
        for body in [bodies.echo(number), *posts]:
            WebhookDelivery.accept("whatsapp", body, {}, b"")
        assert not at_once(4, lambda _: ingest.drain(1))
    ingest.housekeep()
    assert set(Message.objects.values_list("status", flat=True)) == {"read"}
    assert Message.objects.count() == ROUNDS
