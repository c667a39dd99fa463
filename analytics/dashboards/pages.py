"""The pages of numbers: tiles, charts and tables of a report, for a page or a mail.

They are made from the same reports as the API's answers; what a member may not see is
not in them.
"""

from collections.abc import Callable
from dataclasses import replace

from analytics import asking, charts, rollups, wording
from analytics.dashboards import drawings
from analytics.dashboards.parts import Links, Maker, Page
from analytics.reports.base import Asked, Line, Report
from teams.models import Membership

CARDS = {
    "roi": "spend revenue profit roi leads won cac",
    "conversion": "won lost win_rate cycle_median",
    "team": "won lost win_rate revenue answered sla",
    "inbox": "received written answered first_response_median sla failed",
}
SECTIONS = {
    "failures": "Failures by the provider's code",
    "charges": "Charged messages by category",
    "backlog": "Open at this moment",
}


def page(
    name: str,
    asked: Asked,
    links: Links,
    membership: Membership | None = None,
    *,
    compare: bool = True,
) -> Page:
    """One report as a page, compared with the days before when asked to."""
    report = asking.answer(name, asked, membership)
    maker = Maker(asked, links, _before(name, asked, membership) if compare else None)
    made = Page(name, asked, rollups.as_of(asked.settings.workspace, asked.now))
    made.notes = [wording.note(code) for code in report.notes]
    if report.total:
        made.tiles = maker.cells(name, report.total, CARDS[name].split())
    MAKERS[name](made, maker, report)
    return made


def overview(asked: dict[str, Asked], links: Links, *, compare: bool = True) -> Page:
    """The first page: a few numbers of every report."""
    roi_asked = asked["roi"]
    made = Page(
        "overview",
        roi_asked,
        rollups.as_of(roi_asked.settings.workspace, roi_asked.now),
    )
    reports = {name: asking.answer(name, one) for name, one in asked.items()}
    makers = {
        name: Maker(one, links, _before(name, one, None) if compare else None)
        for name, one in asked.items()
    }

    def tiles(name: str, wanted: str) -> None:
        total = reports[name].total
        if total:
            made.tiles += makers[name].cells(name, total, wanted.split())

    tiles("roi", "revenue spend roi leads")
    tiles("conversion", "won win_rate")
    tiles("team", "answered sla")
    made.charts = [
        drawings.money(asked["roi"]),
        charts.over_time(
            asked["conversion"],
            "leads",
            "Leads: new, won, lost",
            "funnel",
            [
                ("New", [drawings.first_stage(reports["conversion"])], "accent", False),
                ("Won", ["won"], "good", True),
                ("Lost", ["lost"], "bad", True),
            ],
        ),
        drawings.messages(asked["inbox"]),
        charts.of_lines(
            reports["roi"],
            "campaigns",
            "Campaigns: spend and revenue",
            [("spend", "dim"), ("revenue", "accent")],
            unit="money",
        ),
    ]
    for name, title, most in (
        ("roi", "Campaigns that earned most", 5),
        ("team", "The team", 5),
        ("inbox", "Channels", 5),
    ):
        lines = reports[name].lines[:most]
        made.tables.append(makers[name].table(name, title, lines))
    made.notes = sorted(
        {wording.note(code) for report in reports.values() for code in report.notes}
    )
    return made


def _roi(made: Page, maker: Maker, report: Report) -> None:
    pair = [("spend", "dim"), ("revenue", "accent")]
    bars = charts.of_lines(
        report, "campaigns", "Spend and revenue by campaign", pair, unit="money"
    )
    bars.links = [
        maker.links("roi", line, line["revenue"]) or "" for line in report.lines
    ][: len(bars.labels)]
    made.charts = [bars, drawings.money(maker.asked)]
    lines = [*report.lines, *report.sections["unattributed"]]
    if report.total:
        lines.append(report.total)
    if not any(figure.number.value for line in lines for figure in line.figures):
        lines = []
    made.tables = [maker.table("roi", "Campaigns", lines)]


def _conversion(made: Page, maker: Maker, report: Report) -> None:
    bars = charts.of_lines(
        report, "funnel", "How far leads came", [("reached", "accent")]
    )
    bars.links = [
        maker.links("conversion", line, line["reached"]) or "" for line in report.lines
    ][: len(bars.labels)]
    made.charts = [
        bars,
        charts.over_time(
            maker.asked,
            "closed",
            "Won and lost",
            "funnel",
            [("Won", ["won"], "good", False), ("Lost", ["lost"], "bad", False)],
            **drawings.split(maker.asked),
        ),
    ]
    has_any = any(line["reached"].number.value for line in report.lines)
    made.tables = [maker.table("conversion", "Stages", report.lines if has_any else [])]
    for label, lines in report.sections.items():
        made.tables.append(maker.table("conversion", label, lines))


def _team(made: Page, maker: Maker, report: Report) -> None:
    ranked = [line for line in report.lines if line["score"].number.value is not None]
    made.charts = [
        charts.of_lines(report, "score", "Score", [("score", "accent")], lines=ranked)
    ]
    detailed = [
        line
        for line in report.lines
        if any(f.name == "handling_median" for f in line.figures)
    ]
    if len(detailed) > 1:
        made.charts.append(
            charts.of_lines(
                report,
                "handling",
                "First answer, median minutes",
                [("handling_median", "good")],
                unit="minutes",
                lines=[one for one in detailed if one["handling_median"].number.value],
            )
        )
    says = "Each lead counts once for the team: the people's numbers need not add up."
    made.tables = [maker.table("team", "People", report.lines, says)]


def _inbox(made: Page, maker: Maker, report: Report) -> None:
    made.charts = [
        drawings.messages(maker.asked),
        drawings.hours(report),
        charts.of_lines(
            report,
            "first",
            "First answer, median minutes",
            [("first_response_median", "accent"), ("first_response_b_median", "good")],
            unit="minutes",
        ),
    ]
    made.tables = [maker.table("inbox", "Channels", _with_total(report))]
    for name, title in SECTIONS.items():
        lines = report.sections[name]
        columns = " ".join(figure.name for line in lines[:1] for figure in line.figures)
        if lines:
            made.tables.append(maker.table("inbox", title, lines, columns=columns))


MAKERS: dict[str, Callable[[Page, Maker, Report], None]] = {
    "roi": _roi,
    "conversion": _conversion,
    "team": _team,
    "inbox": _inbox,
}


def _with_total(report: Report) -> list[Line]:
    """The lines, and where there are several what they come to together."""
    total = [report.total] if report.total and len(report.lines) > 1 else []
    return [*report.lines, *total]


def _before(name: str, asked: Asked, membership: Membership | None) -> Report:
    return asking.answer(name, replace(asked, period=asked.period.before()), membership)
