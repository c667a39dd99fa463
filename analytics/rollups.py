"""Counting days again: what was marked dirty is recounted from nothing.

A count is right because it can be repeated, not because it never fails: the dirt goes
in the transaction that counts, and what comes meanwhile leaves new dirt.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import connection, transaction

from analytics.counting import params
from analytics.families import DIMENSIONS, FAMILIES
from analytics.models import Dirt, ReportSettings
from analytics.periods import Period
from analytics.spreads import BUCKET
from flexoraa.lib import sets
from teams.models import Workspace

REST_SECONDS = 5  # between two counts of the same days while facts keep coming in
MOST_ROWS = 2_000  # of dirt that are taken at once
LONGEST = 31  # days that one query counts
LEAD_FAMILIES = ("campaigns", "funnel", "team")
LOCK = 7_102_026  # with a workspace's id: who counts it

Dirty = dict[str, set[date]]  # days by family


def drain() -> int:
    """Recount the dirty days of one workspace; how many days and families it were."""
    for (workspace_id,) in sets.fetch(
        "SELECT d.workspace_id FROM analytics_dirt d GROUP BY d.workspace_id "
        "HAVING NOT EXISTS (SELECT 1 FROM analytics_filled f "
        "WHERE f.workspace_id = d.workspace_id "
        "AND f.at > statement_timestamp() - make_interval(secs => %s)) "
        "ORDER BY min(d.id) LIMIT 5",
        [REST_SECONDS],
    ):
        if done := clean(workspace_id):
            return done
    return 0


@transaction.atomic
def clean(workspace_id: int) -> int:
    """Take dirt of this workspace and recount what it means; 0 if somebody else does
    so already."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, workspace_id % 2**31]
        )
        if not cursor.fetchone()[0]:
            return 0
    dirt = sets.fetch(
        "DELETE FROM analytics_dirt WHERE id IN (SELECT id FROM analytics_dirt "
        "WHERE workspace_id = %s ORDER BY id LIMIT %s) RETURNING family, day, leads",
        [workspace_id, MOST_ROWS],
    )
    workspace = Workspace.objects.filter(pk=workspace_id).first()
    if not dirt or workspace is None:
        return 0
    settings = ReportSettings.of(workspace)
    done, left = 0, []
    for family, days in _spread(workspace, dirt).items():
        ordered = sorted(days, reverse=True)  # what people look at comes first
        recount(family, settings, ordered[:LONGEST])
        left += [
            {"workspace_id": workspace_id, "family": family, "day": day, "at": "now"}
            for day in ordered[LONGEST:]
        ]
        done += len(ordered[:LONGEST])
    sets.insert(Dirt, left)
    return done


def catch_up(workspace: Workspace) -> None:
    """Recount until nothing of this workspace is dirty."""
    while sets.fetch(
        "SELECT 1 FROM analytics_dirt WHERE workspace_id = %s LIMIT 1", [workspace.pk]
    ):
        clean(workspace.pk)


def as_of(workspace: Workspace, now: datetime) -> datetime:
    """Until when everything is in the numbers: the oldest dirt, or now."""
    ((oldest,),) = sets.fetch(
        "SELECT min(at) FROM analytics_dirt WHERE workspace_id = %s", [workspace.pk]
    )
    return oldest or now


def recount(family: str, settings: ReportSettings, days: Collection[date]) -> None:
    """Count these days from the facts and replace what was counted before."""
    zone = settings.workspace.timezone
    values: dict[str, Any] = {"family": family, "dimensions": list(DIMENSIONS[family])}
    for start, end in _stretches(days):
        asked = params(settings, Period.of(start, end, zone)) | values
        for kind in KINDS:
            sets.execute(
                f"DELETE FROM analytics_day{kind} WHERE workspace_id = %(workspace)s "
                "AND family = %(family)s AND dimension = ANY(%(dimensions)s) "
                "AND day >= %(start_day)s AND day < %(end_day)s",
                asked,
            )
        sets.execute(RECOUNT.format(events=FAMILIES[family]), asked)
        sets.execute(FILLED, asked)
    for month in sorted({day.replace(day=1) for day in days}):
        _add_up(settings.workspace_id, month, values)


def _add_up(workspace_id: int, month: date, values: dict[str, Any]) -> None:
    """A month is what its days are, anew whenever one of them is."""
    asked = values | {
        "workspace": workspace_id,
        "month": month,
        "next": (month + timedelta(days=31)).replace(day=1),
    }
    for kind, columns in KINDS.items():
        sets.execute(
            f"DELETE FROM analytics_month{kind} WHERE workspace_id = %(workspace)s "
            "AND family = %(family)s AND dimension = ANY(%(dimensions)s) "
            "AND month = %(month)s",
            asked,
        )
        sets.execute(
            f"INSERT INTO analytics_month{kind} "
            f"(workspace_id, family, month, {columns}, n) "
            f"SELECT %(workspace)s, %(family)s, %(month)s, {columns}, sum(n) "
            f"FROM analytics_day{kind} WHERE workspace_id = %(workspace)s "
            "AND family = %(family)s AND dimension = ANY(%(dimensions)s) "
            "AND day >= %(month)s AND day < %(next)s "
            f"GROUP BY {columns}",
            asked,
        )


