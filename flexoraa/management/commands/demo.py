"""`make run`: the whole product with a story in it, watched over until Ctrl-C."""

import os
import signal
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from flexoraa.lib import localpg
from flexoraa.sandbox import story
from flexoraa.sandbox.farewell import farewell
from flexoraa.sandbox.market import count_market, make_market
from flexoraa.sandbox.platform import Platform
from flexoraa.sandbox.processes import EVENTS, GRAPH, WEB, WORKER, Processes, free_port
from flexoraa.sandbox.razorpay_demo import make_money
from flexoraa.sandbox.workspace import (
    count_rows,
    furnish,
    make_workspace,
)

EVENTS_PORT, META_PORT, RAZORPAY_PORT = 1, 80, 160  # above the web's


class Command(BaseCommand):
    """Database, processes, story, and then life goes on."""

    help = "Starts the product with demo data. Needs SANDBOX=true; see `make run`."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000, help="or the next free")
        parser.add_argument(
            "--every",
            type=float,
            default=4,
            help="seconds between new messages after the story; 0 for none (4)",
        )
        parser.add_argument(
            "--exit",
            action="store_true",
            help="stop after the story; fails unless the inbox is as it should be",
        )

    def handle(self, *, host: str, port: int, every: float, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("The demo needs SANDBOX=true (and DEBUG=true).")
        signal.signal(signal.SIGTERM, _interrupt)
        self.step("1/5", "Database: bringing it up to date")
        call_command("migrate", verbosity=0)
        self.step("2/5", "Demo workspace, people and channels")
        make_workspace(story.ACCOUNTS)
        plan = make_market()
        self.note(f"half a year of {len(plan.people)} leads, since {plan.first}")
        count_market()
        url = f"http://{host}:{free_port(host, port)}"
        processes = Processes(settings.BASE_DIR, self.note)
        try:
            platform = self.start(processes, host, url)
            told = self.tell(platform)
            if options["exit"]:
                self.verify(told)
                return
            self.stdout.write(farewell(url, platform.graph, self.razorpay))
            self.go_on(processes, platform, every)
        except KeyboardInterrupt:
            self.note("Stopping.")
        finally:
            processes.stop()

    def start(self, processes: Processes, host: str, url: str) -> Platform:
        """Web, live stream, worker and the sandbox of Meta, up and ready."""
        port = int(url.rsplit(":", 1)[1])
        meta = free_port(host, port + META_PORT)
        graph = f"http://{host}:{meta}"
        self.step("3/5", f"Starting web and worker on {url}, Meta on {graph}")
        connection.close()
        os.environ["GRAPH_URL"] = graph
        os.environ["INSTAGRAM_GRAPH_URL"] = f"{graph}/instagram"
        events = free_port(host, port + EVENTS_PORT)
        os.environ["EVENTS_PORT"] = str(events)  # the web process sends browsers there
        processes.start("events", EVENTS.format(host=host, port=events))
        money = free_port(host, port + RAZORPAY_PORT)
        os.environ["RAZORPAY_URL"] = self.razorpay = f"http://{host}:{money}"
        sandbox = GRAPH.format(host=host, port=meta, webhooks=url, razorpay=money)
        processes.start("sandbox", sandbox)
        processes.start("web", WEB.format(host=host, port=port))
        processes.start("worker", WORKER)
        platform = Platform(url, settings.META_APP_SECRETS[0], graph)
        if not platform.wait_until(lambda found: found.get("workers", 0) > 0, 60):
            raise CommandError("Web and worker did not come up within a minute.")
        platform.introduce(story.WRITERS)
        return platform

    def tell(self, platform: Platform) -> dict[str, Any]:
        """Post the story and wait until it is worked off; the rows there are now."""
        posts = story.story(timezone.now())
        self.step("4/5", f"Posting {len(posts)} signed webhooks on three channels")

        def progress(number: int) -> None:
            if number % 10 == 0 or number == len(posts):
                self.note(f"{number} of {len(posts)} posted")

        answers = platform.tell(posts, progress)
        self.step("5/5", f"Answers by status: {dict(answers)}; waiting for the worker")
        drained = platform.wait_until(
            lambda found: (
                found.get("backlog", {}).get("webhooks", {}).get("waiting") == 0
            ),
            60,
        )
        if not drained:
            raise CommandError("The worker did not finish within a minute.")
        furnish()
        self.note(f"invoices: {make_money(self.razorpay)}")
        rows = count_rows()
        for name, count in rows.items():
            self.note(f"{name}: {count}")
        return rows

    def verify(self, rows: dict[str, Any]) -> None:
        """Fail unless the inbox holds what the story says."""
        expected = story.Expected()
        found = story.Expected(
            rows["deliveries"].get("dead", 0),
            rows["deliveries"].get("unroutable", 0),
            tuple(sorted(rows["conversations"])),
        )
        if found != expected:
            raise CommandError(f"Expected {expected}, found {found}.")
        self.step("ok", "The inbox is as it should be.")

    def go_on(self, processes: Processes, platform: Platform, every: float) -> None:
        """Post something new now and then; bring back whatever dies."""
        posts, due = story.live(timezone.now()), time.monotonic() + every
        while True:
            time.sleep(1)
            if not settings.DATABASE_URL:
                localpg.ensure(settings.BASE_DIR)
            processes.revive()
            if every and time.monotonic() >= due:
                platform.post(next(posts))
                due = time.monotonic() + every

    def step(self, place: str, text: str) -> None:
        """A line of progress."""
        self.stdout.write(self.style.SUCCESS(f"[{place}] ") + text)
        self.stdout.flush()

    def note(self, text: str) -> None:
        """A detail of the step."""
        self.stdout.write(f"      {text}")
        self.stdout.flush()


def _interrupt(*_: object) -> None:
    """SIGTERM stops the demo as Ctrl-C does."""
    raise KeyboardInterrupt
