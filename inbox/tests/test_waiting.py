"""How long people waited: segments follow messages, answers and resolving."""

from datetime import timedelta

import pytest

from inbox.models import Conversation, WaitSegment
from inbox.tests import bodies
from inbox.tests.world import NOON, build

pytestmark = pytest.mark.django_db


def segments() -> list[tuple]:
    """(start, end, outcome) in minutes after noon."""

    def minute(at):
        return at and (at - NOON) / timedelta(minutes=1)

    rows = WaitSegment.objects.order_by("started_at", "pk")
    return [(minute(x.started_at), minute(x.ended_at), x.outcome) for x in rows]


def follow(conversation, *said, by=None):
    """Messages at these minutes; negative ones are ours."""
    WaitSegment.objects.follow(
        [
            {
                "id": conversation.pk,
                "inbound": minute > 0,
                "at": NOON + timedelta(minutes=abs(minute)),
                "by": by,
            }
            for minute in said
        ]
    )


@pytest.fixture
def conversation(workspace):
    found = build(workspace).conversation
    Conversation.objects.update(waiting_since=None)
    return found


def waits_since(conversation, minute):
    at = None if minute is None else NOON + timedelta(minutes=minute)
    Conversation.objects.filter(pk=conversation.pk).update(waiting_since=at)


def test_the_first_unanswered_message_begins_a_wait(conversation):
    waits_since(conversation, 1)
    follow(conversation, 1, 2)
    follow(conversation, 3)
    assert segments() == [(1, None, "")]


def test_an_answer_ends_it_and_names_who_answered(conversation, make_member):
    agent = make_member(conversation.workspace, "sdr")
    waits_since(conversation, 1)
    follow(conversation, 1)
    waits_since(conversation, None)
    follow(conversation, -5, by=agent.pk)
    assert segments() == [(1, 5, "answered")]
    assert WaitSegment.objects.get().ended_by == agent


def test_questions_and_answers_in_one_batch_are_waits_of_their_own(conversation):
    waits_since(conversation, 9)
    follow(conversation, 1, 2, -4, 6, -7, -8, 9)
    assert segments() == [(1, 4, "answered"), (6, 7, "answered"), (9, None, "")]


def test_an_answer_older_than_the_question_ends_nothing(conversation):
    waits_since(conversation, 5)
    follow(conversation, 5)
    follow(conversation, -3)
    assert segments() == [(5, None, "")]


def test_an_earlier_question_that_comes_late_moves_the_beginning(conversation):
    waits_since(conversation, 5)
    follow(conversation, 5)
    waits_since(conversation, 2)
    follow(conversation, 2)
    assert segments() == [(2, None, "")]


def test_resolving_without_an_answer_ends_the_wait_as_such(conversation):
    waits_since(conversation, 1)
    follow(conversation, 1)
    conversation.resolve()
    assert [outcome for *_, outcome in segments()] == ["resolved"]


def test_a_wait_never_ends_before_it_began(conversation):
    waits_since(conversation, 5)
    follow(conversation, 5)
    assert WaitSegment.objects.end(conversation.pk, NOON) is True
    assert WaitSegment.objects.end(conversation.pk, NOON) is False
    assert segments() == [(5, 5, "answered")]


def test_webhooks_write_them(account, receive):
    receive("whatsapp", bodies.whatsapp(bodies.text(1), bodies.text(2)))
    waits = WaitSegment.objects.get()
    assert waits.started_at == Conversation.objects.get().waiting_since
    assert (waits.ended_at, waits.workspace) == (None, account.workspace)
