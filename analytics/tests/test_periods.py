"""Local days: half-open, with 23 or 25 hours where the clocks change."""

from datetime import UTC, date, datetime, timedelta

import pytest

from analytics.periods import BadPeriod, Period

NEW_YORK = "America/New_York"


def hours(period: Period) -> float:
    return (period.end_instant - period.first_instant) / timedelta(hours=1)


@pytest.mark.parametrize(
    ("day", "zone", "expected"),
    [
        (date(2026, 3, 8), NEW_YORK, 23),  # the clocks go forward
        (date(2026, 11, 1), NEW_YORK, 25),  # and back
        (date(2026, 7, 1), NEW_YORK, 24),
        (date(2026, 3, 8), "Asia/Kolkata", 24),
        (date(2026, 3, 29), "Asia/Beirut", 23),  # at midnight: there is no 00:00
        (date(2018, 11, 4), "America/Sao_Paulo", 23),
        (date(2018, 2, 17), "America/Sao_Paulo", 25),
    ],
)
def test_a_local_day_is_one_day_however_long(day, zone, expected):
    assert hours(Period.of(day, day + timedelta(days=1), zone)) == expected


def test_days_follow_each_other_without_gap_or_overlap():
    period = Period.of(date(2026, 1, 1), date(2027, 1, 1), NEW_YORK)
    days = list(period.days())
    assert len(days) == 365
    ends = [Period.of(d, d + timedelta(days=1), NEW_YORK).end_instant for d in days]
    starts = [Period.of(d, d + timedelta(days=1), NEW_YORK).first_instant for d in days]
    assert ends[:-1] == starts[1:]
    assert (starts[0], ends[-1]) == (period.first_instant, period.end_instant)


def test_the_end_belongs_to_the_next_period():
    period = Period.of(date(2026, 5, 1), date(2026, 6, 1), "Asia/Kolkata")
    assert period.first_instant == datetime(2026, 4, 30, 18, 30, tzinfo=UTC)
    assert period.first_instant in period
    assert period.end_instant not in period
    assert "2026-05-02" not in period


def test_the_period_before_is_as_long_and_touches():
    period = Period.of(date(2026, 5, 1), date(2026, 5, 8), "Asia/Kolkata")
    assert period.before()[:2] == (date(2026, 4, 24), date(2026, 5, 1))


def test_the_last_days_include_today_on_the_local_clock():
    late = datetime(2026, 5, 1, 20, tzinfo=UTC)  # the second of May in India
    assert Period.last(7, "Asia/Kolkata", late)[:2] == (
        date(2026, 4, 26),
        date(2026, 5, 3),
    )


@pytest.mark.parametrize("days", [0, -1, 732])
def test_an_empty_or_endless_period_is_refused(days):
    start = date(2026, 5, 1)
    with pytest.raises(BadPeriod):
        Period.of(start, start + timedelta(days=days), "UTC")


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        ("2026-01-01", "2026-03-01", ("2026-01-01", "2026-03-01")),
        ("2025-12-02", "2026-03-31", ("2026-01-01", "2026-03-01")),
        ("2026-01-31", "2026-03-01", ("2026-02-01", "2026-03-01")),
        ("2026-01-02", "2026-02-28", ("2026-02-28", "2026-02-28")),
        ("2026-02-01", "2026-02-28", ("2026-02-28", "2026-02-28")),
    ],
)
def test_whole_months_lie_within(start, end, months):
    period = Period.of(date.fromisoformat(start), date.fromisoformat(end), "UTC")
    assert period.whole_months == tuple(date.fromisoformat(day) for day in months)
