"""Answers straight from columns: what a serializer declares, without making objects.

A serializer that only names columns, through relations too, says what to select and
how to nest it; five times less work a row than objects and its own to_representation.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import Any, NamedTuple

from django.db import connection
from django.db.models.expressions import RawSQL
from django.http import Http404
from rest_framework import serializers
from rest_framework.response import Response

Row = Any  # a named tuple of values_list()


def stamp(moment: datetime | None) -> str | None:
    """RFC 3339 with microseconds, as settings.REST_FRAMEWORK has it."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


class Column(NamedTuple):
    """A field that is one column."""

    name: str
    place: int
    convert: Callable[[Any], Any] | None


class Group(NamedTuple):
    """A nested serializer; null when its first column is and it may be."""

    name: str
    members: list["Column | Group"]
    is_nullable: bool


class Shape:
    """Which columns a serializer needs, and the answer that they make."""

    def __init__(self, serializer: serializers.Serializer) -> None:
        self.paths = ["pk"]
        self._lists: list[str] = []
        self.members = self._compile(serializer, "")

    def select(self, queryset: Any) -> Any:
        """The rows of the queryset, to be given to `answers`."""
        return queryset.values_list(*self.paths, named=True)

    def answers(
        self, rows: Iterable[Row], children: dict[str, dict[int, list]] | None = None
    ) -> list[dict[str, Any]]:
        """What the rows say; `children` are the lists in them, by name and by key."""
        found = []
        for row in rows:
            answer = _fill(self.members, row)
            for name in self._lists:
                answer[name] = (children or {})[name].get(row.pk, [])
            found.append(answer)
        return found

    def _compile(
        self, serializer: serializers.Serializer, prefix: str
    ) -> list[Column | Group]:
        members: list[Column | Group] = []
        for name, field in serializer.fields.items():
            if field.write_only:
                continue
            path = prefix + str(field.source).replace(".", "__")
            if isinstance(field, serializers.ListSerializer):
                self._lists.append(name)
            elif isinstance(field, serializers.Serializer):
                inner = prefix if field.source == "*" else f"{path}__"
                nested = self._compile(field, inner)
                members.append(Group(name, nested, field.allow_null))
            else:
                is_time = isinstance(field, serializers.DateTimeField)
                members.append(
                    Column(name, len(self.paths), stamp if is_time else None)
                )
                self.paths.append(path)
        return members


@cache
def shape_of(serializer: type[serializers.Serializer]) -> Shape:
    """The shape of a serializer class, compiled once."""
    return Shape(serializer())


class Child(NamedTuple):
    """Rows that hang on others: which, what they answer, and the column that names
    whose they are."""

    queryset: Any
    serializer: Any  # its class
    parent: str


class Lists:
    """The lists in answers, put into SQL once and fetched in one round trip.

    `make(keys)` gives the children by name; `keys` stands for the parents' keys in
    filters: `filter(message__in=keys)`.
    """

    def __init__(self, make: Callable[[Any], dict[str, Child]]) -> None:
        self._make = make

    def of(self, keys: Iterable[int]) -> dict[str, dict[int, list]]:
        """The answers of the children of these rows: by name, then by parent."""
        wanted = list(keys)
        statements = [part.sql for part in self._parts]
        params = [
            wanted if param == KEYS else param
            for part in self._parts
            for param in part.params
        ]
        found = {}
        with connection.cursor() as cursor:
            cursor.execute("; ".join(statements), params)
            for part in self._parts:
                found[part.name] = part.families(cursor.fetchall())
                cursor.nextset()
        return found

    @cached_property
    def _parts(self) -> list["_Part"]:
        keys = RawSQL("SELECT unnest(%s::bigint[])", [KEYS])
        return [_Part(name, child) for name, child in self._make(keys).items()]


KEYS = [-1]  # where the parents' keys go among the parameters


class _Part:
    """One statement, compiled."""

    def __init__(self, name: str, child: Child) -> None:
        self.name = name
        self._members = shape_of(child.serializer).members
        rows = child.queryset.values_list(
            child.parent, *shape_of(child.serializer).paths[1:]
        )
        self._compiler = rows.query.get_compiler(connection=connection)
        self.sql, self.params = self._compiler.as_sql()
        self._converters = self._compiler.get_converters(
            [column for column, *_ in self._compiler.select]
        )

    def families(self, rows: list[tuple]) -> dict[int, list]:
        """The answers by parent."""
        found = defaultdict(list)
        for key, *rest in self._compiler.apply_converters(rows, self._converters):
            found[key].append(_fill(self._members, [None, *rest]))
        return found


def _fill(members: list[Column | Group], row: Any) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    for member in members:
        if isinstance(member, Column):
            value = row[member.place]
            answer[member.name] = member.convert(value) if member.convert else value
        else:
            first = member.members[0]
            is_absent = isinstance(first, Column) and row[first.place] is None
            answer[member.name] = (
                None if member.is_nullable and is_absent else _fill(member.members, row)
            )
    return answer


class ReadsRows:
    """`list` and `retrieve` by shape, for a viewset whose serializer only reads."""

    filter_queryset: Any
    get_object: Any
    get_paginated_response: Any
    get_queryset: Any
    paginate_queryset: Any
    serializer_class: Any
    lists: "Lists | None" = None  # those in the answers of the serializer

    def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        queryset = self.filter_queryset(self.get_queryset())
        rows = self.paginate_queryset(shape_of(self.serializer_class).select(queryset))
        return self.get_paginated_response(self.represent(rows))

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response(self.representation(self.get_object().pk))

    def represent(self, rows: Any) -> Any:
        """The answers of rows, with the lists in them."""
        children = self.children([row.pk for row in rows])
        return shape_of(self.serializer_class).answers(rows, children)

    def representation(self, pk: int) -> dict[str, Any]:
        """The answer of one row, read anew."""
        found = self.represent(
            shape_of(self.serializer_class).select(self.get_queryset().filter(pk=pk))
        )
        if not found:
            raise Http404
        return found[0]

    def children(self, keys: Any) -> dict[str, dict[int, Any]]:
        """The lists in the answers of these rows: by name, then by key of the row."""
        return self.lists.of(keys) if self.lists else {}
