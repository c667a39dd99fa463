"""Log lines as JSON objects, with ids instead of contents.

A line has the fields named in FIELDS and no others. What a record was formatted with is
masked: e-mail addresses, phone numbers and anything that looks like a token. Of an
exception its class and its place are told, never its words: a database error quotes the
row it was about. One line is one line, whatever is in a name.
"""

import logging
import re
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog

FIELDS = frozenset(
    "event request_id user workspace door method route status ms queries "
    "count queue job task attempt channel account code kind subject id ids "
    "provider state seconds error trace cause".split()
)
FRAMES = 12
LONGEST = 300  # characters of an event
IDS = frozenset(["request_id", "id", "ids"])
MASKS = (
    (
        re.compile(r"[^\s@'\"<>(),;:=]+@[^\s@'\"<>(),;:=]+\.[^\s@'\"<>(),;:=]+"),
        "<e-mail>",
    ),
    (re.compile(r"\+?\d[\d ().-]{6,}\d"), "<number>"),
    (re.compile(r"[A-Za-z0-9_-]{24,}"), "<token>"),
)
BREAKS = {ord(char): f"\\u{ord(char):04x}" for char in "\x85\u2028\u2029"}
bind = structlog.contextvars.bind_contextvars
unbind_all = structlog.contextvars.clear_contextvars


def masked(text: str) -> str:
    """The text without addresses, numbers and tokens, and not longer than LONGEST."""
    text = text[: LONGEST * 4]
    for pattern, word in MASKS:
        text = pattern.sub(word, text)
    return text[:LONGEST]


class Lines(logging.Formatter):
    """`logging`'s records and structlog's events as one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        text = orjson.dumps(self.facts(record), default=kind_of).decode()
        return text.translate(BREAKS)

    def facts(self, record: logging.LogRecord) -> dict[str, Any]:
        """What the line says."""
        said = record.msg if isinstance(record.msg, dict) else {"event": event(record)}
        found = {**structlog.contextvars.get_contextvars(), **said}
        if record.exc_info and record.exc_info[1]:
            found |= told(record.exc_info[1])
        at = datetime.fromtimestamp(record.created, UTC)
        return {
            "at": at.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            **{name: safe(name, found[name]) for name in found if name in FIELDS},
        }


class ReadableLines(Lines):
    """The same facts for a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        facts = self.facts(record)
        head = [facts.pop(name) for name in ("at", "level", "logger")]
        event = facts.pop("event", "")
        rest = " ".join(f"{name}={value!r}" for name, value in facts.items())
        return " ".join([*head, repr(event)[1:-1], rest]).rstrip()


def event(record: logging.LogRecord) -> str:
    """The message with harmless values in it, or as it was written if none fit."""
    if not record.args:
        return masked(str(record.msg))
    args = record.args
    values: Any = (
        {name: harmless(value) for name, value in args.items()}
        if isinstance(args, Mapping)
        else tuple(map(harmless, args))
    )
    try:
        return masked(str(record.msg) % values)
    except (TypeError, ValueError, KeyError):
        return masked(str(record.msg))


class Word(str):
    """Shown without quotes by %r."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def harmless(value: Any) -> Any:
    """Numbers as they are, texts masked, of anything else what it is."""
    if isinstance(value, int | float):
        return value
    return Word(masked(value)) if isinstance(value, str) else Word(kind_of(value))


def kind_of(value: Any) -> str:
    """The name of a value's class."""
    return type(value).__name__


def safe(name: str, value: Any) -> Any:
    """A field's value: ids whole, texts masked, lists item by item."""
    if isinstance(value, list | tuple):
        return [safe(name, item) for item in value[:100]]
    if value is None or isinstance(value, int | float):
        return value
    if name in IDS or name in ("error", "trace", "cause", "route"):
        return str(value)[:LONGEST]
    return masked(str(value))


def told(error: BaseException) -> dict[str, Any]:
    """An exception's class, where it came from, and what caused it."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    cause = error.__cause__ or error.__context__
    found: dict[str, Any] = {
        "error": kind_of(error),
        "trace": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    return found | ({"cause": kind_of(cause)} if cause else {})


def configure() -> None:
    """structlog's events go the way of all records; called once, by the settings."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
