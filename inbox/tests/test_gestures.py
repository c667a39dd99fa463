"""Seen, typing and reactions on their way out."""

import pytest
from django.db import connection

from inbox import gestures, replies
from inbox.models import Gesture
from inbox.tests.replying import talk
from inbox.tests.sandboxed import LONG_AGO

pytestmark = pytest.mark.django_db
PEOPLE = {"whatsapp": "919800000001", "instagram": "881", "facebook": "771"}


def drain() -> None:
    while gestures.drain():
        pass


@pytest.fixture
def heard(connect, meta):
    """heard("instagram") -> a conversation whose last message the platform knows."""

    def heard(channel: str):
        account = connect(channel)
        conversation = talk(account, PEOPLE[channel])
        return conversation

    return heard


@pytest.mark.parametrize("channel", list(PEOPLE))
def test_each_is_tried_and_forgotten(channel, heard, meta):
    conversation = heard(channel)
    replies.seen(conversation)
    replies.typing(conversation)
    drain()
    assert Gesture.objects.count() == 0
    kinds = {
        call.kind
        for call in meta.ledger.calls(account=conversation.account.external_id)
    }
    assert kinds <= {"read", "typing_on", "mark_seen"}


def test_a_newer_one_takes_the_place_of_an_older(account):
    conversation = talk(account)
    for emoji in ("👍", "❤", ""):
        gestures.make(conversation, "reaction", "wamid.1", emoji)
    assert Gesture.objects.get().emoji == ""


def test_typing_that_comes_too_late_is_not_shown(number, meta):
    replies.typing(talk(number))
    Gesture.objects.update(created_at=LONG_AGO)
    drain()
    assert (Gesture.objects.count(), meta.ledger.calls()) == (0, [])


def test_what_meets_nobody_is_tried_some_more_and_given_up(account):
    gestures.make(talk(account), "seen", "wamid.1")
    for tries in range(1, 6):
        assert gestures.drain() == 1
        assert Gesture.objects.get().attempts == tries
        assert gestures.drain() == 0  # put off
        Gesture.objects.update(due_at=LONG_AGO)
    drain()
    assert Gesture.objects.count() == 0


def test_throttled_ones_wait_and_refused_ones_are_dropped(number, meta):
    meta.faults.add(code=130429)
    gestures.make(talk(number), "seen", "wamid.1")
    assert gestures.drain() == 1
    assert Gesture.objects.count() == 1
    meta.faults.add(code=100)
    Gesture.objects.update(due_at=LONG_AGO)
    drain()
    assert Gesture.objects.count() == 0


def test_a_channel_that_cannot_send_makes_none(number, connect, meta):
    gestures.make(talk(number), "seen", "wamid.1")
    other = talk(connect("facebook"), "771")
    gestures.make(other, "seen", "m_1")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inbox_channelaccount SET token = 'x' WHERE id = %s", [number.pk]
        )
    drain()
    assert Gesture.objects.count() == 0
    assert meta.ledger.calls(account=number.external_id) == []


def test_one_without_a_name_of_the_person_is_dropped(number, meta):
    conversation = talk(number)
    conversation.contact.identities.all().delete()
    gestures.make(conversation, "reaction", "wamid.1", "👍")
    drain()
    assert Gesture.objects.count() == 0
