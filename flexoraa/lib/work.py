"""The worker's engine: threads that drain queues, woken by NOTIFY or a clock.

A drain is a function without arguments that does one batch and returns how much it
did. The rows it drains are the queue; a notification is only a hint, so losing one
costs at most a second.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from django.db import close_old_connections, connection

from flexoraa.lib import sets
from flexoraa.lib.acting import Actor, acting

log = logging.getLogger(__name__)
Drain = Callable[[], int]
Chore = Callable[[], None]

IDLE_SECONDS = 1.0  # between looks when nothing was announced
EAGER_SECONDS = 0.02  # between looks while things are coming in
EAGER_FOR = 2.0  # seconds after a thread's last find
NEWS_FOR = 0.3  # seconds after an announcement, for all: others go on with it
NOTIFY_EVERY = 0.5  # seconds; shorter than EAGER_FOR, or announcements would be missed
APPLICATION_NAME = "flexoraa-worker"  # of the listening session
CHORES_LOCK = 7_102_025  # any number, the same in every worker


class Bell:
    """Tells workers that a queue has something, at most twice a second and process.

    Each commit with a NOTIFY takes a lock of the whole server, so not every insert can
    afford one. It need not: the thread that found what was announced keeps looking
    eagerly for longer than the pause between two rings.
    """

    also: ClassVar[Callable[[str], None] | None] = None  # another runner's bell

    def __init__(self, queue: str) -> None:
        self.queue = queue
        self._rung_at = 0.0

    def ring(self) -> None:
        """Call after the commit."""
        now = time.monotonic()
        if now - self._rung_at >= NOTIFY_EVERY:
            self._rung_at = now
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_notify(%s, '')", [self.queue])
            if Bell.also:
                Bell.also(self.queue)


def running() -> int:
    """How many workers listen on this database."""
    return sets.fetch(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s "
        "AND datname = current_database()",
        [APPLICATION_NAME],
    )[0][0]


def drain_all(drains: Sequence[Drain], chores: Sequence[Chore]) -> int:
    """Work in this thread until nothing is left; how much was done."""
    total = 0
    while True:
        for chore in chores:
            chore()
        done = sum(drain() for drain in drains)
        total += done
        if not done:
            return total


def do_chores(chores: Sequence[Chore]) -> bool:
    """Do them now, unless a worker is at it; whether it was our turn.

    For runners whose sessions come and go; a Worker keeps the turn while it lives.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [CHORES_LOCK])
        if not cursor.fetchone()[0]:
            return False
    try:
        for chore in chores:
            chore()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [CHORES_LOCK])
    return True


class Worker:
    """Runs drains on threads and chores on a clock until it is told to stop."""

    def __init__(
        self,
        drains: Sequence[Drain],
        chores: Sequence[Chore],
        threads: int,
        apart: Sequence[Drain] = (),
        finishers: Sequence[Drain] = (),
    ) -> None:
        """Those in `apart` have a thread each, once more for each time they are named:
        they wait for others, and hold up nobody meanwhile. `finishers` wait for what is
        under way when all threads have ended."""
        self._drains = drains
        self._apart = apart
        self._chores = chores
        self._count = threads
        self._finishers = finishers
        self._stopping = threading.Event()
        self._news = threading.Condition()
        self._news_until = 0.0

    def run(self, queues: Sequence[str]) -> None:
        """Work until `stop`; returns when all threads have finished their batch."""
        crews = [self._drains] * self._count + [[drain] for drain in self._apart]
        bodies: list[Callable[[], None]] = [
            partial(self._drain_forever, crew) for crew in crews
        ]
        bodies += [self._do_chores, lambda: self._listen(queues)]
        threads = [threading.Thread(target=self._guard, args=[body]) for body in bodies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for finish in self._finishers:
            finish()

    def stop(self) -> None:
        """Claim nothing more; what is running is finished."""
        self._stopping.set()
        with self._news:
            self._news.notify_all()

    def wake(self) -> None:
        """Something came in: look at once, and often for a moment."""
        with self._news:
            self._news_until = time.monotonic() + NEWS_FOR
            self._news.notify_all()

    def _guard(self, body: Callable[[], None]) -> None:
        """Run a thread's body again whenever it fails: a restarted database, say."""
        pause = 0.1
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                with acting(Actor("worker")):
                    body()
            except Exception as error:
                log.warning("The worker goes on after %r", error)
                connection.close()
            if time.monotonic() - started > 10:
                pause = 0.1
            self._stopping.wait(pause * (0.5 + random.random()))  # noqa: S311 (no secret)
            pause = min(pause * 2, 5.0)
        connection.close()

    def _drain_forever(self, drains: Sequence[Drain]) -> None:
        eager_until = 0.0
        while not self._stopping.is_set():
            close_old_connections()
            if sum(drain() for drain in drains):
                eager_until = time.monotonic() + EAGER_FOR
            else:
                self._rest(eager_until)

    def _rest(self, eager_until: float) -> None:
        """Until the next look. Eager is who found something, not who might: twenty
        queues looked at fifty times a second are half a processor."""
        with self._news:
            is_eager = time.monotonic() < max(eager_until, self._news_until)
            if not self._stopping.is_set():
                self._news.wait(EAGER_SECONDS if is_eager else IDLE_SECONDS)

    def _do_chores(self) -> None:
        while not self._stopping.is_set():
            close_old_connections()
            if self._has_turn():
                for chore in self._chores:
                    chore()
            self._stopping.wait(IDLE_SECONDS)

    def _has_turn(self) -> bool:
        """One worker of all does the chores: who holds this session lock."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' "
                "AND pid = pg_backend_pid() AND objid = %s AND granted) "
                "OR pg_try_advisory_lock(%s)",
                [CHORES_LOCK, CHORES_LOCK],
            )
            return cursor.fetchone()[0]

    def _listen(self, queues: Sequence[str]) -> None:
        """Wait for bells on a connection of its own."""
        with connection.cursor() as cursor:
            cursor.execute("SET application_name = %s", [APPLICATION_NAME])
            for queue in queues:
                cursor.execute(f'LISTEN "{queue}"')
        while not self._stopping.is_set():
            for _ in connection.connection.notifies(timeout=0.5, stop_after=1):
                self.wake()
