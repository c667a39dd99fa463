"""Periods of whole local days, half-open, in a zone by name."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

MOST_DAYS = 731  # two years and a leap day


class BadPeriod(ValueError):
    """The dates make no period; the text says what to send."""


class Period(NamedTuple):
    """The days from `start` up to, and without, `end` on the clocks of `zone`.

    A day with a change of the clocks has 23 or 25 hours and is one day.
    """

    start: date
    end: date
    zone: ZoneInfo

    @classmethod
    def of(cls, start: date, end: date, zone: str) -> Self:
        """Raises BadPeriod when it is empty or longer than two years."""
        if end <= start:
            raise BadPeriod(
                "`to` is the first day after the period: later than `from`."
            )
        if (end - start).days > MOST_DAYS:
            raise BadPeriod("Ask for two years at most.")
        return cls(start, end, ZoneInfo(zone))

    @classmethod
    def last(cls, days: int, zone: str, now: datetime) -> Self:
        """The last so many days, today among them."""
        tomorrow = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
        return cls.of(tomorrow - timedelta(days=days), tomorrow, zone)

    @property
    def first_instant(self) -> datetime:
        """Aware UTC; the first moment that belongs to it."""
        return midnight(self.start, self.zone)

    @property
    def end_instant(self) -> datetime:
        """Aware UTC; the first moment that belongs to it no more."""
        return midnight(self.end, self.zone)

    @property
    def whole_months(self) -> tuple[date, date]:
        """From which first of a month up to which; twice the end when there is none."""
        first = self.start.replace(day=1)
        if first < self.start:
            first = (first + timedelta(days=31)).replace(day=1)
        last = self.end.replace(day=1)
        return (first, last) if first < last else (self.end, self.end)

    def days(self) -> Iterator[date]:
        """Every day of it, in order."""
        for offset in range((self.end - self.start).days):
            yield self.start + timedelta(days=offset)

    def before(self) -> Self:
        """The period of as many days that ends where this one starts."""
        return self._replace(start=self.start - (self.end - self.start), end=self.start)

    def __contains__(self, moment: object) -> bool:
        return (
            isinstance(moment, datetime)
            and self.first_instant <= moment < self.end_instant
        )


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a local day, as UTC.

    Where the clocks jump over midnight it is the jump: the zone's time before it has
    the same instant (PEP 495, fold=0).
    """
    return datetime.combine(day, time.min, zone).astimezone(UTC)
