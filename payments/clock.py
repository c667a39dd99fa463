"""What time it is for money; tests and simulations move this clock and no other."""

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """Aware, UTC."""
    return timezone.now()
