"""Counting rows that point into another workspace: there must be none, ever.

The composite keys refuse them (teams/tenant_keys.py). Once a night they are counted
all the same, by looking at every row: a key may have been dropped by hand, or a table
restored without it. The count is on the first page of the back office and in /metrics.
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from flexoraa.lib import sets
from teams.models import Inspection
from teams.tenant_keys import relations

log = logging.getLogger(__name__)
NAME = "cross_workspace_references"
EVERY = timedelta(hours=24)


def found() -> dict[str, int]:
    """{"inbox.Message.contact": 2}: relations that leave their workspace, by rows."""
    counts = [
        f"SELECT '{model._meta.label}.{field.name}', count(*) "
        f'FROM "{model._meta.db_table}" c '
        f'JOIN "{field.related_model._meta.db_table}" p '
        f'ON p."{field.target_field.column}" = c."{field.column}" '
        "WHERE c.workspace_id <> p.workspace_id"
        for model, field in relations()
    ]
    rows = sets.fetch(" UNION ALL ".join(counts))
    return {name: count for name, count in rows if count}


def inspect() -> None:
    """A chore: once in 24 hours, by whichever worker comes first."""
    Inspection.objects.get_or_create(name=NAME)
    is_due = Q(at=None) | Q(at__lt=Now() - EVERY)
    mine = Inspection.objects.filter(is_due, name=NAME).update(at=Now())
    if not mine:
        return
    with transaction.atomic():
        sets.execute("SET LOCAL statement_timeout = 0")  # reads every row
        crossing = found()
    Inspection.objects.filter(name=NAME).update(
        count=sum(crossing.values()), detail=crossing, done_at=Now()
    )
    if crossing:
        log.error("Rows point into other workspaces: %s", ", ".join(sorted(crossing)))


def last() -> Inspection | None:
    """What the last count found; None before the first."""
    return Inspection.objects.filter(name=NAME).exclude(done_at=None).first()


def card() -> list[dict]:
    """For the first page of the back office."""
    seen = last()
    return [
        {
            "title": "References across workspaces",
            "value": seen.count if seen else "–",
            "note": f"counted {seen.done_at:%d %b %H:%M} UTC"
            if seen
            else "not yet counted",
            "link": reverse("admin:index"),
            "alarm": bool(seen and seen.count),
        }
    ]


def gauges() -> list[tuple[str, str, dict[str, str], float]]:
    """For /metrics: -1 until the first count."""
    seen = last()
    count = seen.count if seen else -1
    return [
        ("cross_workspace_references", "Rows that leave their workspace.", {}, count)
    ]
