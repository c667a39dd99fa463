"""Number -> rows: what a figure counted, one by one, with the same query."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from analytics.counting import params
from analytics.families import FAMILIES
from analytics.models import ReportSettings
from analytics.periods import Period
from analytics.reports.base import Source
from flexoraa.lib import sets
from inbox.models import Conversation, Message
from leads.models import Lead, Revenue, SpendEntry
from teams.models import User

CHUNK = 1_000


class Counted(NamedTuple):
    """One event of a figure: what it is about and by how much it counts."""

    day: date
    measure: str
    n: int
    value: int | None
    kind: str
    id: str
    label: str


def count(source: Source, settings: ReportSettings, period: Period) -> int:
    """How many rows there are."""
    ((found,),) = sets.fetch(
        f"SELECT count(*) {_where(source)}", _params(source, settings, period)
    )
    return found


def rows(
    source: Source, settings: ReportSettings, period: Period, start: int, limit: int
) -> list[Counted]:
    """A page of them, the latest first, in an order that stays."""
    found = sets.fetch(
        "SELECT day, measure, n, value, subject, subject_id "
        f"{_where(source)} ORDER BY day DESC, subject_id DESC, measure, n "
        "LIMIT %(limit)s OFFSET %(offset)s",
        _params(source, settings, period) | {"limit": limit, "offset": start},
    )
    names = _names(settings, [(row[4], row[5]) for row in found])
    nobody = ("", "–")
    return [
        Counted(day, measure, n, value, kind, *names.get((kind, pk), nobody))
        for day, measure, n, value, kind, pk in found
    ]


def all_rows(
    source: Source, settings: ReportSettings, period: Period
) -> Iterator[Counted]:
    """All of them, for a file."""
    start = 0
    while page := rows(source, settings, period, start, CHUNK):
        yield from page
        start += CHUNK


def _where(source: Source) -> str:
    members = "" if source.members is None else "AND member = ANY(%(members)s)"
    return (
        f"FROM ({FAMILIES[source.family]}) event WHERE measure = ANY(%(measures)s) "
        f"AND dimension = %(dimension)s {members}"
    )


def _params(source: Source, settings: ReportSettings, period: Period) -> dict[str, Any]:
    return params(settings, period) | {
        "measures": list(source.measures),
        "dimension": source.dimension,
        "members": list(source.members or ()),
    }


def _names(
    settings: ReportSettings, subjects: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], tuple[str, str]]:
    """(kind, id) -> (public id, what it is called), of this workspace alone."""
    wanted: dict[str, list[int]] = {}
    for kind, pk in subjects:
        wanted.setdefault(kind, []).append(pk)
    found = {}
    for kind, ids in wanted.items():
        for row, label in _labelled(kind, settings, ids):
            found[kind, row.pk] = (str(row.public_id), label)
    return found


def _labelled(
    kind: str, settings: ReportSettings, ids: list[int]
) -> Iterator[tuple[Any, str]]:
    workspace = settings.workspace_id
    if kind == "lead":
        for lead in Lead.objects.filter(workspace=workspace, pk__in=ids):
            yield lead, str(lead)
    elif kind == "revenue":
        earned = Revenue.objects.filter(workspace=workspace, pk__in=ids)
        for one in earned.select_related("lead"):
            yield one, f"{one.lead}: {one.amount_paise / 100:.2f} {one.currency}"
    elif kind == "spend":
        spent = SpendEntry.objects.filter(workspace=workspace, pk__in=ids)
        for entry in spent.select_related("campaign"):
            yield entry, f"{entry.campaign} · {entry.get_kind_display()}"
    elif kind == "message":
        for message in Message.objects.filter(workspace=workspace, pk__in=ids):
            yield message, message.text[:80] or message.kind
    elif kind == "conversation":
        held = Conversation.objects.filter(workspace=workspace, pk__in=ids)
        for conversation in held.select_related("contact"):
            yield conversation, str(conversation)
    elif kind == "user":
        for user in User.objects.filter(pk__in=ids):
            yield user, str(user)
