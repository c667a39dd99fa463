"""What the families' queries need to be run: for a workspace and a period."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, NamedTuple

from analytics.families import DIMENSIONS, FAMILIES
from analytics.models import ReportSettings
from analytics.periods import Period
from analytics.spreads import Key, spread_out
from flexoraa.lib import sets


class Count(NamedTuple):
    """How many, and each single value in order where there is a value."""

    n: int
    values: Sequence[int]


Counts = dict[Key, Count]


def params(settings: ReportSettings, period: Period) -> dict[str, Any]:
    """The parameters of every family's query."""
    return {
        "workspace": settings.workspace_id,
        "zone": str(period.zone),
        "currency": settings.workspace.currency,
        "start": period.first_instant,
        "end": period.end_instant,
        "start_day": period.start,
        "end_day": period.end,
        "lookback_days": settings.lookback_days,
        "horizon_days": settings.horizon_days,
        "sla_seconds": settings.sla_seconds,
        "has_hours": any(settings.hours.values()),
    }


def from_rows(
    family: str,
    settings: ReportSettings,
    period: Period,
    dimensions: Collection[str] | None = None,
    measures: Collection[str] | None = None,
) -> Counts:
    """Count a whole period from the facts themselves: slow, and never out of date.
    Split by `dimensions`, or by all that there are; of some measures, or all."""
    rows = sets.fetch(
        "SELECT measure, dimension, member, sum(n)::bigint, coalesce(array_agg(value "
        "ORDER BY value) FILTER (WHERE value IS NOT NULL), '{}') "
        f"FROM ({FAMILIES[family]}) event WHERE dimension = ANY(%(dimensions)s) "
        f"{_only(measures)} GROUP BY 1, 2, 3",
        params(settings, period)
        | {"dimensions": list(dimensions or DIMENSIONS[family])}
        | {"measures": list(measures or ())},
    )
    return {Key(*row[:3]): Count(*row[3:]) for row in rows}


def from_rollups(
    family: str,
    settings: ReportSettings,
    period: Period,
    dimensions: Collection[str] | None = None,
    measures: Collection[str] | None = None,
) -> Counts:
    """Add up what was counted before: whole months, and the days around them. As fresh
    as `rollups.as_of` says."""
    first, last = period.whole_months
    asked = {
        "workspace": settings.workspace_id,
        "family": family,
        "dimensions": list(dimensions or DIMENSIONS[family]),
        "start": period.start,
        "first": first,
        "last": last,
        "end": period.end,
        "measures": list(measures or ()),
    }
    only = _only(measures)
    name = "measure, dimension, member"
    rows = sets.fetch(
        f"SELECT {name}, sum(n)::bigint FROM {_parts('count', name, only)} "
        f"GROUP BY {name}",
        asked,
    )
    spreads = {}
    if family in SPREAD:
        name += ", bucket"
        spreads = spread_out(
            asked,
            sets.fetch(
                f"SELECT {name}, sum(n)::bigint FROM {_parts('spread', name, only)} "
                f"GROUP BY {name}",
                asked,
            ),
        )
    return {
        Key(*row[:3]): Count(row[3], spreads.get(Key(*row[:3]), [])) for row in rows
    }


SPREAD = ("funnel", "inbox", "team")  # the families that count values


def _only(measures: Collection[str] | None) -> str:
    return "AND measure = ANY(%(measures)s)" if measures else ""


def _parts(kind: str, columns: str, only: str) -> str:
    """SQL: the rows of the whole months and of the days before and after them."""
    mine = (
        "WHERE workspace_id = %(workspace)s AND family = %(family)s "
        f"AND dimension = ANY(%(dimensions)s) {only}"
    )
    days = f"SELECT {columns}, n FROM analytics_day{kind} {mine} AND day >="
    return (
        f"(SELECT {columns}, n FROM analytics_month{kind} {mine} "
        "AND month >= %(first)s AND month < %(last)s "
        f"UNION ALL {days} %(start)s AND day < %(first)s "
        f"UNION ALL {days} %(last)s AND day < %(end)s) part"
    )


def history(
    family: str, settings: ReportSettings, measures: list[str], until: Any
) -> list[tuple]:
    """(measure, day, n) of all days before `until`, unsplit: what is still going on."""
    return sets.fetch(
        "SELECT measure, day, n FROM analytics_daycount WHERE workspace_id = %s "
        "AND family = %s AND measure = ANY(%s) AND dimension = '' AND day < %s",
        [settings.workspace_id, family, measures, until],
    )


def by_day(
    family: str,
    settings: ReportSettings,
    period: Period,
    measures: Sequence[str],
    dimension: str = "",
    members: Sequence[str] | None = None,
) -> dict[tuple[str, date], int]:
    """(measure, local day) -> n from the rollups, for a line in a chart; of all members
    of the dimension without any named."""
    rows = sets.fetch(
        "SELECT measure, day, sum(n)::bigint FROM analytics_daycount "
        "WHERE workspace_id = %s AND family = %s AND day >= %s AND day < %s "
        "AND measure = ANY(%s) AND dimension = %s "
        "AND (%s::text[] IS NULL OR member = ANY(%s)) GROUP BY 1, 2",
        [
            *(settings.workspace_id, family, period.start, period.end),
            *(list(measures), dimension),
            *([None if members is None else list(members)] * 2),
        ],
    )
    return {(measure, day): n for measure, day, n in rows}
