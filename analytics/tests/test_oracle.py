"""Counts from rollups, from rows and from a plain loop in Python are the same."""

import os
from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics import rollups
from analytics.counting import from_rollups, from_rows
from analytics.families import FAMILIES
from analytics.periods import Period
from analytics.tests.oracle import Oracle
from analytics.tests.worlds import BASE, SPAN_DAYS, World

pytestmark = pytest.mark.django_db
FIRST = BASE.date() - timedelta(days=1)


def disagreements(world: World, start: date, end: date) -> list[str]:
    """What one of the three says that another does not."""
    report = world.settings
    report.refresh_from_db()
    period = Period.of(start, end, world.workspace.timezone)
    oracle, found = Oracle(report), []
    for family in FAMILIES:
        expected = oracle.count(family, period)
        for name, count in (("rows", from_rows), ("rollups", from_rollups)):
            got = {
                tuple(k): (v.n, list(v.values))
                for k, v in count(family, report, period).items()
            }
            found += [
                f"{family} {key}: {name} say {got.get(key)}, not {expected.get(key)}"
                for key in sorted({*expected, *got})
                if got.get(key, (0, [])) != expected.get(key, (0, []))
            ]
    return found


EXAMPLES = int(os.environ.get("ORACLE_WORLDS", "8"))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    seed=st.integers(0, 10**6),
    start=st.integers(0, SPAN_DAYS),
    days=st.integers(1, SPAN_DAYS + 60),
    changes=st.integers(0, 4),
)
def test_all_ways_of_counting_agree(seed, start, days, changes):
    with transaction.atomic():
        world = World(seed)
        rollups.catch_up(world.workspace)
        for _ in range(changes):  # late, twice, deleted
            world.shake()
        rollups.catch_up(world.workspace)
        first = FIRST + timedelta(days=start)
        assert disagreements(world, first, first + timedelta(days=days)) == []
        transaction.set_rollback(True)


def test_without_the_dirt_the_rollups_would_be_out_of_date():
    """The control: what the triggers are for."""
    world = World(1)
    rollups.catch_up(world.workspace)
    world.earn(world.leads[0])
    end = FIRST + timedelta(days=90)
    stale = [line for line in disagreements(world, FIRST, end) if "rollups" in line]
    assert stale
    rollups.catch_up(world.workspace)
    assert disagreements(world, FIRST, end) == []
