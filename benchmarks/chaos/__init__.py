"""Chaos: messages in and out while workers are killed and the database crashes."""
