"""What the worker tidies up for people and workspaces."""

from teams.models import Counter, IdempotencyKey


def housekeep() -> None:
    """Forget what is over. Cheap, and safe to run twice."""
    IdempotencyKey.objects.forgettable().delete()
    Counter.objects.forget_ended()
