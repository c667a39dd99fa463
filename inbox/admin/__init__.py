"""The inbox's back office; each module is one subject."""

from inbox.admin import accounts, conversations, labels, ledger, messages, people

__all__ = ["accounts", "conversations", "labels", "ledger", "messages", "people"]
