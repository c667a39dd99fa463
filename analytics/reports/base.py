"""What reports are made of: figures that know what they counted, lines, and notes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

from analytics.counting import Counts
from analytics.metrics import Number, median, p90
from analytics.models import ReportSettings
from analytics.periods import Period
from analytics.spreads import Key

DEFINITION = "2026-11"  # of docs/metrics.md; changes when a number's meaning does


class Source(NamedTuple):
    """Which events a figure counted; `members` None is all of the dimension."""

    family: str
    measures: tuple[str, ...]
    dimension: str
    members: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a line. `unit` is count, paise, share, ratio or seconds."""

    name: str
    number: Number
    unit: str
    source: Source | None = None
    sample: int | None = None


@dataclass(slots=True)
class Line:
    """One row of a report: whom or what it is about, and its figures."""

    key: str
    label: str
    figures: list[Figure]
    notes: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Figure:
        for figure in self.figures:
            if figure.name == name:
                return figure
        raise KeyError(name)


@dataclass(slots=True)
class Report:
    """Lines under headings, the total, and what a reader has to know."""

    name: str
    lines: list[Line]
    total: Line | None = None
    sections: dict[str, list[Line]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is about, with the counts it is made from.

    `options` are as they were asked; `filters` are the members (ids as counts name
    them) that some of them mean, by dimension.
    """

    settings: ReportSettings
    period: Period
    now: datetime
    count: Callable[..., Counts]
    options: dict[str, str]
    filters: dict[str, str] = field(default_factory=dict)


class Tally:
    """Counts of one family, asked by measure, dimension and members."""

    def __init__(self, family: str, counts: Counts) -> None:
        self.family = family
        self.counts = counts

    def members(self, dimension: str) -> list[str]:
        """Whoever has any count, in a steady order."""
        return sorted({key.member for key in self.counts if key.dimension == dimension})

    def n(self, measure: str, dimension: str = "", member: str = "") -> int:
        """How many; nothing is 0."""
        found = self.counts.get(Key(measure, dimension, member))
        return found.n if found else 0

    def values(
        self, measure: str, dimension: str = "", member: str = ""
    ) -> Sequence[int]:
        """Every single value in order."""
        found = self.counts.get(Key(measure, dimension, member))
        return found.values if found else []

    def source(self, measures: Sequence[str], dimension: str, member: str) -> Source:
        """What a figure of these counts."""
        return Source(self.family, tuple(measures), dimension, (member,))

    def figure(
        self, name: str, unit: str, dimension: str, member: str, *measures: str
    ) -> Figure:
        """The sum of some measures as a figure."""
        total = sum(self.n(measure, dimension, member) for measure in measures)
        return Figure(
            name, whole(total), unit, self.source(measures, dimension, member)
        )

    def spread(
        self, name: str, measure: str, dimension: str, member: str
    ) -> list[Figure]:
        """Median and ninth decile of a measure's values, with how many there are."""
        values = self.values(measure, dimension, member)
        source = self.source([measure], dimension, member)
        return [
            Figure(f"{name}_{which}", share(values), "seconds", source, len(values))
            for which, share in (("median", median), ("p90", p90))
        ]


def whole(n: int) -> Number:
    """A count or amount as a number."""
    return Number(Fraction(n))
