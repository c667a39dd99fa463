"""The wall in the database, under every relation that there is."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import CheckConstraint

from flexoraa.lib import sets
from teams import crossings
from teams.models import Inspection
from teams.tenant_keys import key_of, relations

pytestmark = pytest.mark.django_db


def point_elsewhere(model, field, row, target) -> str:
    """The name of the key that refused it; "" when nothing did."""
    table = f'"{model._meta.db_table}"'
    rules = [r for r in model._meta.constraints if isinstance(r, CheckConstraint)]
    try:
        with transaction.atomic():
            sets.execute("SET CONSTRAINTS ALL IMMEDIATE")
            sets.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            for rule in rules:  # such as that of two leads the older comes first
                sets.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{rule.name}"')
            sets.execute("SET CONSTRAINTS ALL DEFERRED")
            sets.execute(  # the one that triggers made, where there may be but one
                f'DELETE FROM {table} WHERE "{field.column}" = %s', [target.pk]
            )
            sets.execute(f"SET CONSTRAINTS {key_of(model, field.name).name} IMMEDIATE")
            sets.execute(
                f'UPDATE {table} SET "{field.column}" = %s '
                f'WHERE "{model._meta.pk.column}" = %s',
                [target.pk, row.pk],
            )
    except IntegrityError as error:
        return error.__cause__.diag.constraint_name
    return ""


def test_no_row_can_be_pointed_into_another_workspace(ours, theirs):
    refused = {
        f"{model._meta.label}.{field.name}": point_elsewhere(
            model, field, ours.of(model), theirs.make(field.related_model)
        )
        for model, field in relations()
    }
    assert refused == {
        f"{model._meta.label}.{field.name}": key_of(model, field.name).name
        for model, field in relations()
    }
    assert crossings.found() == {}


def test_with_the_key_off_it_can_and_the_count_sees_it(ours, theirs):
    """The control: the refusals above are the keys' and nothing else's."""
    model, field = next(pair for pair in relations() if pair[1].name == "label")
    sets.execute("SET CONSTRAINTS ALL IMMEDIATE")
    sets.execute(
        f'ALTER TABLE "{model._meta.db_table}" '
        f"DROP CONSTRAINT {key_of(model, field.name).name}"
    )
    row, target = ours.of(model), theirs.of(field.related_model)
    model._base_manager.filter(pk=row.pk).update(**{field.name: target})
    name = f"{model._meta.label}.{field.name}"
    assert crossings.found() == {name: 1}
    crossings.inspect()
    assert crossings.last().count == 1
    assert crossings.last().detail == {name: 1}
    (card,) = crossings.card()
    assert (card["value"], card["alarm"]) == (1, True)


def test_they_are_counted_once_a_day_by_one_worker(ours, django_assert_num_queries):
    assert crossings.card()[0]["value"] == "–"
    crossings.inspect()
    first = crossings.last()
    assert (first.count, crossings.card()[0]["alarm"]) == (0, False)
    with django_assert_num_queries(2):
        crossings.inspect()
    sets.execute("UPDATE teams_inspection SET at = at - interval '25 hours'")
    crossings.inspect()
    assert crossings.last().done_at > first.done_at
    assert Inspection.objects.count() == 1


def test_every_table_has_a_row_in_both(ours, theirs):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert ours.made.keys() == theirs.made.keys()
    assert len(ours.made) > 40
    assert all(row._state.db for row in theirs.made.values())
