"""Raw bodies made readable for people."""

import json
from typing import Any

from flexoraa.lib import clean

MOST = 200_000  # characters
MOST_BYTES = 4096  # of what is no text
CUT = "\n… cut here: download the raw body"


def pretty(body: bytes) -> str:
    """Indented JSON; text that is no JSON as it is; bytes as a hex dump."""
    try:
        shown = indented(clean.loads(body))
    except clean.Unreadable:
        shown = readable(body)
    return shown[:MOST] + CUT if len(shown) > MOST else shown


def indented(value: Any) -> str:
    """As much of the JSON as is shown: deeply nested, the whole can be enormous."""
    pieces: list[str] = []
    length = 0
    for piece in json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(value):
        pieces.append(piece)
        length += len(piece)
        if length > MOST:
            break
    return "".join(pieces)


def readable(body: bytes) -> str:
    """UTF-8 text without control characters, else a hex dump."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return hex_dump(body)
    if any(char < " " and char not in "\r\n\t" for char in text[:MOST]):
        return hex_dump(body)
    return text


def hex_dump(body: bytes) -> str:
    """Offsets, sixteen bytes a line, and what of them is ASCII."""
    lines = []
    for start in range(0, min(len(body), MOST_BYTES), 16):
        part = body[start : start + 16]
        ascii_part = "".join(chr(b) if 32 <= b < 127 else "." for b in part)
        lines.append(f"{start:06x}  {part.hex(' '):<47}  {ascii_part}")
    return "\n".join(lines) + (CUT if len(body) > MOST_BYTES else "")
