"""Instagram's and Messenger's payload files as events, and the people in them."""

from pathlib import Path
from typing import Any, TypeVar

from flexoraa.lib import clean
from inbox.adapters import ADAPTERS
from inbox.adapters.base import Event, Identity, IdKind, Parsed, Person

E = TypeVar("E", bound=Event)

PAYLOADS = Path(__file__).parent / "payloads"
INSTAGRAM, PAGE = "17840000000000001", "100000000000001"


def someone(kind: IdKind, value: str, **names: str) -> Person:
    """A person known by one name."""
    return Person(identities=(Identity(kind, value, value),), **names)


ASHA_IG = someone(IdKind.IGSID, "1280000000000011")
ASHA_FB = someone(IdKind.PSID, "7100000000000021")


def document(channel: str, name: str) -> Any:
    """A payload file of ours, as `ingest` gets it."""
    return clean.loads((PAYLOADS / channel / f"{name}.json").read_bytes())


def parse(channel: str, name: str) -> Parsed:
    """What the exact bytes of this file say."""
    return ADAPTERS[channel].parse(document(channel, name))


def events(channel: str, name: str) -> list[Any]:
    """The events of a file in which nothing is broken."""
    parsed = parse(channel, name)
    assert parsed.failures == []
    return parsed.events


def only(channel: str, name: str, kind: type[E]) -> E:
    """The one event of a file."""
    (event,) = events(channel, name)
    assert type(event) is kind
    return event


def problem(channel: str, name: str) -> str:
    """The last line of what went wrong, in a file of one broken item."""
    parsed = parse(channel, name)
    assert parsed.events == []
    (failure,) = parsed.failures
    return failure.traceback.strip().splitlines()[-1]
