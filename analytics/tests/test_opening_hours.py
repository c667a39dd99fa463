"""Weekly hours as spans of absolute time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from analytics.opening_hours import BadHours, read_week, seconds_within, spans_of

WEEK = {"mon": [["09:30", "13:00"], ["14:00", "18:30"]], "sun": [["00:00", "24:00"]]}
KOLKATA = ZoneInfo("Asia/Kolkata")
NEW_YORK = ZoneInfo("America/New_York")
MONDAY = date(2026, 11, 23)


def test_hours_of_a_day_are_spans_in_utc():
    assert list(spans_of(WEEK, [MONDAY, MONDAY + timedelta(days=1)], KOLKATA)) == [
        (
            datetime(2026, 11, 23, 4, tzinfo=UTC),
            datetime(2026, 11, 23, 7, 30, tzinfo=UTC),
        ),
        (
            datetime(2026, 11, 23, 8, 30, tzinfo=UTC),
            datetime(2026, 11, 23, 13, tzinfo=UTC),
        ),
    ]


def test_nobody_works_on_a_holiday():
    assert list(spans_of(WEEK, [MONDAY], KOLKATA, {MONDAY})) == []


@pytest.mark.parametrize(
    ("sunday", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25)]
)
def test_a_whole_day_is_as_long_as_the_clocks_make_it(sunday, hours):
    ((start, end),) = spans_of(WEEK, [sunday], NEW_YORK)
    assert end - start == timedelta(hours=hours)


def test_an_hour_that_is_skipped_is_not_worked():
    week = {"sun": [["02:00", "03:00"], ["04:00", "05:00"]]}
    spans = list(spans_of(week, [date(2026, 3, 8)], NEW_YORK))
    assert sum(((e - s) for s, e in spans), timedelta()) == timedelta(hours=1)


def test_business_time_counts_only_what_the_spans_cover():
    spans = list(spans_of(WEEK, [MONDAY], KOLKATA))
    noon = datetime(2026, 11, 23, 7, tzinfo=UTC)  # half past twelve in India
    assert seconds_within(spans, noon, noon + timedelta(hours=3)) == 2 * 3600
    assert seconds_within(spans, noon, noon) == 0
    assert seconds_within([], noon, noon + timedelta(days=1)) == 0


@pytest.mark.parametrize(
    "week",
    [
        None,
        [],
        {"monday": []},
        {"mon": "09:00-18:00"},
        {"mon": [["18:00", "09:00"]]},
        {"mon": [["09:00"]]},
        {"mon": [["nine", "ten"]]},
        {"mon": [["09:00", "12:00"], ["11:00", "13:00"]]},
        {"mon": [["09:00", "24:00"], ["11:00", "13:00"]]},
        {"mon": [["09:00+01:00", "12:00+01:00"]]},
        {"mon": [["09:00", "10:00"]] * 7},
    ],
)
def test_hours_that_cannot_be_are_refused(week):
    with pytest.raises(BadHours):
        read_week(week)
