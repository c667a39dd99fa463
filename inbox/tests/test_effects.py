"""What happens to messages ends the same, in whatever order it is told."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction

from inbox import effects, ingest
from inbox.models import (
    Attachment,
    Message,
    Reaction,
    ReadMark,
    Revision,
    StatusEvent,
    WebhookDelivery,
)
from inbox.tests import bodies

pytestmark = pytest.mark.django_db


@contextmanager
def forgotten() -> Iterator[None]:
    """What happens within is rolled back, so that one test can try many orders."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


WHATSAPP_EVENTS = {
    "our message": bodies.echo(1, at=1),
    "sent": bodies.whatsapp(bodies.status("wamid.out1", "sent", at=2)),
    "delivered": bodies.whatsapp(bodies.status("wamid.out1", "delivered", at=3)),
    "read": bodies.whatsapp(bodies.status("wamid.out1", "read", at=4)),
    "failed": bodies.whatsapp(bodies.status("wamid.out1", "failed", at=2)),
}


def deliver(channel: str, body: bytes) -> None:
    """Stored and worked off by itself, without the door."""
    WebhookDelivery.accept(channel, body, {}, b"")
    assert ingest.drain() == 1


def test_all_120_orders_of_whatsapp_events_end_the_same(account):
    for order in itertools.permutations(WHATSAPP_EVENTS.values()):
        with forgotten():
            for body in order:
                deliver("whatsapp", body)
            assert Message.objects.get().status == "read"
            assert StatusEvent.objects.filter(message=None).count() == 0


def messenger_events() -> dict[str, bytes]:
    echo = {"mid": "m_1", "text": "hi", "is_echo": True, "app_id": 1}
    delivery = {"mids": ["m_1"], "watermark": (bodies.BASE + 3) * 1000}
    return {
        "our message": bodies.messaging(bodies.item(at=1, message=echo)),
        "delivered": bodies.messaging(bodies.item(at=3, delivery=delivery)),
        "read": bodies.messaging(
            bodies.item(at=4, read={"watermark": (bodies.BASE + 4) * 1000})
        ),
        "reply": bodies.messaging(
            bodies.item(at=5, message={"mid": "m_2", "text": "yes"})
        ),
        "our later message": bodies.messaging(
            bodies.item(at=6, message={**echo, "mid": "m_3"})
        ),
    }


@pytest.mark.parametrize("together", [True, False])
def test_all_120_orders_of_messenger_events_end_the_same(
    together, make_account, receive
):
    make_account("facebook")
    for order in itertools.permutations(messenger_events().values()):
        with forgotten():
            if together:
                receive("facebook", *order)
            else:
                for body in order:
                    deliver("facebook", body)
            statuses = dict(Message.objects.values_list("external_id", "status"))
            assert statuses == {"m_1": "read", "m_2": "received", "m_3": "sent"}


def test_instagrams_read_covers_what_was_before(make_account, receive):
    make_account("instagram")
    page = bodies.INSTAGRAM
    echoes = [
        bodies.instagram(
            bodies.item(
                at=number,
                page=page,
                message={"mid": f"ig{number}", "text": "x", "is_echo": True},
            )
        )
        for number in (1, 2, 3)
    ]
    read = bodies.instagram(bodies.item(at=9, page=page, read={"mid": "ig2"}))
    for order in itertools.permutations([*echoes, read]):
        with forgotten():
            receive("instagram", *order)
            statuses = dict(Message.objects.values_list("external_id", "status"))
            assert statuses == {"ig1": "read", "ig2": "read", "ig3": "sent"}


def test_one_unknown_target_does_not_stop_the_batch(account, receive):
    receive("whatsapp", bodies.echo(1))
    receive(
        "whatsapp",
        bodies.whatsapp(
            bodies.status("wamid.stranger", "read"),
            bodies.status("wamid.out1", "delivered"),
        ),
    )
    assert Message.objects.get().status == "delivered"
    assert StatusEvent.objects.get(message=None).target == "wamid.stranger"


def test_a_status_never_touches_what_a_person_wrote(account, receive):
    receive("whatsapp", bodies.whatsapp(bodies.text(1)))
    receive("whatsapp", bodies.whatsapp(bodies.status("wamid.in1", "failed")))
    assert Message.objects.get().status == "received"


def test_failures_keep_their_errors_and_statuses_their_price(account, receive):
    receive("whatsapp", bodies.echo(1))
    errors = [{"code": 131026, "title": "Undeliverable"}]
    pricing = {"billable": True, "category": "service"}
    receive(
        "whatsapp",
        bodies.whatsapp(
            bodies.status("wamid.out1", "sent", pricing=pricing),
            bodies.status("wamid.out1", "failed", errors=errors),
        ),
    )
    message = Message.objects.get()
    assert (message.status, message.errors[0]["code"]) == ("failed", 131026)
    assert StatusEvent.objects.get(status="sent").pricing["category"] == "service"


