"""The inbox's back office; each module is one subject."""

from inbox.admin import (
    accounts,
    conversations,
    files,
    labels,
    ledger,
    messages,
    people,
)

__all__ = [
    "accounts",
    "conversations",
    "files",
    "labels",
    "ledger",
    "messages",
    "people",
]
