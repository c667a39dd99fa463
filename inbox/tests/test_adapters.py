"""The contract that every registered channel keeps; a new one fails here until its
payload files and its signature check exist."""

import pytest

from conftest import PAYLOADS
from flexoraa.lib import clean
from flexoraa.lib.crypto import Secret
from inbox.adapters import ADAPTERS, choices, for_document
from inbox.adapters.base import Event, InboundMessage
from inbox.adapters.sending import Draft, Outgoing, Refused, Unsendable
from inbox.adapters.words import Identity, IdKind
from inbox.checks import channels_are_configured, sandbox_is_for_development

CHANNELS = list(ADAPTERS)


def files(channel: str) -> list:
    return sorted((PAYLOADS / channel).glob("*.json"))


@pytest.mark.parametrize("channel", CHANNELS)
def test_it_has_payload_files_with_a_message_among_them(channel):
    events = [event for path in files(channel) for event in parsed(channel, path)]
    assert any(isinstance(event, InboundMessage) for event in events)


@pytest.mark.parametrize("channel", CHANNELS)
def test_it_refuses_what_nobody_signed(channel):
    adapter = ADAPTERS[channel]
    assert not adapter.is_authentic({}, b"{}")
    assert adapter.challenge({}) is None


@pytest.mark.parametrize("channel", CHANNELS)
def test_its_events_say_whose_and_when(channel):
    for path in files(channel):
        for event in parsed(channel, path):
            assert isinstance(event, Event)
            assert event.at.tzinfo is not None, path.name
            hash((type(event), event.account, event.at))


@pytest.mark.parametrize("channel", CHANNELS)
def test_reading_twice_says_the_same(channel):
    for path in files(channel):
        assert parsed(channel, path) == parsed(channel, path), path.name


@pytest.mark.parametrize("channel", CHANNELS)
def test_it_never_raises_on_odd_json(channel):
    for odd in (None, 1, "x", [], {}, {"entry": 1}, {"entry": [[], None, 3]}):
        name = getattr(ADAPTERS[channel], "object", "")
        for document in (odd, {"object": name, "entry": odd}):
            assert ADAPTERS[channel].parse(document) is not None


@pytest.mark.parametrize("channel", CHANNELS)
def test_its_fairness_key_is_made_of_any_bytes(channel):
    for body in (b"", b"\x00\xff", *(path.read_bytes() for path in files(channel))):
        assert isinstance(ADAPTERS[channel].fairness_key(body), bytes)


def outgoing(adapter, text: str = "Hello") -> Outgoing:
    """A text to somebody who has a name of every kind."""
    (part,) = adapter.parts(Draft(text=text))
    names = tuple(Identity(kind, "1", "1") for kind in IdKind)
    return Outgoing(account="1", token=Secret("t"), to=names, ref="REF", draft=part)


@pytest.mark.parametrize("channel", CHANNELS)
def test_it_says_how_a_text_is_sent(channel):
    adapter = ADAPTERS[channel]
    call = adapter.message_call(outgoing(adapter))
    assert "Hello" in str(call.json)
    assert adapter.url(call).startswith("http")
    assert ("REF" in str(call.json)) or not adapter.knows_refs
    assert adapter.rate > 0
    assert adapter.message_call(outgoing(adapter)) == call


@pytest.mark.parametrize("channel", CHANNELS)
def test_it_refuses_what_cannot_be_sent_in_words(channel):
    for draft in (Draft(), Draft(text="x" * 100_000)):
        with pytest.raises(Unsendable) as refused:
            ADAPTERS[channel].parts(draft)
        assert refused.value.code
        assert refused.value.words
    pieces = ADAPTERS[channel].parts(Draft(text="x" * 100_000), split=True)
    assert "".join(piece.text for piece in pieces) == "x" * 100_000


@pytest.mark.parametrize("channel", CHANNELS)
def test_an_answer_that_says_nothing_is_ambiguous(channel):
    for status, body in ((200, None), (200, {}), (500, None), (502, {"x": 1})):
        outcome = ADAPTERS[channel].outcome(status, body)
        assert outcome.why is Refused.AMBIGUOUS
    assert ADAPTERS[channel].explain(None).words


def test_metas_fairness_key_is_the_account():
    text = (PAYLOADS / "whatsapp" / "text.json").read_bytes()
    assert ADAPTERS["whatsapp"].fairness_key(text).isdigit()


def test_the_object_decides_who_reads():
    for channel in ("whatsapp", "instagram", "facebook"):
        document = {"object": ADAPTERS[channel].object}
        for route in ("whatsapp", "instagram", "facebook"):
            assert for_document(route, document).channel == channel
    assert for_document("instagram", {"object": "user"}).channel == "instagram"


def test_channels_are_choices():
    assert dict(choices()).keys() == ADAPTERS.keys()
    assert dict(choices())["facebook"] == "Messenger"


def test_missing_secrets_are_named_at_start(settings):
    assert channels_are_configured() == []
    settings.META_APP_SECRETS, settings.META_VERIFY_TOKEN = [""], ""
    texts = [message.msg for message in channels_are_configured()]
    assert any("META_APP_SECRETS" in text for text in texts)
    assert any("META_VERIFY_TOKEN" in text for text in texts)


def test_the_sandbox_outside_development_is_an_error(settings):
    settings.SANDBOX, settings.DEBUG = True, False
    assert [message.id for message in sandbox_is_for_development()] == ["inbox.E001"]
    settings.SANDBOX = False
    assert sandbox_is_for_development() == []


def parsed(channel: str, path) -> list[Event]:
    """What a payload file says; what cannot be read is refused in words."""
    document = clean.loads(path.read_bytes())
    result = for_document(channel, document).parse(document)
    for failure in result.failures:
        assert "\nValueError: " in failure.traceback, path.name
    return result.events
