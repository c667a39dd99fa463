"""Who looks at the dashboards: which workspace, which reports, which days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from analytics import asking, wording
from analytics.asking import BadQuestion
from analytics.reports.base import Asked
from inbox import adapters
from leads.models import Campaign, Lead
from teams.back_office import reach_of, within
from teams.models import Membership, Workspace
from teams.roles import Action

MOST_SOURCES = 60


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody in front of one workspace's numbers. Platform staff see all of them and
    need no membership; others what their role may."""

    workspace: Workspace
    membership: Membership | None

    @property
    def zone(self) -> ZoneInfo:
        """The clock of every number."""
        return ZoneInfo(self.workspace.timezone)

    def may(self, name: str) -> bool:
        """Whether they may open this report; the overview is of the whole team."""
        if self.membership is None:
            return True
        if name == "overview":
            return self.membership.may(Action.READ_REPORTS)
        return asking.may_read(name, self.membership)

    def pages(self) -> list[tuple[str, str]]:
        """(name, title) of the pages that they may open."""
        return [pair for pair in wording.REPORTS.items() if self.may(pair[0])]

    def may_set(self) -> bool:
        """Whether they may change what the reports go by."""
        return self.membership is None or self.membership.may(Action.MANAGE_WORKSPACE)


def workspaces(request: HttpRequest) -> QuerySet[Workspace]:
    """Those whose numbers the asker may look at, at least in part."""
    places = reach_of(request).places(Action.READ)
    return within(Workspace.objects.order_by("name", "pk"), places)


def desk(request: HttpRequest, slug: str) -> Desk:
    """The asker's desk in this workspace; Http404 where they may not look."""
    workspace = workspaces(request).filter(slug=slug).first()
    if workspace is None:
        raise Http404
    if reach_of(request).is_everywhere:
        return Desk(workspace, None)
    membership = Membership.objects.filter(
        workspace=workspace, user=request.user.pk
    ).first()
    return Desk(workspace, membership)


def ask(place: Desk, name: str, query: Mapping[str, str]) -> tuple[Asked, str]:
    """What the address asks of a report, and what could not be read: the usual days and
    no filter then."""
    try:
        return asking.ask(place.workspace, name, query), ""
    except BadQuestion as error:
        return asking.ask(place.workspace, name, {}), f"{error.parameter}: {error}"


def presets(asked: Asked) -> list[tuple[str, str, bool]]:
    """(words, query, is chosen) of the usual periods, on the workspace's clocks."""
    today = asked.now.astimezone(asked.period.zone).date()
    tomorrow = today + timedelta(days=1)
    month = today.replace(day=1)
    last_month = (month - timedelta(days=1)).replace(day=1)
    spans = [
        ("Today", today, tomorrow),
        ("7 days", tomorrow - timedelta(days=7), tomorrow),
        ("30 days", tomorrow - timedelta(days=30), tomorrow),
        ("This month", month, tomorrow),
        ("Last month", last_month, month),
        ("90 days", tomorrow - timedelta(days=90), tomorrow),
        ("Half a year", tomorrow - timedelta(days=182), tomorrow),
    ]
    chosen = (asked.period.start, asked.period.end)
    return [
        (words, query_of(asked, start, end), (start, end) == chosen)
        for words, start, end in spans
    ]


def query_of(asked: Asked, start: date | None = None, end: date | None = None) -> str:
    """The question as the query of an address."""
    return urlencode(
        {
            "from": (start or asked.period.start).isoformat(),
            "to": (end or asked.period.end).isoformat(),
            **asked.options,
        }
    )


def choices(place: Desk, name: str, asked: Asked) -> list[dict[str, Any]]:
    """The selects of a report: its options, and by what it can be narrowed."""
    found = []
    for parameter, values in asking.CHOICES[name].items():
        words = [(value, value.title()) for value in values]
        if parameter == "by":
            words = [("", "Nothing"), *words]
        found.append(_select(parameter, TITLES[parameter], words, asked))
    for parameter in asking.FILTERS[name]:
        words = [("", "All"), *_words(place, parameter)]
        found.append(_select(parameter, parameter.title(), words, asked))
    return found


TITLES = {"model": "Credit to touch", "clock": "Clock", "by": "Split by"}
USUAL = {"model": "first", "clock": "cash"}


def _select(
    name: str, title: str, words: list[tuple[str, str]], asked: Asked
) -> dict[str, Any]:
    chosen = asked.options.get(name, USUAL.get(name, ""))
    return {"name": name, "title": title, "words": words, "chosen": chosen}


def _words(place: Desk, parameter: str) -> list[tuple[str, str]]:
    workspace = place.workspace
    if parameter == "campaign":
        rows = Campaign.objects.for_workspace(workspace).order_by("name")
        return [(str(row.public_id), row.name) for row in rows]
    if parameter == "owner":
        people = asking.people_of(workspace).order_by("name", "email")
        if place.membership and not place.membership.may(Action.READ_REPORTS):
            people = people.filter(pk=place.membership.user_id)
        return [(str(user.public_id), str(user)) for user in people]
    if parameter == "source":
        sources = Lead.objects.for_workspace(workspace).exclude(source="")
        found = sources.order_by().values_list("source", flat=True).distinct()
        return [(word, word) for word in sorted(found[:MOST_SOURCES])]
    return [*dict([*adapters.choices(), *Campaign.Channel.choices]).items()]


def local(place: Desk, moment: datetime) -> str:
    """A moment on the workspace's clocks: 5 Nov, 14:05."""
    here = moment.astimezone(place.zone)
    return f"{wording.day(here.date())}, {here:%H:%M}"
