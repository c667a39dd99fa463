"""A question becomes a report: which workspace, period and options, for whom."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from analytics.counting import from_rollups
from analytics.models import MonthCount, ReportSettings
from analytics.periods import BadPeriod, Period
from analytics.reports import REPORTS, conversion, roi
from analytics.reports.base import Asked, Line, Report
from leads.models import Campaign
from teams.models import Membership, User, Workspace
from teams.roles import Action, Role

USUAL_DAYS = 30
CHOICES: dict[str, dict[str, tuple[str, ...]]] = {
    "roi": {"model": roi.MODELS, "clock": roi.CLOCKS},
    "conversion": {"by": conversion.SPLITS},
    "team": {},
    "inbox": {},
}

# by which a report can be narrowed; the funnel by one of them at a time
FILTERS: dict[str, tuple[str, ...]] = {
    "roi": ("campaign", "channel"),
    "conversion": conversion.SPLITS,
    "team": ("owner",),
    "inbox": ("channel",),
}
LONGEST = 80  # of a source or channel, as the counts have it


class BadQuestion(ValueError):
    """A parameter cannot be read; `parameter` names it, the text says what to send."""

    def __init__(self, parameter: str, text: str) -> None:
        super().__init__(text)
        self.parameter = parameter


def ask(workspace: Workspace, name: str, query: Mapping[str, str]) -> Asked:
    """Read `from`, `to` (the first day after; both on the workspace's calendar) and
    the report's options; the last thirty days when left out. Raises BadQuestion."""
    now = timezone.now()
    options = {}
    for parameter, choices in CHOICES[name].items():
        given = query.get(parameter, "")
        if given and given not in choices:
            raise BadQuestion(parameter, f"Choose one of: {', '.join(choices)}.")
        if given:
            options[parameter] = given
    settings = ReportSettings.of(workspace)
    period = read_period(workspace.timezone, query, now)
    filters = {
        parameter: read_filter(workspace, parameter, given)
        for parameter in FILTERS[name]
        if (given := query.get(parameter, ""))
    }
    if name == "conversion" and len(filters) + ("by" in options) > 1:
        last = "by" if "by" in options else list(filters)[-1]
        raise BadQuestion(last, "Split or narrow by one thing at a time.")
    options |= {parameter: query[parameter] for parameter in filters}
    return Asked(settings, period, now, from_rollups, options, filters)


def read_filter(workspace: Workspace, parameter: str, given: str) -> str:
    """The member that counts have for it: a row's id, or the word itself. Raises
    BadQuestion for a campaign or person that this workspace does not know."""
    if parameter in ("source", "channel"):
        if "\x00" in given or len(given) > LONGEST:
            raise BadQuestion(parameter, "There is no such word in the counts.")
        return given
    try:
        key = UUID(given)
    except ValueError as error:
        raise BadQuestion(parameter, "Give the id that the API gives.") from error
    rows: QuerySet[Any] = Campaign.objects.for_workspace(workspace)
    if parameter == "owner":
        rows = people_of(workspace)
    pk = rows.filter(public_id=key).values_list("pk", flat=True).first()
    if pk is None:
        raise BadQuestion(parameter, "This workspace has none with this id.")
    return str(pk)


def people_of(workspace: Workspace) -> QuerySet[User]:
    """Who is a member, and who left and has numbers."""
    counted = (
        MonthCount.objects.for_workspace(workspace)
        .filter(family="team", dimension="user")
        .exclude(member="")
        .values_list("member", flat=True)
        .distinct()
    )
    members = Membership.objects.filter(workspace=workspace)
    return User.objects.filter(
        Q(pk__in=members.values("user")) | Q(pk__in=[int(member) for member in counted])
    )


def read_period(zone: str, query: Mapping[str, str], now: datetime) -> Period:
    """`from` and `to`, each of which may be left out. Raises BadQuestion."""
    usual = Period.last(USUAL_DAYS, zone, now)
    end = _day(query, "to") or usual.end
    start = _day(query, "from") or end - timedelta(days=USUAL_DAYS)
    try:
        return Period.of(start, end, zone)
    except (BadPeriod, OverflowError) as error:
        raise BadQuestion("to", str(error)) from error


def answer(name: str, asked: Asked, membership: Membership | None = None) -> Report:
    """The report as this member may see it; all of it without a member."""
    report = REPORTS[name](asked)
    if membership and not membership.may(Action.READ_REPORTS):
        _keep_own(report, membership, asked.settings)
    return report


def may_read(name: str, membership: Membership) -> bool:
    """Who sees a report at all: SDRs see the team's, and in it what is theirs."""
    return membership.may(Action.READ_REPORTS) or (
        name == "team" and membership.role == Role.SDR
    )


def _keep_own(report: Report, membership: Membership, settings: ReportSettings) -> None:
    """Their own numbers; of the others the ranking, if the workspace shows it."""
    me = str(membership.user.public_id)
    if settings.sdr_sees != ReportSettings.Ranking.TEAM:
        report.lines = [line for line in report.lines if line.key == me]
        report.total = None
        return
    if report.total:  # what the team came to, without whose it is
        report.total.figures = [
            replace(figure, source=None) for figure in report.total.figures
        ]
    for line in report.lines:
        if line.key != me:
            line.figures = [line["place"], line["score"]]
            line.details = {}


def find_line(report: Report, key: str) -> Line | None:
    """The line of this key, in whichever part of the report."""
    sections = [line for lines in report.sections.values() for line in lines]
    total = [report.total] if report.total else []
    return next(
        (line for line in [*report.lines, *total, *sections] if line.key == key), None
    )


def _day(query: Mapping[str, str], parameter: str) -> date | None:
    given = query.get(parameter, "")
    try:
        day = date.fromisoformat(given) if given else None
    except ValueError as error:
        raise BadQuestion(parameter, "Write a day as 2026-01-31.") from error
    if day and not 2000 <= day.year <= 2200:
        raise BadQuestion(parameter, "Ask for a day of this century.")
    return day


def campaigns_on(workspace: Workspace, channel: str) -> list[str]:
    """The ids of a channel's campaigns, as counts name them."""
    rows = Campaign.objects.for_workspace(workspace).filter(channel=channel)
    return [str(pk) for pk in rows.values_list("pk", flat=True)]
