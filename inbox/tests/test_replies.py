"""What somebody wants to say becomes rows that wait to be sent."""

from datetime import timedelta

import pytest

from inbox import replies
from inbox.adapters.sending import Choice, TemplateUse, Unsendable
from inbox.models import Gesture, Mention, Message
from inbox.replies import ChannelClosed
from inbox.tests.replying import approve, say, talk
from inbox.windows import WindowClosed

pytestmark = pytest.mark.django_db
OLD = timedelta(hours=25)


@pytest.fixture
def agent(account, make_member):
    return make_member(account.workspace, "sdr")


def test_a_reply_waits_in_line(account, agent):
    conversation = talk(account)
    message = say(conversation, "  On its way!  ", author=agent)
    message.refresh_from_db()
    assert (message.direction, message.status, message.text) == (
        "out",
        "queued",
        "On its way!",
    )
    assert len(message.ref) == 26
    assert message.external_id == ""
    conversation.refresh_from_db()
    assert conversation.preview == "On its way!"
    assert conversation.waiting_since is None
    assert conversation.last_message_at >= message.provider_at


def test_a_machine_answers_nobody(account):
    conversation = talk(account)
    say(conversation)
    conversation.refresh_from_db()
    assert conversation.waiting_since


def test_outside_the_window_only_templates_go(account):
    conversation = talk(account, wrote=OLD)
    with pytest.raises(WindowClosed) as refused:
        say(conversation)
    assert refused.value.extra["allowed"] == ("template", "note")
    assert "send a template" in str(refused.value.detail)
    approve(account)
    body = {"type": "body", "parameters": [{"type": "text", "text": "Asha"}]}
    use = TemplateUse(name="hello", language="en", components=(body,))
    message = say(conversation, "", template=use)
    assert (message.kind, message.text) == ("template", "Hello Asha, it is ready.")
    assert message.payload["template"]["components"] == [body]


@pytest.mark.parametrize(
    ("fields", "use", "code"),
    [
        ({}, {"name": "other"}, "template_unknown"),
        ({}, {"language": "hi"}, "template_unknown"),
        ({"status": "PAUSED"}, {}, "template_not_approved"),
        ({}, {}, "template_parameters"),
    ],
)
def test_templates_must_be_known_approved_and_filled(account, fields, use, code):
    approve(account, **fields)
    use = TemplateUse(**{"name": "hello", "language": "en", **use})
    with pytest.raises(Unsendable) as refused:
        say(talk(account), template=use)
    assert refused.value.code == code


def test_messenger_has_no_templates(make_account):
    use = TemplateUse(name="hello", language="en")
    with pytest.raises(Unsendable, match="no templates"):
        say(talk(make_account("facebook")), template=use)


def test_a_long_text_is_refused_with_the_limit_or_split(account):
    conversation = talk(account)
    with pytest.raises(Unsendable, match="4096") as refused:
        say(conversation, "word " * 1000)
    assert refused.value.limit == 4096
    first = say(conversation, "word " * 2000, split=True)
    assert [len(part.text) <= 4096 for part in first.parts] == [True] * 3
    chain = [part.depends_on_id for part in first.parts]
    assert chain == [None, first.parts[0].pk, first.parts[1].pk]
    assert " ".join(part.text for part in first.parts) == ("word " * 2000).strip()


def test_too_many_parts_are_refused(account):
    with pytest.raises(Unsendable, match="21 messages"):
        say(talk(account), "x" * (4096 * 20 + 1), split=True)


def test_a_disconnected_or_stopped_channel_says_so(account):
    conversation = talk(account)
    account.stop_sending("The bill is not paid")
    with pytest.raises(ChannelClosed, match="The bill is not paid"):
        say(conversation)
    account.resume_sending()
    account.status = "disconnected"
    account.save()
    with pytest.raises(ChannelClosed, match="connect it again"):
        say(conversation)
    note = replies.queue(conversation, author=None, kind="note", text="Broken!")
    assert (note.direction, note.status) == ("note", "noted")


def test_a_note_stays_among_colleagues(account, agent, make_member):
    other = make_member(account.workspace, "admin")
    conversation = talk(account, wrote=OLD)
    before = conversation.preview
    note = replies.queue(
        conversation, author=agent, kind="note", text="Look", mentions=[other, other]
    )
    assert list(Mention.objects.values_list("message", "user")) == [(note.pk, other.pk)]
    conversation.refresh_from_db()
    assert (conversation.preview, bool(conversation.waiting_since)) == (before, True)
    with pytest.raises(Unsendable):
        replies.queue(conversation, author=agent, kind="note", text=" ")


def test_an_answer_names_the_message_it_is_to(account):
    conversation = talk(account)
    theirs = conversation.messages.get()
    assert say(conversation, reply_to=theirs).reply_to == theirs.external_id
    with pytest.raises(Unsendable, match="another conversation"):
        say(talk(account, "2"), reply_to=theirs)
    with pytest.raises(replies.Conflict):
        say(conversation, reply_to=Message.objects.get(text="Hi"))


def test_buttons_are_kept_with_the_message(account):
    message = say(talk(account), "Which?", choices=[Choice(id="a", title="A")])
    assert message.kind == "interactive"
    assert message.payload == {"choices": [{"id": "a", "title": "A"}]}


def test_an_empty_reply_is_refused(account):
    with pytest.raises(Unsendable, match="Write something"):
        say(talk(account), "  ")


def test_reactions_seen_and_typing_are_gestures(account, agent):
    conversation = talk(account)
    theirs = conversation.messages.get()
    replies.react(theirs, emoji="👍", author=agent)
    replies.react(theirs, emoji="❤", author=agent)
    replies.seen(conversation)
    replies.typing(conversation)
    assert sorted(Gesture.objects.values_list("kind", "target", "emoji")) == [
        ("reaction", theirs.external_id, "❤"),
        ("seen", theirs.external_id, ""),
        ("typing", theirs.external_id, ""),
    ]
    assert [r.emoji for r in theirs.reactions.all()] == ["❤"]


def test_no_gestures_are_made_where_nobody_wrote_lately(account, agent):
    conversation = talk(account, wrote=OLD)
    replies.typing(conversation)
    replies.seen(talk(account, "2", wrote=None))
    with pytest.raises(WindowClosed):
        replies.react(conversation.messages.get(), emoji="👍", author=agent)
    assert Gesture.objects.count() == 0
