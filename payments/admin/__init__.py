"""The back office of payments."""

from payments.admin import books, ledger, plans, subscriptions

__all__ = ["books", "ledger", "plans", "subscriptions"]
