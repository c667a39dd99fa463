"""Ends API keys: of a workspace, of a person, or all there are."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from flexoraa.lib.acting import Actor, acting
from teams.models import ApiKey


class Command(BaseCommand):
    """For a leak: their next request is refused. The audit trail says which went."""

    help = "Revokes API keys; the next request with one is refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workspace", help="its slug")
        parser.add_argument("--made-by", help="an e-mail address")
        parser.add_argument("--prefix", help="how the key begins: flx_…")
        parser.add_argument("--all", action="store_true", help="every key there is")

    def handle(self, **options: Any) -> None:
        wanted = {
            "workspace__slug": options["workspace"],
            "made_by__email": options["made_by"],
            "prefix": options["prefix"],
        }
        wanted = {name: value for name, value in wanted.items() if value}
        if not wanted and not options["all"]:
            raise CommandError("Say which: --workspace, --made-by, --prefix or --all.")
        with acting(Actor("command")):
            count, _ = ApiKey.objects.filter(**wanted).delete()
        self.stdout.write(f"{count} keys revoked.")
