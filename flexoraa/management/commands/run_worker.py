"""The worker process: drains the queues until SIGTERM or Ctrl-C."""

import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string

from flexoraa.lib import work


class Command(BaseCommand):
    """Threads over the functions that settings.WORK names."""

    help = "Works off webhooks, and sends replies and mail, from their tables."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--threads", type=int, default=2, help="how many batches at a time (2)"
        )
        parser.add_argument(
            "--once", action="store_true", help="stop when the queues are empty"
        )

    def handle(self, *, threads: int, once: bool, **options: Any) -> None:
        drains, apart, chores, finishers = (
            [import_string(path) for path in settings.WORK[kind]]
            for kind in ("drains", "apart", "chores", "finishers")
        )
        if once:
            done = work.drain_all([*drains, *dict.fromkeys(apart)], chores)
            self.stdout.write(f"{done} done, nothing left.")
            return
        worker = work.Worker(drains, chores, threads, apart, finishers)
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: worker.stop())
        self.stdout.write(f"The worker runs on {threads} threads. Ctrl-C stops it.")
        worker.run(settings.WORK["queues"])
        self.stdout.write("The worker has stopped; nothing is left half done.")
