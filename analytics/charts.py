"""What a chart shows, as values: the page draws it, a mail has it as a picture."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

from analytics import wording
from analytics.counting import by_day
from analytics.reports.base import Asked, Line, Report

MOST_DAYS, MOST_WEEKS = 45, 200  # days in a period that are shown as days, as weeks
MOST_BARS = 12


@dataclass(slots=True)
class Series:
    """One row of values, in the order of the chart's labels. `tone` is a colour of the
    page; amounts are in whole units of the currency, times in minutes."""

    label: str
    values: list[float | None]
    tone: str = "accent"
    is_line: bool = False
    axis: str = "y"


@dataclass(slots=True)
class Chart:
    """`unit` is money, count, share or minutes; `links` lead to a bar's rows."""

    key: str
    title: str
    labels: list[str]
    series: list[Series]
    unit: str = "count"
    is_horizontal: bool = False
    is_stacked: bool = False
    links: list[str] = field(default_factory=list)
    says: str = ""

    @property
    def element(self) -> str:
        """The id under which a page holds its values."""
        return f"chart-{self.key}"

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(value for one in self.series for value in one.values)

    @property
    def table(self) -> list[list[Any]]:
        """The same as rows: the label, then each series."""
        columns = [one.values for one in self.series]
        return [
            [label, *row] for label, *row in zip(self.labels, *columns, strict=True)
        ]

    def as_json(self) -> dict[str, Any]:
        """For the page's script."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Buckets:
    """Days of a period put together: by day, week (from Monday) or month."""

    starts: list[date]
    labels: list[str]
    of: dict[date, int]
    per: str

    @classmethod
    def of_period(cls, asked: Asked) -> "Buckets":
        """As fine as a chart can show."""
        days = list(asked.period.days())
        per = "day" if len(days) <= MOST_DAYS else "week"
        per = "month" if len(days) > MOST_WEEKS else per
        begin = {
            "day": lambda day: day,
            "week": lambda day: max(day - timedelta(days=day.weekday()), days[0]),
            "month": lambda day: max(day.replace(day=1), days[0]),
        }[per]
        starts = sorted({begin(day) for day in days})
        place = {start: n for n, start in enumerate(starts)}
        shape = "%b %Y" if per == "month" else ""
        labels = [one.strftime(shape) if shape else wording.day(one) for one in starts]
        return cls(starts, labels, {day: place[begin(day)] for day in days}, per)

    def add(
        self, counts: dict[tuple[str, date], int], names: Iterable[str]
    ) -> list[int]:
        """The sum of these measures in each bucket."""
        wanted, found = set(names), [0] * len(self.starts)
        for (name, day), n in counts.items():
            if name in wanted and day in self.of:
                found[self.of[day]] += n
        return found


def rupees(paise: Iterable[Any]) -> list[float | None]:
    """Paise as whole units of the currency."""
    return [None if one is None else round(float(one) / 100, 2) for one in paise]


def over_time(
    asked: Asked,
    key: str,
    title: str,
    family: str,
    parts: Sequence[tuple[str, Sequence[str], str, bool]],
    *,
    unit: str = "count",
    dimension: str = "",
    members: Sequence[str] | None = None,
) -> Chart:
    """A line of time; each part is (label, measures, tone, is a line)."""
    buckets = Buckets.of_period(asked)
    names = [name for _, measures, _, _ in parts for name in measures]
    counts = by_day(family, asked.settings, asked.period, names, dimension, members)
    series = []
    for label, measures, tone, is_line in parts:
        values: list[Any] = buckets.add(counts, measures)
        if unit == "money":
            values = rupees(values)
        series.append(Series(label, values, tone, is_line))
    says = f"{title} by {buckets.per}, {buckets.labels[0]} to {buckets.labels[-1]}."
    return Chart(key, title, buckets.labels, series, unit, says=says)


def of_lines(
    report: Report,
    key: str,
    title: str,
    parts: Sequence[tuple[str, str]],
    *,
    unit: str = "count",
    lines: Sequence[Line] | None = None,
    is_horizontal: bool = True,
) -> Chart:
    """A bar for each line; each part is (figure, tone)."""
    shown = list(report.lines if lines is None else lines)[:MOST_BARS]
    series = []
    for name, tone in parts:
        values: list[Any] = [line[name].number.value for line in shown]
        if unit == "money":
            values = rupees(values)
        elif unit == "minutes":
            values = [None if v is None else round(float(v) / 60, 1) for v in values]
        elif unit == "share":
            values = [None if v is None else round(float(v) * 100, 1) for v in values]
        else:
            values = [None if v is None else round(float(v), 1) for v in values]
        series.append(Series(wording.word(name).label, values, tone))
    labels = [line.label for line in shown]
    says = f"{title}, one bar for each of {len(labels)}."
    return Chart(key, title, labels, series, unit, is_horizontal, says=says)