# the tables of days and of months, and what their rows are by
KINDS = {
    "count": "measure, dimension, member",
    "spread": "measure, dimension, member, bucket",
}
RECOUNT = f"""
    WITH event AS MATERIALIZED ({{events}}), counted AS (
        INSERT INTO analytics_daycount
            (workspace_id, family, day, measure, dimension, member, n)
        SELECT %(workspace)s, %(family)s, day, measure, dimension, member, sum(n)
        FROM event GROUP BY 3, 4, 5, 6
    )
    INSERT INTO analytics_dayspread (workspace_id, family, day, measure, dimension,
        member, bucket, n, values)
    SELECT %(workspace)s, %(family)s, day, measure, dimension, member, {BUCKET},
        count(*), array_agg(value ORDER BY value)
    FROM event WHERE value IS NOT NULL GROUP BY 3, 4, 5, 6, 7
"""
FILLED = """
    INSERT INTO analytics_filled (workspace_id, family, day, at)
    SELECT %(workspace)s, %(family)s, day, clock_timestamp()
    FROM generate_series(%(start_day)s::date, %(end_day)s::date - 1, '1 day') day
    ON CONFLICT (workspace_id, family, day) DO UPDATE SET at = excluded.at
"""


def all_days(workspace: Workspace) -> list[date]:
    """Every local day since the first fact, tomorrow included for clocks ahead."""
    ((first,),) = sets.fetch(
        """
        SELECT analytics_day(%(id)s, least(
            (SELECT min(started_at) FROM leads_stageinterval
                WHERE workspace_id = %(id)s),
            (SELECT min(at) FROM leads_touch WHERE workspace_id = %(id)s),
            (SELECT min(at) FROM leads_revenue WHERE workspace_id = %(id)s),
            (SELECT min(day)::timestamptz FROM leads_spendentry
                WHERE workspace_id = %(id)s),
            (SELECT min(provider_at) FROM inbox_message WHERE workspace_id = %(id)s),
            (SELECT min(started_at) FROM inbox_waitsegment
                WHERE workspace_id = %(id)s),
            now()))
        """,
        {"id": workspace.pk},
    )
    ((last,),) = sets.fetch("SELECT analytics_day(%s, now())", [workspace.pk])
    return [first + timedelta(days=n) for n in range((last - first).days + 2)]


def _spread(workspace: Workspace, dirt: Collection[tuple]) -> Dirty:
    """Which days of which family the dirt means."""
    dirty: Dirty = defaultdict(set)
    leads: set[int] = set()
    for family, day, ids in dirt:
        if ids:
            leads.update(ids)
        elif day:
            dirty[family].add(day)
        else:
            whole = all_days(workspace)
            for name in [family] if family else FAMILIES:
                dirty[name].update(whole)
    if leads:
        days = set(_days_of(workspace, leads))
        for name in LEAD_FAMILIES:
            dirty[name] |= days
    return dirty


def _days_of(workspace: Workspace, leads: Collection[int]) -> Iterator[date]:
    """Every day on which anything of these leads, or who is one with them, counts."""
    yield from (
        row[0]
        for row in sets.fetch(
            """
            WITH root AS (
                SELECT DISTINCT coalesce(merged_into_id, id) AS id FROM leads_lead
                WHERE id = ANY(%(leads)s)
            ), kin AS MATERIALIZED (
                SELECT id FROM root
                UNION SELECT unnest(%(leads)s::bigint[])
                UNION SELECT l.id FROM root JOIN leads_lead l
                    ON l.merged_into_id = root.id
            ), moment AS (
                SELECT i.started_at AS at FROM kin JOIN leads_stageinterval i
                    ON i.lead_id = kin.id
                UNION SELECT i.ended_at FROM kin JOIN leads_stageinterval i
                    ON i.lead_id = kin.id
                UNION SELECT t.at FROM kin JOIN leads_touch t ON t.lead_id = kin.id
                UNION SELECT r.at FROM kin JOIN leads_revenue r ON r.lead_id = kin.id
                UNION SELECT u.at FROM kin JOIN leads_lead l USING (id)
                    CROSS JOIN unnest(ARRAY[l.created_at, l.closed_at]) u(at)
            )
            SELECT DISTINCT (at AT TIME ZONE %(zone)s)::date FROM moment
            WHERE at IS NOT NULL
            """,
            {"leads": sorted(leads), "zone": workspace.timezone},
        )
    )


def _stretches(days: Iterable[date]) -> Iterator[tuple[date, date]]:
    """Runs of days that follow each other, as half-open pairs, none too long."""
    ordered = sorted(set(days))
    for _, run in groupby(enumerate(ordered), lambda p: p[1].toordinal() - p[0]):
        stretch = [day for _, day in run]
        for place in range(0, len(stretch), LONGEST):
            part = stretch[place : place + LONGEST]
            yield part[0], part[-1] + timedelta(days=1)
