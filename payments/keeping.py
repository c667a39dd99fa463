"""What the worker does by the clock for money; each cheap when idle, safe twice."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings

from payments import alarms, dunning, receiving, reconciling
from payments.razorpay import errors
from teams.models import Counter

log = logging.getLogger(__name__)
LOOK_EVERY = 15.0  # seconds between looks at what the clock may have changed
_looked_at = 0.0


def housekeep() -> None:
    """Each second; most of it only now and then."""
    global _looked_at
    receiving.housekeep()
    if time.monotonic() - _looked_at < LOOK_EVERY or not settings.RAZORPAY_KEY_ID:
        return
    _looked_at = time.monotonic()
    dunning.housekeep()
    alarms.inspect()
    reconciling.nightly()
    once_in(reconciling.EVERY_STRAY_LOOK, "payments.strays", strays)


def once_in(span: timedelta, key: str, work: Callable[[], object]) -> bool:
    """Do it unless some worker did within that time; whether it was done."""
    if Counter.objects.hit(key, span) > 1:
        return False
    work()
    return True


def strays() -> None:
    """Look for subscriptions that nobody here knows; later, if Razorpay is away."""
    try:
        reconciling.strays()
    except errors.RazorpayError as error:
        log.warning("Strays were not looked for: %s", error)
