"""The webhooks that a platform sends back: in time, late, twice, shuffled, or not."""

import heapq
import itertools
import random
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from flexoraa.sandbox import events
from flexoraa.sandbox.platform import Platform
from flexoraa.sandbox.story import Post

RETRY_SECONDS = (0.5, 1, 2, 5, 15, 60)


@dataclass
class Manners:
    """How statuses come. Seconds from acceptance to each word; a word without an entry
    does not come by itself. All of it may be changed while the sandbox runs."""

    delays: dict[str, float] = field(
        default_factory=lambda: {"sent": 0.05, "delivered": 0.3}
    )
    duplicates: int = 0  # how often each comes again
    shuffled: bool = False  # in any order within the longest delay
    withheld: bool = False  # kept until they are released
    batch: int = 1  # at most so many in one POST (Meta: up to 1,000)
    longest_pause: float = 60.0  # before one that was not taken comes again


class Callbacks:
    """A queue of webhooks and the thread that posts them to one installation.

    Without a URL, and while they are withheld, they are kept: a test takes them.
    """

    def __init__(self, url: str, secret: str, manners: Manners) -> None:
        self.manners = manners
        self._url, self._secret = url, secret
        self._platform = Platform(url, secret)
        self._waiting: list[tuple[float, int, Post, int]] = []
        self._numbers = itertools.count()
        self._chance = random.Random(7)  # noqa: S311 (no secret)
        self._news = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        """Begin to post, if there is somebody to post to."""
        if self._url:
            self._thread.start()

    def stop(self) -> None:
        """What has not been posted is lost."""
        with self._news:
            self._stopping = True
            self._news.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def plan(self, channel: str, body: bytes, seconds: float = 0.0) -> None:
        """Post this so many seconds from now, in the manner that is set."""
        longest = max(self.manners.delays.values(), default=0.0)
        with self._news:
            for _ in range(1 + self.manners.duplicates):
                if self.manners.shuffled:
                    seconds = self._chance.random() * longest
                self._put(time.monotonic() + seconds, Post(channel, body))
            self._news.notify_all()

    def post_now(self, post: Post) -> int:
        """Post at once, whatever the manners: what a person does is not held back.
        The status of the answer, 0 when none came; without a URL it waits, as 200."""
        if self._url:
            return Platform(self._url, self._secret).post(post)
        with self._news:
            self._put(time.monotonic(), post)
        return 200

    def take(self) -> list[Post]:
        """What was planned and not posted, in the order of its time. It goes."""
        with self._news:
            taken = [item[2] for item in sorted(self._waiting)]
            self._waiting.clear()
            return taken

    def release(self) -> None:
        """Withhold no more."""
        self.manners.withheld = False
        self.wake()

    def wake(self) -> None:
        """The manners were changed: look again."""
        with self._news:
            self._news.notify_all()

    def waiting(self) -> int:
        """How many were planned and not posted."""
        with self._news:
            return len(self._waiting)

    def _put(self, due: float, post: Post, tries: int = 0) -> None:
        heapq.heappush(self._waiting, (due, next(self._numbers), post, tries))

    def _run(self) -> None:
        while due := self._next():
            for post, tries in due:
                code = self._platform.post(post)
                if code != 200:  # as Meta does, less and less often
                    pause = RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)]
                    pause = min(pause, self.manners.longest_pause)
                    with self._news:
                        self._put(time.monotonic() + pause, post, tries + 1)

    def _next(self) -> list[tuple[Post, int]]:
        """Wait for what is due and take it; nothing when it is time to stop."""
        with self._news:
            while not self._stopping:
                now = time.monotonic()
                pause = None
                if self._waiting and not self.manners.withheld:
                    pause = self._waiting[0][0] - now
                if pause is not None and pause <= 0:
                    return self._take_due(now)
                self._news.wait(pause)
        return []

    def _take_due(self, now: float) -> list[tuple[Post, int]]:
        taken: list[tuple[Post, int]] = []
        while (
            self._waiting
            and self._waiting[0][0] <= now
            and len(taken) < max(1, self.manners.batch)
        ):
            _, _, post, tries = heapq.heappop(self._waiting)
            taken.append((post, tries))
        return list(_merged(taken)) if self.manners.batch > 1 else taken


def _merged(posts: Iterable[tuple[Post, int]]) -> Iterable[tuple[Post, int]]:
    """One POST for each channel."""
    by_channel: dict[str, list[tuple[Post, int]]] = {}
    for post, tries in posts:
        by_channel.setdefault(post.channel, []).append((post, tries))
    for channel, found in by_channel.items():
        body = events.merge(*(post.body for post, _ in found))
        yield Post(channel, body), max(tries for _, tries in found)
