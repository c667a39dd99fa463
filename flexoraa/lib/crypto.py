"""Encryption at rest: a text field whose column never holds the plain text."""

from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


class Undecryptable(Exception):
    """None of FIELD_KEYS made this value: a key was removed too early, or is wrong."""


@cache
def _box(keys: tuple[str, ...]) -> MultiFernet:
    if not any(keys):
        raise ImproperlyConfigured(
            "FIELD_KEYS is empty: make one with "
            'python -c "from cryptography.fernet import Fernet as F;'
            'print(F.generate_key().decode())"'
        )
    return MultiFernet([Fernet(key) for key in keys if key])


def encrypt(plain: str) -> str:
    """The text under the first of FIELD_KEYS; "" stays ""."""
    return plain and _box(tuple(settings.FIELD_KEYS)).encrypt(plain.encode()).decode()


def decrypt(sealed: str) -> str:
    """The text that any of FIELD_KEYS sealed; raises Undecryptable."""
    try:
        return sealed and _box(tuple(settings.FIELD_KEYS)).decrypt(sealed).decode()
    except InvalidToken as error:
        raise Undecryptable("no key in FIELD_KEYS opens this value") from error


def reseal(sealed: str) -> str | None:
    """The same text under the first of FIELD_KEYS; None if it is already. Raises
    Undecryptable."""
    first = _box(tuple(settings.FIELD_KEYS)[:1])
    try:
        first.decrypt(sealed)
    except InvalidToken:
        return encrypt(decrypt(sealed))
    return None


class Secret:
    """A secret in memory that prints as dots, so that no log or page shows it."""

    __slots__ = ("_plain",)

    def __init__(self, plain: str) -> None:
        self._plain = plain

    def reveal(self) -> str:
        """The plain text, for the one call that needs it."""
        return self._plain

    def __bool__(self) -> bool:
        return bool(self._plain)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._plain == self._plain

    def __hash__(self) -> int:
        return hash(self._plain)

    def __repr__(self) -> str:
        return "••••" if self._plain else ""


class SecretField(models.TextField):
    """Sealed on the way to the database, a Secret on the way back."""

    def get_prep_value(self, value: Any) -> Any:
        plain = value.reveal() if isinstance(value, Secret) else value
        return encrypt(plain or "")

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Secret:
        return Secret(decrypt(value or ""))
