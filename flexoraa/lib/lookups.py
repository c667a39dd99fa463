"""Single rows that nearly every request asks for, by a statement compiled once.

Django builds the statement of a queryset anew each time; that takes as long as the
database needs to answer it.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models.expressions import RawSQL
from django.db.models.query import get_related_populators


class Given(NamedTuple):
    """Where an argument goes among the parameters."""

    place: int


class Lookup:
    """A row by some values, with what `select_related` brings; None without one.

    `make(a, b, …)` gives the queryset, in which its arguments stand for the values:
    `Lookup(lambda key: User.objects.filter(pk=key))`, then `lookup(5)`.
    """

    def __init__(self, make: Callable[..., models.QuerySet]) -> None:
        self._make = make

    def __call__(self, *values: Any) -> Any:
        statement = self._statement
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, statement.parameters(values))
            row = cursor.fetchone()
        return row and statement.instance(row)

    @cached_property
    def _statement(self) -> "_Statement":
        count = self._make.__code__.co_argcount
        return _Statement(
            self._make(*(RawSQL("%s", [Given(place)]) for place in range(count)))
        )


class _Statement:
    """SQL and how its row becomes an instance, as django's ModelIterable does it."""

    def __init__(self, queryset: models.QuerySet) -> None:
        self._compiler = queryset[:1].query.get_compiler(connection=connection)
        self.sql, self._params = self._compiler.as_sql()
        select, info = self._compiler.select, self._compiler.klass_info
        self._converters = self._compiler.get_converters([one for one, *_ in select])
        self._model, places = info["model"], info["select_fields"]
        self._own = slice(places[0], places[-1] + 1)
        self._names = [column.target.attname for column, *_ in select[self._own]]
        # the stubs are of Django 6, which wants one argument more
        populators: Any = get_related_populators
        self._related = populators(info, select, DEFAULT_DB_ALIAS)

    def parameters(self, values: tuple) -> list[Any]:
        """The statement's, these values among them."""
        return [values[p.place] if isinstance(p, Given) else p for p in self._params]

    def instance(self, row: tuple) -> models.Model:
        """What the row says."""
        (found,) = self._compiler.apply_converters([row], self._converters)
        one = self._model.from_db(DEFAULT_DB_ALIAS, self._names, found[self._own])
        for populator in self._related:
            populator.populate(found, one)
        return one
