"""Hostile bodies: raw bytes kept, what can be read stored, nothing else hurt."""

import pytest

from inbox import ingest
from inbox.models import Message, WebhookDelivery
from inbox.tests import hostile

pytestmark = pytest.mark.django_db
ALL = {**hostile.STORED, **hostile.KEPT, **hostile.DEAD}


def test_there_are_enough_of_them():
    assert len(ALL) == len(hostile.STORED) + len(hostile.KEPT) + len(hostile.DEAD)
    assert len(ALL) >= 60


@pytest.mark.parametrize("name", list(hostile.STORED))
def test_a_readable_message_is_stored(name, account, receive):
    (delivery,) = receive("whatsapp", hostile.STORED[name])
    assert bytes(delivery.body) == hostile.STORED[name]
    assert (delivery.state, delivery.error) == ("done", "")
    message = Message.objects.get()
    assert message.conversation.last_message_at == message.provider_at


@pytest.mark.parametrize("name", list(hostile.KEPT))
def test_a_body_without_messages_is_kept(name, account, receive):
    (delivery,) = receive("whatsapp", hostile.KEPT[name])
    assert bytes(delivery.body) == hostile.KEPT[name]
    assert delivery.state in ("done", "unroutable")
    assert not Message.objects.exists()


@pytest.mark.parametrize("name", list(hostile.DEAD))
def test_what_is_no_json_is_dead_with_a_reason(name, account, receive):
    (delivery,) = receive("whatsapp", hostile.DEAD[name])
    assert bytes(delivery.body) == hostile.DEAD[name]
    assert delivery.state == "dead"
    assert delivery.error.startswith("The body is not") or "deeply" in delivery.error


def test_all_together_leave_their_neighbours_alone(account, post_webhook):
    good = hostile.text("I am well", id="wamid.good")
    for body in [*ALL.values(), good]:
        assert post_webhook("whatsapp", body).status_code == 200
    while ingest.drain():
        pass
    assert Message.objects.get(external_id="wamid.good").text == "I am well"
    assert WebhookDelivery.objects.filter(state="dead").count() == len(hostile.DEAD)
    assert not WebhookDelivery.objects.filter(state__in=["new", "running"]).exists()


@pytest.mark.parametrize("channel", ["instagram", "facebook"])
def test_other_channels_stand_it_too(channel, make_account, receive):
    make_account(channel)
    mine = {"instagram": b"instagram", "facebook": b"page"}[channel]
    for body in hostile.KEPT.values():
        translated = body.replace(b"whatsapp_business_account", mine)
        (delivery,) = receive(channel, translated.replace(b"changes", b"messaging"))
        assert delivery.state in ("done", "unroutable", "dead")
