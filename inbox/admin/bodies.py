"""Raw bodies made readable for people."""

import json

from flexoraa.lib import clean

MOST = 200_000


def pretty(body: bytes) -> str:
    """Indented JSON; text that is no JSON as it is; bytes as a hex dump."""
    try:
        shown = json.dumps(clean.loads(body), indent=2, ensure_ascii=False)
    except clean.Unreadable:
        shown = readable(body)
    if len(shown) > MOST:
        return shown[:MOST] + "\n… cut here: download the raw body"
    return shown


def readable(body: bytes) -> str:
    """UTF-8 text without control characters, else a hex dump."""
    try:
        text = body[:MOST].decode()
    except UnicodeDecodeError:
        return hex_dump(body[:4096])
    if any(ord(char) < 32 and char not in "\r\n\t" for char in text):
        return hex_dump(body[:4096])
    return text


def hex_dump(body: bytes) -> str:
    """Offsets, sixteen bytes a line, and what of them is ASCII."""
    lines = []
    for start in range(0, len(body), 16):
        part = body[start : start + 16]
        ascii_part = "".join(chr(b) if 32 <= b < 127 else "." for b in part)
        lines.append(f"{start:06x}  {part.hex(' '):<47}  {ascii_part}")
    return "\n".join(lines)
