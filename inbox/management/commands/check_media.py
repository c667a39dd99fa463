"""Compares the files under MEDIA_ROOT with the rows that name them, and mends."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from flexoraa.lib.acting import Actor, acting
from inbox import stocktaking


class Command(BaseCommand):
    """Safe while the product serves: young files are left alone."""

    help = (
        "Lists attachments whose file is gone, and files of more than a day that no "
        "attachment names. Fails if there are any, unless it mends them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--mend",
            action="store_true",
            help="mark the former as lost, and delete the latter",
        )

    def handle(self, *, mend: bool, **options: Any) -> None:
        missing = list(stocktaking.missing())
        unnamed = list(stocktaking.unnamed())
        for row in missing:
            self.stdout.write(f"attachment {row.attachment}: no file {row.path.name}")
        for path in unnamed:
            self.stdout.write(f"nobody names {path.parent.parent.name}/{path.name}")
        if mend:
            with acting(Actor("command")):
                lost = stocktaking.mark_lost(missing)
            gone = stocktaking.remove(unnamed)
            self.stdout.write(f"{lost} marked as lost, {gone} files deleted.")
        elif missing or unnamed:
            raise CommandError(
                f"{len(missing)} files are missing, {len(unnamed)} belong to nobody: "
                "look at them, then run it with --mend."
            )
        else:
            self.stdout.write("Files and rows agree.")
