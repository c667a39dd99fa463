"""A report as JSON and as lines of a file; figures carry a link to their rows."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote_plus, urlencode

from analytics import rollups
from analytics.reports.base import DEFINITION, Asked, Figure, Line, Report

DIGITS = {"count": 0, "paise": 0, "seconds": 0, "share": 4, "ratio": 2}


def as_json(report: Report, asked: Asked, url: str) -> dict[str, Any]:
    """`url` is where the report is served; its rows are below it."""
    link = linking(url.split("?")[0], asked)

    def line(one: Line) -> dict[str, Any]:
        return {
            "key": one.key,
            "label": one.label,
            "notes": one.notes,
            "figures": {
                figure.name: figure_as_json(figure, asked, link(one, figure))
                for figure in one.figures
            },
            **({"details": one.details} if one.details else {}),
        }

    workspace = asked.settings.workspace
    return {
        "report": report.name,
        "definition": DEFINITION,
        "as_of": rollups.as_of(workspace, asked.now),
        "timezone": workspace.timezone,
        "currency": workspace.currency,
        "from": asked.period.start,
        "to": asked.period.end,
        "options": asked.options,
        "notes": report.notes,
        "lines": [line(one) for one in report.lines],
        "total": line(report.total) if report.total else None,
        "sections": {
            name: [line(one) for one in lines]
            for name, lines in report.sections.items()
        },
    }


def figure_as_json(figure: Figure, asked: Asked, rows: str | None) -> dict[str, Any]:
    """Its value, or null and the reason; money in paise with the currency."""
    value = figure.number.shown(DIGITS[figure.unit])
    shown: dict[str, Any] = {
        "value": int(value) if value is not None and not DIGITS[figure.unit] else value,
        "unit": figure.unit,
    }
    if figure.number.value is None:
        shown["reason"] = figure.number.reason
    if figure.unit == "paise":
        shown["currency"] = asked.settings.workspace.currency
    if figure.sample is not None:
        shown["sample"] = figure.sample
    if rows:
        shown["rows"] = rows
    return shown


def linking(base: str, asked: Asked) -> Callable[[Line, Figure], str | None]:
    """Where the rows of a figure are; nothing was counted for a figure without."""
    days = {"from": asked.period.start.isoformat(), "to": asked.period.end.isoformat()}
    start = f"{base}/rows?{urlencode({**days, **asked.options})}"

    def link(line: Line, figure: Figure) -> str | None:
        if figure.source is None:
            return None
        return f"{start}&line={quote_plus(line.key)}&figure={figure.name}"

    return link


def as_table(report: Report) -> Iterator[list[Any]]:
    """A heading, then every line; sections follow with their name before the label.

    Amounts are in paise and shares between 0 and 1, as the heading says.
    """
    parts = [("", report.lines), *report.sections.items()]
    if report.total:
        parts.append(("", [report.total]))
    for place, (section, lines) in enumerate(parts):
        if not lines:
            continue
        if place == 0 or section:
            names = [f"{figure.name} ({figure.unit})" for figure in lines[0].figures]
            yield [section or report.name, *names, "notes"]
        for line in lines:
            cells = [
                figure.number.shown(DIGITS[figure.unit]) for figure in line.figures
            ]
            yield [
                line.label,
                *("" if cell is None else cell for cell in cells),
                " ".join(line.notes),
            ]
