"""What the inbox gives out as a file: the recipients of a broadcast."""

from collections.abc import Iterator
from typing import Any

from inbox.models import Broadcast

HEADINGS = (
    "lead",
    "name",
    "phone",
    "state",
    "reason",
    "detail",
    "message",
    "sent at",
    "text",
)


def lines_of(broadcast: Broadcast) -> Iterator[tuple[Any, ...]]:
    """Headings, then a line for each recipient."""
    yield HEADINGS
    rows = broadcast.recipients.with_fate().order_by("pk")
    for row in rows.values_list(
        "lead__public_id",
        "lead__name",
        "lead__phone",
        "fate",
        "reason",
        "detail",
        "message__error",
        "message__public_id",
        "message__provider_at",
        "message__text",
    ).iterator(2_000):
        *who, fate, reason, detail, error, message, at, text = row
        is_sent = fate in ("sent", "delivered", "read", "unconfirmed")
        yield (
            *who,
            fate,
            reason,
            detail or error,
            message,
            at if is_sent else None,
            text,
        )
