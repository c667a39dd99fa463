"""What the inbox's lists in the back office share."""

import re
from collections.abc import Mapping

from teams import back_office
from teams.back_office import ago

__all__ = [
    "CHANNELS",
    "STATES",
    "LargeTable",
    "ReadOnly",
    "WithHint",
    "ago",
    "in_words",
]

STATES = {
    "new": "info",
    "running": "info",
    "done": "success",
    "retry": "warning",
    "unroutable": "warning",
    "dead": "danger",
    "connected": "success",
    "disconnected": "danger",
    "open": "success",
    "pending": "warning",
    "snoozed": "info",
    "resolved": "default",
    "queued": "info",
    "sending": "info",
    "unknown": "warning",
    "unconfirmed": "danger",
    "failed": "danger",
    "sent": "default",
    "delivered": "success",
    "read": "success",
    "played": "success",
}
CHANNELS = {"whatsapp": "success", "instagram": "primary", "facebook": "info"}


def in_words(outcome: Mapping[str, int]) -> str:
    """What a body said: {"InboundMessage": 2} -> "2 × inbound message"."""
    spaced = {re.sub(r"\B(?=[A-Z])", " ", k).lower(): n for k, n in outcome.items()}
    return ", ".join(f"{n} × {kind}" for kind, n in spaced.items()) or "–"


class WithHint(back_office.WithHint):
    """An empty list says how to connect a channel."""

    list_before_template = "admin/inbox/before_list.html"

    class Media:
        css = {"all": ["inbox/admin.css"]}


class LargeTable(WithHint, back_office.LargeTable):
    """Pages without counting all rows."""


class ReadOnly(LargeTable, back_office.ReadOnly):
    """What came from outside is looked at, not edited."""
