"""What the families' queries need to be run: for a workspace and a period."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from analytics.families import FAMILIES
from analytics.models import ReportSettings
from analytics.periods import Period
from flexoraa.lib import sets


class Key(NamedTuple):
    """What a count is of."""

    measure: str
    dimension: str
    member: str


class Count(NamedTuple):
    """How many, and each single value in order where there is a value."""

    n: int
    values: list[int]


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


def from_rows(family: str, settings: ReportSettings, period: Period) -> Counts:
    """Count a whole period from the facts themselves: slow, and never out of date."""
    rows = sets.fetch(
        "SELECT measure, dimension, member, sum(n)::bigint, coalesce(array_agg(value "
        "ORDER BY value) FILTER (WHERE value IS NOT NULL), '{}') "
        f"FROM ({FAMILIES[family]}) event GROUP BY 1, 2, 3",
        params(settings, period),
    )
    return {Key(*row[:3]): Count(*row[3:]) for row in rows}


def from_rollups(family: str, settings: ReportSettings, period: Period) -> Counts:
    """Add up the days that were counted before; as fresh as `rollups.as_of` says."""
    rows = sets.fetch(
        "SELECT measure, dimension, member, sum(n)::bigint FROM analytics_daycount "
        "WHERE workspace_id = %s AND family = %s AND day >= %s AND day < %s "
        "GROUP BY 1, 2, 3",
        [settings.workspace_id, family, period.start, period.end],
    )
    values = _values(family, settings, period)
    return {Key(*row[:3]): Count(row[3], values.get(Key(*row[:3]), [])) for row in rows}


def _values(
    family: str, settings: ReportSettings, period: Period
) -> dict[Key, list[int]]:
    """The single values of all days together: a percentile of percentiles is none."""
    found: dict[Key, list[int]] = defaultdict(list)
    for *key, values in sets.fetch(
        "SELECT measure, dimension, member, values FROM analytics_daycount "
        "WHERE workspace_id = %s AND family = %s AND day >= %s AND day < %s "
        "AND values IS NOT NULL",
        [settings.workspace_id, family, period.start, period.end],
    ):
        found[Key(*key)] += values
    return {key: sorted(values) for key, values in found.items()}


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
