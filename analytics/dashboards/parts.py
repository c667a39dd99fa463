"""What a page of numbers is made of, and how a report's figures become that."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from analytics import presenting, wording
from analytics.charts import Chart
from analytics.reports.base import Asked, Figure, Line, Report

COLUMNS = {
    "roi": "spend leads qualified won revenue profit roi roas cpl cac payback_months",
    "conversion": "reached further step overall pending stay_median stay_p90 staying "
    "staying_days",
    "team": "place score won lost qualified revenue assists answered handling_median "
    "in_time breach due done_in_time active_days",
    "inbox": "received written answered unanswered waiting first_response_median "
    "first_response_p90 first_response_b_median sla resolution_median resolved "
    "reopened delivery read failed",
}
Links = Callable[[str, Line, Figure], str | None]


@dataclass(slots=True)
class Cell:
    """One number on a page: its text, why there is none, how it changed, its rows."""

    name: str
    text: str
    reason: str = ""
    change: str = ""
    tone: str = ""
    link: str | None = None
    sample: int | None = None

    @property
    def word(self) -> wording.Word:
        """What it is called and means."""
        return wording.word(self.name)


@dataclass(slots=True)
class Row:
    """A line of a table."""

    key: str
    label: str
    cells: list[Cell]
    notes: list[str] = field(default_factory=list)
    parts: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """Lines under headings."""

    title: str
    heads: list[wording.Word]
    rows: list[Row]
    says: str = ""


@dataclass(slots=True)
class Page:
    """All that a dashboard shows."""

    name: str
    asked: Asked
    as_of: Any
    tiles: list[Cell] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was counted."""
        has_lines = bool(self.tables and self.tables[0].rows)
        return not has_lines and all(chart.is_empty for chart in self.charts)


class Maker:
    """Makes the parts of a page from a report and the one of the period before."""

    def __init__(self, asked: Asked, links: Links, before: Report | None) -> None:
        self.asked, self.links = asked, links
        self.currency = asked.settings.workspace.currency
        self.before = {
            (line.key, figure.name): figure.number.value
            for line in (lines_of(before) if before else [])
            for figure in line.figures
            if figure.name != "place"  # the second is not 100 % more than the first
        }

    def cell(self, report: str, line: Line, figure: Figure) -> Cell:
        """A figure as the page shows it."""
        number = figure.number
        was = self.before.get((line.key, figure.name))
        change = wording.change(number.value, was, figure.unit)
        return Cell(
            figure.name,
            wording.shown(figure, self.currency),
            wording.REASONS.get(number.reason, number.reason),
            change,
            _tone(wording.word(figure.name), number.value, was) if change else "",
            self.links(report, line, figure) if figure.source else None,
            figure.sample,
        )

    def cells(self, report: str, line: Line, names: Sequence[str]) -> list[Cell]:
        """Those of these figures that the line has."""
        found = {figure.name: figure for figure in line.figures}
        return [self.cell(report, line, found[name]) for name in names if name in found]

    def table(
        self,
        report: str,
        title: str,
        lines: Sequence[Line],
        says: str = "",
        columns: str = "",
    ) -> Table:
        """Those of the columns (the report's usual ones) that any line has."""
        has = {figure.name for line in lines for figure in line.figures}
        names = [name for name in (columns or COLUMNS[report]).split() if name in has]
        rows = []
        for line in lines:
            cells = {cell.name: cell for cell in self.cells(report, line, names)}
            rows.append(
                Row(
                    line.key,
                    line.label,
                    [cells.get(name) or Cell(name, "") for name in names],
                    [wording.note(code) for code in line.notes],
                    line.details.get("parts", []),
                )
            )
        return Table(title, [wording.word(name) for name in names], rows, says)


def lines_of(report: Report) -> list[Line]:
    """Every line of a report, in whichever part."""
    total = [report.total] if report.total else []
    return [*report.lines, *total, *(x for s in report.sections.values() for x in s)]


def links_below(base: str, asked: Mapping[str, Asked]) -> Links:
    """Links to the rows of figures, on pages below `base` that are named as reports;
    `asked` by report."""
    links = {
        name: presenting.linking(f"{base}{name}", one) for name, one in asked.items()
    }
    return lambda name, line, figure: links[name](line, figure)


def _tone(word: wording.Word, now: Fraction | None, was: Fraction | None) -> str:
    if word.is_better is None or now is None or was is None or now == was:
        return ""
    return "good" if (now > was) == word.is_better else "bad"
