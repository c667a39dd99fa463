"""Clocks that are wrong: those of workers."""

from datetime import UTC, datetime, timedelta

import time_machine


def shift(seconds: float) -> None:
    """This process believes from now on that it is so much later."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    time_machine.travel(moment, tick=True).start()
