"""A person taken out of JSON that others are in, too: webhooks' bodies, and notes of
what was asked for. Knows no provider: who is named is found by value, wherever it is.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flexoraa.lib import clean

NOTHING = b"{}"
GONE = object()


@dataclass(frozen=True)
class Sought:
    """Whom to take out: ids and other words that name them, each as a whole; and only
    from what these accounts were told (their ids at the provider)."""

    accounts: frozenset[str]
    words: frozenset[str]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts = sorted(filter(None, self.words), key=len, reverse=True)
        joined = "|".join(map(re.escape, parts)) or r"(?!)"
        return re.compile(rf"(?<![^\W_])(?:{joined})(?![^\W_])", re.IGNORECASE)

    def names(self, text: str) -> bool:
        """Whether one of the words is in the text, not as a part of a longer one."""
        return bool(self._pattern.search(text))

    def without(self, text: str) -> str:
        """The text with dots for the words."""
        return self._pattern.sub("•••", text)


def redacted(body: bytes, sought: Sought) -> bytes:
    """The body without the items that name the person; the same bytes when there are
    none. A body that nobody can read, and that names them, is emptied."""
    try:
        document = clean.loads(body)
    except clean.Unreadable:
        text = body.decode(errors="replace")
        is_ours = any(account in text for account in sought.accounts)
        return NOTHING if is_ours and sought.names(text) else body
    if not _names(document, sought):
        return body
    pruned = _element(document, sought, is_ours=False)
    if pruned is GONE:
        return NOTHING
    return body if pruned == document else json.dumps(pruned).encode()


def blanked(document: Any, sought: Sought) -> Any:
    """The document with dots wherever a text in it names the person."""
    if isinstance(document, dict):
        return {key: blanked(value, sought) for key, value in document.items()}
    if isinstance(document, list):
        return [blanked(value, sought) for value in document]
    if isinstance(document, str):
        return sought.without(document)
    if isinstance(document, int) and sought.names(str(document)):
        return 0
    return document


def _element(part: Any, sought: Sought, *, is_ours: bool) -> Any:
    """The part without the person: its lists are looked into first, and only when it
    names them still does it go as a whole."""
    if not _names(part, sought):
        return part
    is_ours = is_ours or not sought.accounts.isdisjoint(_plain(part))
    pruned = _pruned(part, sought, is_ours)
    return GONE if is_ours and _names(pruned, sought) else pruned


def _pruned(part: Any, sought: Sought, is_ours: bool) -> Any:
    if isinstance(part, dict):
        return {key: _pruned(value, sought, is_ours) for key, value in part.items()}
    if isinstance(part, list):
        kept = (_element(each, sought, is_ours=is_ours) for each in part)
        return [each for each in kept if each is not GONE]
    return part


def _plain(part: Any) -> set[str]:
    """Every value in it that is in no list."""
    if isinstance(part, dict):
        return {word for value in part.values() for word in _plain(value)}
    return set() if isinstance(part, list) else {str(part)}


def _names(part: Any, sought: Sought) -> bool:
    return any(map(sought.names, _texts(part)))


def _texts(part: Any) -> Iterator[str]:
    """Every value in it, and every key."""
    if isinstance(part, dict):
        for key, value in part.items():
            yield str(key)
            yield from _texts(value)
    elif isinstance(part, list):
        for value in part:
            yield from _texts(value)
    elif part is not None:
        yield str(part)
