"""Who wrote on Messenger and Instagram is looked up once, off the way of webhooks."""

import pytest

from flexoraa.lib.crypto import Secret
from flexoraa.models import StreamEvent
from inbox import leading, profiles
from inbox.adapters import ADAPTERS
from inbox.models import Contact, ContactIdentity, Conversation
from inbox.tests.replying import talk
from inbox.tests.sandboxed import LONG_AGO
from leads.models import Lead

pytestmark = pytest.mark.django_db
PEOPLE = {"instagram": "881", "facebook": "771"}


def look_up() -> int:
    """All that is due; how many that were."""
    count = 0
    while profiles.drain():
        count += 1
    return count


def due_again() -> None:
    rows = ContactIdentity.objects.exclude(profile_due_at=None)
    rows.update(profile_due_at=LONG_AGO)


def introduce(meta, account, person: str, name: str) -> None:
    with meta.people.chat(account.external_id, person) as chat:
        chat.name = name


@pytest.fixture
def stranger(connect, meta):
    """stranger("instagram") -> a conversation with somebody without a name."""

    def stranger(channel: str = "facebook", name: str = "Zoë Interiors"):
        account = connect(channel)
        conversation = talk(account, PEOPLE[channel])
        Contact.objects.update(name="")
        if name:
            introduce(meta, account, PEOPLE[channel], name)
        return conversation

    return stranger


@pytest.mark.parametrize("channel", list(PEOPLE))
def test_they_get_the_name_that_the_platform_tells(channel, stranger):
    conversation = stranger(channel)
    assert look_up() == 1
    conversation.contact.refresh_from_db()
    assert conversation.contact.name == "Zoë Interiors"
    assert bool(conversation.contact.username) == (channel == "instagram")
    due_again()
    assert look_up() == 0


def test_a_token_of_instagrams_own_login_asks_instagrams_server():
    call = ADAPTERS["instagram"].profile_call("881", Secret("IGQVJ-token"))
    assert (call.api, call.path) == ("instagram", "881")
    assert call.params == {"fields": "name,username"}


def test_the_live_stream_and_the_lead_learn_it(stranger):
    conversation = stranger()
    Conversation.objects.update(last_inbound_at=LONG_AGO)
    while leading.drain():
        pass
    StreamEvent.objects.all().delete()
    assert look_up() == 1
    told = set(StreamEvent.objects.values_list("kind", flat=True))
    assert told == {"conversation.updated", "lead.updated"}
    assert Lead.objects.get(contacts=conversation.contact).name == "Zoë Interiors"


def test_a_name_that_was_typed_meanwhile_stands(stranger, monkeypatch):
    conversation = stranger()
    told = profiles.ask

    def type_it(*wanted):
        found = told(*wanted)
        Contact.objects.update(name="My cousin")
        return found

    monkeypatch.setattr(profiles, "ask", type_it)
    assert look_up() == 1
    conversation.contact.refresh_from_db()
    assert conversation.contact.name == "My cousin"


def test_who_may_not_be_known_stays_without_a_name(connect, meta):
    conversation = talk(connect("instagram"), "999000111")
    Contact.objects.update(name="")
    meta.people._chats.clear()  # 230: they never wrote there
    assert look_up() == 1
    assert ContactIdentity.objects.filter(kind="igsid", profile_due_at=None).exists()
    conversation.contact.refresh_from_db()
    assert conversation.contact.name == ""


def test_silence_is_asked_again_later_and_not_for_ever(stranger, settings):
    stranger()
    settings.GRAPH_URL = "http://127.0.0.1:1"
    for tries in range(1, profiles.MOST_TRIES + 1):
        assert look_up() == 1
        assert set(
            ContactIdentity.objects.filter(kind="psid").values_list(
                "profile_tries", flat=True
            )
        ) == {tries}
        due_again()
    assert look_up() == 0


def test_whatsapp_and_people_with_names_are_never_asked_for(connect, meta):
    talk(connect("whatsapp"), "919800000001")
    talk(connect("facebook"), "771")
    Contact.objects.update(name="Asha")
    assert look_up() == 0
