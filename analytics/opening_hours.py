"""When a team works: weekly hours and holidays become spans of absolute time.

Spans are written ahead and never rewritten for the past, so that business time is
counted by the calendar that was valid then. The weekly hours are
`{"mon": [["09:30", "13:00"], ["14:00", "18:30"]], ...}` on the workspace's clocks.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Week = Mapping[str, Sequence[Sequence[str]]]
Span = tuple[datetime, datetime]


class BadHours(ValueError):
    """The weekly hours cannot be read; the text says which part."""


def read_week(given: Any) -> dict[str, list[tuple[time, time]]]:
    """The hours of each day in order; raises BadHours. "24:00" ends a whole day."""
    if not isinstance(given, dict) or not set(given) <= set(DAYS):
        raise BadHours(f"Give hours by day: {', '.join(DAYS)}.")
    week = {}
    for day in DAYS:
        spans = [_read_span(day, span) for span in _listed(day, given.get(day, []))]
        for (_, end), (start, _) in pairwise(spans):
            if start < end or end == time.min:
                raise BadHours(f"{day}: the hours overlap or are not in order.")
        week[day] = spans
    return week


def _listed(day: str, spans: Any) -> list[Any]:
    if not isinstance(spans, list) or len(spans) > 6:
        raise BadHours(f"{day}: give a list of at most six spans of hours.")
    return spans


def _read_span(day: str, span: Any) -> tuple[time, time]:
    try:
        start, end = (str(moment) for moment in span)
        begins = time.fromisoformat(start)
        ends = time.min if end == "24:00" else time.fromisoformat(end)
    except (TypeError, ValueError) as error:
        raise BadHours(f'{day}: write hours as ["09:30", "18:00"].') from error
    if begins.tzinfo or ends.tzinfo or (ends <= begins and ends != time.min):
        raise BadHours(f"{day}: the hours end before they begin.")
    return begins, ends


def spans_of(
    week: Week, days: Iterable[date], zone: ZoneInfo, holidays: Collection[date] = ()
) -> Iterator[Span]:
    """Aware UTC spans of work on these local days; none on holidays.

    An hour that the clocks skip is not worked; one that they repeat is worked twice.
    """
    hours = read_week(week)
    for day in days:
        if day in holidays:
            continue
        for begins, ends in hours[DAYS[day.weekday()]]:
            start = datetime.combine(day, begins, zone).astimezone(UTC)
            last = day + timedelta(days=1) if ends == time.min else day
            end = datetime.combine(last, ends, zone).replace(fold=1).astimezone(UTC)
            if end > start:
                yield start, end


def seconds_within(spans: Iterable[Span], start: datetime, end: datetime) -> float:
    """How much of [start, end) the spans cover."""
    return sum(
        max((min(end, until) - max(start, since)).total_seconds(), 0.0)
        for since, until in spans
    )
