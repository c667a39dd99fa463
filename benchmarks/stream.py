"""The traffic of the benchmarks: webhook bodies of three channels, signed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from benchmarks import load
from flexoraa.sandbox import events, story
from flexoraa.sandbox.workspace import make_workspace

START = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = "sandbox-app-secret"


def connect_accounts() -> None:
    """The three accounts that the bodies are for."""
    make_workspace(story.ACCOUNTS)


def post(body: bytes, path: str = "/webhooks/whatsapp") -> bytes:
    """The bytes of a signed POST."""
    headers = {
        "Content-Type": "application/json",
        "X-Hub-Signature-256": events.sign(body, SECRET),
    }
    return load.request(path, body, headers)


def whatsapp_bodies(count: int, prefix: str = "door") -> list[bytes]:
    """Text messages of five hundred people to one number."""
    return [
        events.text(
            story.NUMBER,
            events.Person(f"9198{number % 500:08d}", f"Person {number % 500}"),
            f"wamid.{prefix}{number}",
            START + timedelta(seconds=number),
            f"Hello, this is message number {number}",
        )
        for number in range(count)
    ]


def mixed(count: int, people: int = 3000) -> Iterator[tuple[str, bytes]]:
    """(channel, body): texts on all three channels in turn, one message a POST."""
    for number in range(count):
        account = story.ACCOUNTS[number % 3]
        person = events.Person(
            f"9197{number % people:08d}", f"Person {number % people}"
        )
        at = START + timedelta(seconds=number)
        words = f"Hello, this is message number {number}. How are you today?"
        mid = f"wamid.bench{number:08d}"
        yield account.channel, events.text(account, person, mid, at, words)
