"""The inbox's back office; each module is one subject."""

from inbox.admin import (
    accounts,
    broadcasts,
    consents,
    conversations,
    erasing,
    files,
    labels,
    ledger,
    messages,
    people,
)

__all__ = [
    "accounts",
    "broadcasts",
    "consents",
    "conversations",
    "erasing",
    "files",
    "labels",
    "ledger",
    "messages",
    "people",
]
