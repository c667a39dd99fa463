"""What goes on during the storm: people write, agents answer, both without knowing."""

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

import requests
from django.db import Error, connection, transaction

from flexoraa.sandbox import events
from flexoraa.sandbox.events import Account, Person
from flexoraa.sandbox.platform import Platform
from flexoraa.sandbox.story import Post
from inbox import replies
from inbox.models import ChannelAccount, Conversation
from teams.models import Workspace

T = TypeVar("T")
SECRET = "sandbox-app-secret"
CHANNELS = ("whatsapp", "instagram", "facebook")
PER_CONVERSATION = 6  # replies at most, in this many turns
IN_ONE_POST = 5
AGAIN = 0.05  # of the posts come twice


def accounts(count: int) -> list[Account]:
    """So many numbers, pages and Instagram accounts."""
    return [
        Account(
            channel := CHANNELS[number % 3],
            f"{77000000000 + number}",
            f"{66000000000 + number}" if channel == "whatsapp" else "",
            f"Account {number}",
        )
        for number in range(count)
    ]


def connect(found: list[Account], graph: str) -> None:
    """Make them known on both sides; they may send as fast as they can."""
    workspace = Workspace.objects.create(slug="chaos", name="Chaos")
    for account in found:
        token = f"chaos-{account.external_id}"
        ChannelAccount.objects.create(
            workspace=workspace,
            channel=account.channel,
            external_id=account.external_id,
            parent_external_id=account.parent,
            name=account.name,
            token=token,
            sends_per_second=1000,
        )
        known = {
            "channel": account.channel,
            "external_id": account.external_id,
            "parent": account.parent,
            "token": token,
        }
        requests.post(f"{graph}/_sandbox/accounts", json=known, timeout=10)


def posts(found: list[Account], people: int, count: int) -> Iterator[Post]:
    """So many messages, a few in a POST; everybody writes in turn."""
    numbers = itertools.count()
    chance = random.Random(5)
    for _ in range(0, count, IN_ONE_POST):
        account = chance.choice(found)
        bodies = []
        for _ in range(IN_ONE_POST):
            number = next(numbers)
            person = Person(f"91{account.external_id[-3:]}{number % people:07d}", "P")
            mid, words = f"in.{number}", f"Message {number}"
            now = datetime.now(UTC)
            bodies.append(events.text(account, person, mid, now, words))
        post = Post(account.channel, events.merge(*bodies))
        yield post
        if chance.random() < AGAIN:
            yield post


class Poster(threading.Thread):
    """Meta: posts each until it is taken."""

    def __init__(self, url: str, stream: Iterator[Post], lock: threading.Lock) -> None:
        super().__init__()
        self._platform = Platform(url, SECRET)
        self._stream, self._lock = stream, lock

    def run(self) -> None:
        while post := self._next():
            while self._platform.post(post) != 200:
                time.sleep(0.2)

    def _next(self) -> Post | None:
        with self._lock:
            return next(self._stream, None)


class Agents(threading.Thread):
    """Queue replies in conversations as they come up, until enough are queued.

    A commit whose answer is lost may have happened: each try has words of its own, and
    what counts as queued is what the table holds in the end.
    """

    def __init__(self, wanted: int) -> None:
        super().__init__()
        self.wanted, self.queued = wanted, 0
        self._words = itertools.count()

    def run(self) -> None:
        turn: list[int] = []
        while self.queued < self.wanted:
            if not turn:
                turn = patiently(self._open)
                time.sleep(0.2)
                continue
            some, turn = turn[:50], turn[50:]
            self.queued += patiently(lambda ids=some: self._answer(ids))
        connection.close()

    def _open(self) -> list[int]:
        """Conversations with fewer replies than they may get, at random."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT v.id FROM inbox_conversation v WHERE (SELECT count(*) FROM "
                "inbox_message m WHERE m.conversation_id = v.id AND "
                "m.direction = 'out') < %s ORDER BY random() LIMIT 2000",
                [PER_CONVERSATION],
            )
            return [row[0] for row in cursor.fetchall()]

    @transaction.atomic
    def _answer(self, ids: list[int]) -> int:
        rows = Conversation.objects.filter(pk__in=ids).select_related("account")
        count = 0
        for conversation in rows[: self.wanted - self.queued]:
            words = f"Reply {next(self._words)}"
            replies.queue(conversation, author=None, text=words)
            count += 1
        return count


def patiently(job: Callable[[], T]) -> T:
    """Do it until the database lets us."""
    while True:
        try:
            return job()
        except Error:
            connection.close()
            time.sleep(0.2)
