"""What the worker tidies up for people and workspaces."""

from teams.models import IdempotencyKey


def housekeep() -> None:
    """Forget requests that can no longer be repeated. Cheap, and safe to run twice."""
    IdempotencyKey.objects.forgettable().delete()
