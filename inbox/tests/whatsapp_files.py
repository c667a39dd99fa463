"""WhatsApp's payload files as events, and the people in them."""

from pathlib import Path
from typing import Any, TypeVar

from flexoraa.lib import clean
from inbox.adapters import ADAPTERS
from inbox.adapters.base import Event, Identity, IdKind, InboundMessage, Parsed

E = TypeVar("E", bound=Event)

PAYLOADS = Path(__file__).parent / "payloads" / "whatsapp"
ACCOUNT, PARENT = "200000000000001", "300000000000001"
TARGET = "wamid.RkxFWFRBUkdFVA=="  # what reactions, edits and revocations are about
ASHA = Identity(IdKind.PHONE, "910000001101", "910000001101")
ASHA_ID = Identity(IdKind.BSUID, "IN.AshaBsuid0001", "IN.AshaBsuid0001")
RAVI = Identity(IdKind.PHONE, "910000001102", "910000001102")
RAVI_ID = Identity(IdKind.BSUID, "IN.RaviBsuid0002", "IN.RaviBsuid0002")
RAVI_NEW_ID = Identity(IdKind.BSUID, "IN.RaviBsuid0009", "IN.RaviBsuid0009")


def parse(name: str) -> Parsed:
    """What the exact bytes of this file say."""
    document = clean.loads((PAYLOADS / f"{name}.json").read_bytes())
    return ADAPTERS["whatsapp"].parse(document)


def events(name: str) -> list[Any]:
    """The events of a file in which nothing is broken."""
    parsed = parse(name)
    assert parsed.failures == []
    return parsed.events


def only(name: str, kind: type[E]) -> E:
    """The one event of a file."""
    (event,) = events(name)
    assert type(event) is kind
    return event


def message(name: str) -> InboundMessage:
    """The one message of a file."""
    return only(name, InboundMessage)