def test_a_pair_that_missed_each_other_is_found_by_the_sweep(account, receive):
    receive("whatsapp", bodies.echo(1))
    message = Message.objects.get()
    StatusEvent.objects.create(
        workspace=account.workspace,
        account=account,
        target=message.external_id,
        status="read",
        rank=6,
        provider_at=message.provider_at,
    )
    assert effects.sweep() == 1
    message.refresh_from_db()
    assert message.status == "read"
    assert effects.sweep() == 0


def reaction(emoji: str, at: int) -> bytes:
    message = {
        "from": "15550100001",
        "id": f"wamid.r{at}",
        "timestamp": str(bodies.BASE + at),
        "type": "reaction",
        "reaction": {"message_id": "wamid.in1", "emoji": emoji},
    }
    return bodies.whatsapp({"messages": [message]})


def test_the_latest_reaction_of_a_person_stands(account, receive):
    steps = [reaction("👍", 5), reaction("❤", 6), reaction("", 7), reaction("🔥", 8)]
    for order in itertools.permutations(steps):
        with forgotten():
            receive("whatsapp", bodies.whatsapp(bodies.text(1)), *order)
            assert [row.emoji for row in Reaction.objects.all()] == ["🔥"]
            assert Reaction.objects.get().message.external_id == "wamid.in1"


def test_a_reaction_before_its_message_waits(account, receive):
    receive("whatsapp", reaction("👍", 5))
    assert Reaction.objects.get().message is None
    receive("whatsapp", bodies.whatsapp(bodies.text(1)))
    assert Reaction.objects.get().message.text == "message 1"


def test_edits_in_any_order_leave_the_last_text(make_account, receive):
    make_account("facebook")
    original = bodies.item(at=1, message={"mid": "m_1", "text": "first"})
    edits = [
        bodies.item(
            at=1 + number,
            message_edit={"mid": "m_1", "text": f"edit {number}", "num_edit": number},
        )
        for number in (1, 2, 3)
    ]
    for order in itertools.permutations([original, *edits]):
        with forgotten():
            receive("facebook", *[bodies.messaging(step) for step in order])
            message = Message.objects.get()
            assert (message.text, message.edited_at is None) == ("edit 3", False)
            assert Revision.objects.count() == 3
            assert message.conversation.preview == "edit 3"


def test_what_was_unsent_is_gone_in_any_order(make_account, receive):
    make_account("instagram")
    page = bodies.INSTAGRAM
    picture = {"type": "image", "payload": {"url": "https://cdn.example/1"}}
    message = {"mid": "ig1", "text": "secret", "attachments": [picture]}
    said = bodies.instagram(bodies.item(at=1, page=page, message=message))
    gone = {"mid": "ig1", "is_deleted": True}
    unsent = bodies.instagram(bodies.item(at=2, page=page, message=gone))
    for order in itertools.permutations([said, unsent, said]):
        with forgotten():
            receive("instagram", *order)
            message = Message.objects.get()
            assert (message.text, message.payload) == ("", {})
            assert message.unsent_at is not None
            assert message.conversation.preview == "message taken back"
            assert not Attachment.objects.exists()


def test_a_read_mark_of_somebody_unknown_is_kept(make_account, receive):
    make_account("facebook")
    mark = bodies.item(at=4, read={"watermark": (bodies.BASE + 4) * 1000})
    receive("facebook", bodies.messaging(mark))
    assert ReadMark.objects.get().read_until is not None
    assert not Message.objects.exists()


def test_a_read_mark_never_falls_back(make_account, receive):
    make_account("facebook")
    for at in (9, 4):
        mark = bodies.item(at=at, read={"watermark": (bodies.BASE + at) * 1000})
        receive("facebook", bodies.messaging(mark))
    assert ReadMark.objects.get().read_until.timestamp() == bodies.BASE + 9


def test_attachments_are_kept_as_references(account, receive):
    (delivery,) = receive("whatsapp", "image")
    attachment = Attachment.objects.get()
    assert attachment.kind == "image"
    assert attachment.external_id
    assert attachment.message.delivery_id == delivery.pk


def test_replayed_effects_change_nothing(account, receive):
    receive("whatsapp", *WHATSAPP_EVENTS.values(), reaction("👍", 5))
    facts = [list(model.objects.values()) for model in (StatusEvent, Reaction)]
    WebhookDelivery.objects.all().replay()
    ingest.drain()
    assert facts == [list(model.objects.values()) for model in (StatusEvent, Reaction)]
