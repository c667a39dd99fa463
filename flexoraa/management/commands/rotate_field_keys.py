"""Seals everything at rest with the first of FIELD_KEYS, so that the others may go."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from flexoraa.lib.acting import Actor, acting
from flexoraa.lib.resealing import reseal_all


class Command(BaseCommand):
    """Safe while the product serves, and safe to run twice; see docs/security.md."""

    help = "Seals tokens and seeds anew with the first key of FIELD_KEYS."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="change nothing; fail unless the first key opens everything",
        )

    def handle(self, *, check: bool, **options: Any) -> None:
        lost = older = 0
        self.stdout.write(f"{len(settings.FIELD_KEYS)} keys in FIELD_KEYS.")
        with acting(Actor("command")):
            for done in reseal_all(write=not check):
                words = "to seal anew" if check else "sealed anew"
                self.stdout.write(
                    f"{done.place}: {done.anew} {words}, {done.already} already so"
                )
                for pk in done.lost:
                    self.stderr.write(f"{done.place}: no key opens row {pk}")
                lost, older = lost + len(done.lost), older + done.anew
        if lost:
            raise CommandError(f"{lost} values are lost to these keys: add the older.")
        if check and older:
            raise CommandError(f"{older} values need an older key: rotate first.")
        self.stdout.write(self.style.SUCCESS("The first key opens everything."))
