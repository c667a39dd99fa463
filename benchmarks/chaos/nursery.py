"""Workers that are born and killed: a warm parent forks them, so that each is at work
within moments, and sends kill -9 to one of them every few tenths of a second.

    python -m benchmarks.chaos.nursery --children 3 --pause 0.3 1.0 [--blind] [--most 2]
        [--skew 600]

With a skew one child's clock is so many seconds ahead, the next one's behind, the next
one's right, and so on. SIGUSR1 ends the killing, or so many kills do; SIGTERM ends the
workers. It prints how
many it killed.
"""

import argparse
import os
import random
import signal
import time
from types import FrameType
from typing import NoReturn

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flexoraa.settings")
django.setup()

from django.conf import settings  # noqa: E402 (settings first)
from django.utils.module_loading import import_string  # noqa: E402 (settings first)

from benchmarks.chaos import blind, skewed  # noqa: E402 (settings first)
from flexoraa.lib import work  # noqa: E402 (settings first)


class Nursery:
    """Keeps so many workers alive, and kills."""

    def __init__(
        self,
        children: int,
        pause: tuple[float, float],
        seed: int,
        most: int = 0,
        skew: float = 0,
    ) -> None:
        self._count, self._pause, self._most = children, pause, most
        self._skew, self._born = skew, 0
        self._chance = random.Random(seed)
        self._pids: list[int] = []
        self._is_calm = self._is_over = False
        self.kills = 0

    def run(self) -> None:
        """Until SIGTERM."""
        signal.signal(signal.SIGUSR1, self._calm)
        signal.signal(signal.SIGTERM, self._end)
        due = time.monotonic() + self._chance.uniform(*self._pause)
        while not self._is_over:
            self._refill()
            time.sleep(0.02)
            if not self._is_calm and time.monotonic() >= due:
                self._kill_one()
                due = time.monotonic() + self._chance.uniform(*self._pause)
        for pid in self._pids:
            os.kill(pid, signal.SIGTERM)
        for pid in self._pids:
            os.waitpid(pid, 0)

    def _calm(self, *_: int | FrameType | None) -> None:
        self._is_calm = True

    def _end(self, *_: int | FrameType | None) -> None:
        self._is_over = True

    def _refill(self) -> None:
        """As many as there should be; those that died of themselves count as dead."""
        self._pids = [pid for pid in self._pids if os.waitpid(pid, os.WNOHANG)[0] == 0]
        while len(self._pids) < self._count:
            pid = os.fork()
            if pid == 0:
                if self._skew:
                    self._lose_time()
                _work()
            self._born += 1
            self._pids.append(pid)

    def _lose_time(self) -> None:
        skewed.shift(self._skew * (1, -1, 0)[self._born % 3])

    def _kill_one(self) -> None:
        pid = self._pids.pop(self._chance.randrange(len(self._pids)))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        self.kills += 1
        self._is_calm = self.kills == self._most or self._is_calm


def _work() -> NoReturn:
    """What `manage.py run_worker` does with messages, in a forked child."""
    random.seed()
    worker = work.Worker(
        [import_string("inbox.ingest.drain")],
        [import_string(path) for path in settings.WORK["chores"]],
        threads=2,
        apart=[
            import_string("inbox.delivery.drain"),
            import_string("inbox.broadcasts.drain"),
        ],
    )
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())
    worker.run(settings.WORK["queues"])
    os._exit(0)


def main() -> None:
    """Parse, run, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--children", type=int, default=3)
    parser.add_argument("--pause", type=float, nargs=2, default=(0.3, 1.0))
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--blind", action="store_true")
    parser.add_argument("--careless", action="store_true")
    parser.add_argument("--most", type=int, default=0, help="kills; 0: no end")
    parser.add_argument("--skew", type=float, default=0)
    options = parser.parse_args()
    if options.blind:
        blind.retry()
    if options.careless:
        blind.forget()
    nursery = Nursery(
        options.children,
        tuple(options.pause),
        options.seed,
        options.most,
        options.skew,
    )
    nursery.run()
    print(nursery.kills, flush=True)


if __name__ == "__main__":
    main()
