"""The one door foreign JSON comes through: parsed, and made safe for PostgreSQL."""

import hashlib
import json
import math
import re
from typing import Any

import orjson

MAX_DEPTH = 64
MAX_STRING = 64 * 1024
MAX_INT_DIGITS = 18  # every such number fits a signed 64-bit integer
LONG_NUMBER = re.compile(rb"[:,\[\s]-?\d{19}")  # not those inside quotes
TOO_DEEP = "[nested too deeply]"


class Unreadable(ValueError):
    """The bytes are not JSON; the text says where and why."""


def loads(body: bytes) -> Any:
    """Parse UTF-8 JSON into values that jsonb and our columns can hold.

    U+0000 is dropped, lone surrogates become U+FFFD, nesting is cut at 64 levels,
    integers beyond 64 bits become strings, NaN and infinities become None, strings
    are cut at 64 KB; of duplicate keys the last wins. The charset of the request is
    ignored: JSON is UTF-8 (RFC 8259, section 8.1). Raises Unreadable.
    """
    if body.startswith(b"\xef\xbb\xbf"):
        body = body[3:]
    if LONG_NUMBER.search(body):  # orjson would round it to a float
        return clean(_loads_leniently(body))
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return clean(_loads_leniently(body))
    return value if _is_plain(body) else clean(value)


def clean(value: Any, depth: int = 0) -> Any:
    """The value without what PostgreSQL refuses (see loads)."""
    if isinstance(value, str):
        return text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth >= MAX_DEPTH:
        return TOO_DEEP
    if isinstance(value, dict):
        return {text(str(k)): clean(v, depth + 1) for k, v in value.items()}
    return [clean(item, depth + 1) for item in value]


def text(value: str, limit: int = MAX_STRING) -> str:
    """The string without NUL and lone surrogates, of at most `limit` characters."""
    if "\x00" in value:
        value = value.replace("\x00", "")
    if not value.isascii():
        value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value[:limit]


def fit(identifier: str, limit: int) -> str:
    """An identifier that a column of `limit` characters holds and that still differs
    from all others: the end of a longer one is replaced by its SHA-256."""
    if len(identifier) <= limit:
        return identifier
    digest = hashlib.sha256(identifier.encode()).hexdigest()
    return identifier[: limit - 65] + "#" + digest


def _is_plain(body: bytes) -> bool:
    """Whether the bytes cannot hold anything that `clean` would change."""
    return (
        len(body) < MAX_STRING
        and b"\\u0000" not in body
        and body.count(b"{") + body.count(b"[") <= MAX_DEPTH
    )


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_INT_DIGITS else digits


def _loads_leniently(body: bytes) -> Any:
    """The slow way for what orjson refuses: surrogates, NaN, very deep nesting."""
    try:
        decoded = body.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8: {error.reason} at byte {error.start}") from error
    try:
        return json.loads(decoded, parse_int=_integer, parse_constant=lambda _: None)
    except RecursionError as error:
        raise Unreadable("nested too deeply to be read") from error
    except ValueError as error:
        raise Unreadable(f"not JSON: {error}") from error
