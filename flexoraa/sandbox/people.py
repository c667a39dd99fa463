"""Who is at the other end: people, when they last wrote, and their chats so far.

The sandbox's own view, learned from the webhooks that it sends or is told of, as Meta
knows it from its own traffic.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from flexoraa.sandbox.events import Person

DAY = 24 * 3600.0
RANKS = {"sent": 1, "delivered": 2, "read": 3, "played": 4, "failed": 5}


@dataclass
class Bubble:
    """One message of a chat; `mine` as the person sees it."""

    id: str
    mine: bool
    kind: str
    text: str = ""
    media: str = ""  # URL that the phone can show
    mime_type: str = ""
    filename: str = ""
    choices: list[dict[str, str]] = field(default_factory=list)  # title, payload, kind
    reply_to: str = ""
    status: str = ""  # how far it came: sent, delivered, read, failed
    ref: str = ""  # what the business calls it
    reactions: dict[str, str] = field(default_factory=dict)  # by "me" and "them"
    at: float = field(default_factory=time.time)


@dataclass
class Chat:
    """One person with one account; `last_wrote` opens the window, 0 is never."""

    account: str
    person: str
    name: str = ""
    last_wrote: float = 0.0
    reachable: bool = True  # False: WhatsApp accepts and reports 131026 later
    typing_until: float = 0.0
    bubbles: list[Bubble] = field(default_factory=list)

    def find(self, message_id: str) -> Bubble | None:
        """The message of that id."""
        return next((b for b in reversed(self.bubbles) if b.id == message_id), None)

    def is_open(self, seconds: float = DAY) -> bool:
        """Whether the person wrote within this time."""
        return time.time() - self.last_wrote < seconds

    def as_dict(self) -> dict[str, Any]:
        """For JSON, without the bubbles."""
        last = self.bubbles[-1] if self.bubbles else None
        return {
            "account": self.account,
            "person": self.person,
            "name": self.name,
            "last_wrote": self.last_wrote,
            "is_typing": self.typing_until > time.time(),
            "last": asdict(last) if last else None,
        }


class People:
    """Every chat, and a condition that tells of changes."""

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.RLock())
        self._chats: dict[tuple[str, str], Chat] = {}
        self._owners: dict[str, Chat] = {}  # by message id
        self._version = 0

    @contextmanager
    def chat(self, account: str, person: str) -> Iterator[Chat]:
        """The chat, made when there is none, to look at and to change."""
        with self._changed:
            key = account, person
            if key not in self._chats:
                self._chats[key] = Chat(account, person)
            yield self._chats[key]
            self._version += 1
            self._changed.notify_all()

    def say(self, account: str, person: str, bubble: Bubble) -> bool:
        """Put a message into the chat; False when it is there already."""
        with self.chat(account, person) as chat:
            if bubble.id in self._owners:
                return False
            self._owners[bubble.id] = chat
            chat.bubbles.append(bubble)
            return True

    def owner(self, message_id: str) -> Chat | None:
        """The chat that holds this message."""
        with self._changed:
            return self._owners.get(message_id)

    def known(self, account: str, person: str) -> bool:
        """Whether they ever met."""
        with self._changed:
            return (account, person) in self._chats

    def person(self, account: str, person: str) -> Person:
        """Them, as webhooks name them."""
        name = self.look(account, person).name
        return Person(
            person, name, f"IN.1{int(person):019d}" if person.isdigit() else ""
        )

    def wrote(self, account: str, person: str, at: float | None = None) -> None:
        """The person wrote (now): this opens the window, and never closes it."""
        with self.chat(account, person) as chat:
            chat.last_wrote = max(chat.last_wrote, time.time() if at is None else at)

    def fell_silent(self, account: str, person: str, hours: float) -> None:
        """The person wrote for the last time so many hours ago."""
        with self.chat(account, person) as chat:
            chat.last_wrote = time.time() - hours * 3600

    def profile(self, person: str) -> Chat | None:
        """Any chat of this person that has a name."""
        with self._changed:
            chats = [c for c in self._chats.values() if c.person == person]
        return max(chats, key=lambda chat: bool(chat.name), default=None)

    def progress(self, account: str, person: str, message_id: str, word: str) -> None:
        """A message of the business came further; it never falls back."""
        with self.chat(account, person) as chat:
            bubble = chat.find(message_id)
            if bubble and RANKS[word] > RANKS.get(bubble.status, 0):
                bubble.status = word

    def listing(self) -> list[dict[str, Any]]:
        """All chats, the latest first."""
        with self._changed:
            found = [chat.as_dict() for chat in self._chats.values()]

        def latest(chat: dict[str, Any]) -> float:
            return chat["last"]["at"] if chat["last"] else chat["last_wrote"]

        return sorted(found, key=latest, reverse=True)

    def thread(self, account: str, person: str) -> list[dict[str, Any]]:
        """The bubbles of a chat by time."""
        with self._changed:
            chat = self._chats.get((account, person), Chat(account, person))
            return [asdict(b) for b in sorted(chat.bubbles, key=lambda b: b.at)]

    def look(self, account: str, person: str) -> Chat:
        """A chat to look at only; an empty one when they never met."""
        with self._changed:
            return self._chats.get((account, person), Chat(account, person))

    def wait(self, version: int, seconds: float) -> int:
        """Until something changed after this version, or the time is over; the
        version now."""
        with self._changed:
            self._changed.wait_for(lambda: self._version > version, seconds)
            return self._version

    def clear(self) -> None:
        """Forget everybody."""
        with self._changed:
            self._chats.clear()
            self._owners.clear()
            self._version += 1
            self._changed.notify_all()
