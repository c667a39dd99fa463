"""Plan, edits, apply, edits, undo: whatever happens, it ends as a model of it says."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads import bulk
from leads.changes import Changes
from leads.models import BulkChange, Lead
from leads.tests.world import make_leads

pytestmark = pytest.mark.django_db
LEADS = 4
FIELDS = ("source", "company", "consent")
values = st.sampled_from(["granted", "withdrawn", "unknown"])
edits = st.lists(
    st.tuples(st.integers(0, LEADS - 1), st.sampled_from(FIELDS), values), max_size=5
)


def read(keys: list[int]) -> list[dict]:
    rows = Lead.objects.in_bulk(keys)
    return [{name: getattr(rows[key], name) for name in FIELDS} for key in keys]


def edit(keys: list[int], table: list[dict], changes: list[tuple]) -> set[int]:
    """Single edits on rows and model; the places that really changed."""
    touched = set()
    for place, name, value in changes:
        if table[place][name] != value:
            touched.add(place)
        table[place][name] = value
        Lead.objects.filter(pk=keys[place]).update(**{name: value})
    return touched


@given(
    wanted=st.dictionaries(st.sampled_from(FIELDS), values, min_size=1),
    first=edits,
    second=edits,
    third=edits,
)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_it_ends_as_the_model_says(workspace, wanted, first, second, third):
    keys = [lead.pk for lead in make_leads(workspace, LEADS)]
    table = read(keys)
    edit(keys, table, first)
    operation = bulk.plan(
        "update",
        workspace=workspace,
        by=None,
        selection=Lead.objects.filter(pk__in=keys),
        changes=Changes(values=wanted),
    )
    planned = [
        {name: value for name, value in wanted.items() if row[name] != value}
        for row in table
    ]
    before = [dict(row) for row in table]
    moved = edit(keys, table, second)
    bulk.start(operation)
    applied = {place for place in range(LEADS) if planned[place] and place not in moved}
    for place in applied:
        table[place] |= planned[place]
    assert read(keys) == table
    edit(keys, table, third)
    if applied:
        bulk.undo(operation, by=None)
    for place in applied:
        for name, value in planned[place].items():
            if table[place][name] == value:
                table[place][name] = before[place][name]
    assert read(keys) == table
    states = dict(
        BulkChange.objects.filter(operation=operation).values_list("lead", "state")
    )
    for place, key in enumerate(keys):
        expected = {"dropped"} if not planned[place] else {"moved"}
        if place in applied:
            expected = {"undone", "kept"}
        assert states[key] in expected
