"""Filters for the agent console: faces without pictures, and times for machines."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from django import template

register = template.Library()


@register.filter
def initials(who: Any) -> str:
    """One or two letters that stand for somebody."""
    words = [word for word in str(who).replace(".", " ").split() if word[0].isalnum()]
    letters = [word[0] for word in (words[:1] + words[1:][-1:])]
    return "".join(letters).upper() or "?"


@register.filter
def hue(row: Any) -> int:
    """One of twelve colours, always the same for the same row."""
    return hashlib.sha256(str(row.public_id).encode()).digest()[0] % 12


@register.filter
def machine(moment: datetime | None) -> str:
    """RFC 3339 in UTC, for scripts."""
    return moment.astimezone(UTC).isoformat() if moment else ""
