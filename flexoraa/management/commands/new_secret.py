"""Prints the environment's next line for a secret: the new value, and the old ones
where several are believed at a time."""

import secrets
from argparse import ArgumentParser
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.management.base import BaseCommand

STEPS = {
    "FIELD_KEYS": "append it, restart all; put it first, restart all; "
    "rotate_field_keys; drop the old one, restart all",
    "SECRET_KEY": "set both lines, restart all; drop the fallback after two weeks, "
    "when the last session it signed has ended",
    "META_VERIFY_TOKEN": "set it, restart web, enter it in Meta's webhook settings",
}


class Command(BaseCommand):
    """Changes nothing: secrets live in the environment."""

    help = "Prints a new FIELD_KEYS, SECRET_KEY or META_VERIFY_TOKEN, and what to do."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", choices=sorted(STEPS))

    def handle(self, *, name: str, **options: Any) -> None:
        if name == "FIELD_KEYS":
            keys = [*settings.FIELD_KEYS, Fernet.generate_key().decode()]
            self.stdout.write(f"FIELD_KEYS={','.join(keys)}")
        else:
            self.stdout.write(f"{name}={secrets.token_urlsafe(60)}")
        if name == "SECRET_KEY":
            older = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
            self.stdout.write(f"SECRET_KEY_FALLBACKS={','.join(older)}")
        self.stderr.write(f"Then: {STEPS[name]}.")
