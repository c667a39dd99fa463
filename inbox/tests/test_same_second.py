"""WhatsApp's clock has whole seconds; what is said within one keeps its order."""

import pytest

from flexoraa.sandbox import events
from inbox.models import Conversation
from inbox.tests.replying import say

pytestmark = pytest.mark.django_db
NUMBER = events.Account("whatsapp", "200000000000001", "300000000000001")
ASHA = events.Person("919800000001", "Asha")


def test_an_answer_within_the_second_of_our_message_comes_after_it(
    account, receive, make_member
):
    agent = make_member(account.workspace, "sdr")
    start = agent.date_joined  # now
    receive("whatsapp", events.text(NUMBER, ASHA, "wamid.1", start, "Is it there?"))
    conversation = Conversation.objects.get()
    ours = say(conversation, "Yes", author=agent)
    ours.refresh_from_db()
    receive("whatsapp", events.text(NUMBER, ASHA, "wamid.2", ours.provider_at, "Great"))
    said = conversation.messages.in_order().values_list("text", flat=True)
    assert list(said) == ["Is it there?", "Yes", "Great"]
    conversation.refresh_from_db()
    assert (conversation.preview, conversation.unread_count) == ("Great", 2)
    assert ours.provider_at.microsecond == 0
