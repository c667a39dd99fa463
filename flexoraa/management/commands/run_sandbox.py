"""The stand-ins for Meta and Razorpay as a process of its own."""

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from flexoraa.sandbox import graph, razorpay


class Command(BaseCommand):
    """A Graph API and a Razorpay of our own until SIGTERM or Ctrl-C."""

    help = "Serves stand-ins for Meta's Graph API and Razorpay. Needs SANDBOX=true."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8080, help="0 is any (8080)")
        parser.add_argument(
            "--webhooks",
            default="",
            help="base URL of the installation that gets webhooks; none when left out",
        )
        parser.add_argument(
            "--razorpay", type=int, default=8602, help="its port; 0 is any (8602)"
        )
        parser.add_argument(
            "--batch", type=int, default=1, help="webhooks in one POST at most (1)"
        )

    def handle(
        self, *, host: str, port: int, webhooks: str, batch: int, **options: Any
    ) -> None:
        if not settings.SANDBOX:
            raise CommandError("The sandbox needs SANDBOX=true; never in production.")
        stopped = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stopped.set())
        secret = settings.META_APP_SECRETS[0]
        with (
            graph.serve(webhooks=webhooks, secret=secret, host=host, port=port) as meta,
            razorpay.serve(
                webhooks=webhooks,
                keys=(settings.RAZORPAY_KEY_ID, settings.RAZORPAY_KEY_SECRET),
                secret=settings.RAZORPAY_WEBHOOK_SECRETS[0],
                path=settings.RAZORPAY_BOOK,
                host=host,
                port=options["razorpay"],
            ) as money,
        ):
            meta.manners.batch = batch
            self.stdout.write(f"The sandbox of Meta is at {meta.url}. Ctrl-C stops it.")
            self.stdout.write(f"That of Razorpay is at {money.url}.")
            self.stdout.flush()
            stopped.wait()
