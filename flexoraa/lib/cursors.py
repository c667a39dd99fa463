"""Pages of long lists by keyset: each page costs the same, however deep it lies.

The list is in the order of one column that is never null, and of `id` where that is
equal. A cursor is the place between two rows, sealed, so that it can be neither read
nor made up. Rows that come or go move no other row to another page.
"""

from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db.models import Q
from rest_framework import exceptions, pagination
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from flexoraa.lib.crypto import Undecryptable, decrypt, encrypt


class Cursor(NamedTuple):
    """A page begins beside this row; `backwards` is the page before it."""

    ordering: str
    value: Any
    id: int
    backwards: bool

    def seal(self) -> str:
        return encrypt(orjson.dumps(tuple(self)).decode())

    @classmethod
    def unseal(cls, sealed: str, ordering: str) -> "Cursor":
        """Raises ValueError unless it was made for a list in this order."""
        try:
            cursor = cls(*orjson.loads(decrypt(sealed)))
        except (Undecryptable, ValueError, TypeError) as error:
            raise ValueError("not a cursor") from error
        if cursor.ordering != ordering:
            raise ValueError("a cursor of another list")
        return cursor

    def beyond(self) -> Q:
        """The rows on its side of the place."""
        field, is_descending = self.ordering.lstrip("-"), self.ordering[0] == "-"
        side = "lt" if is_descending != self.backwards else "gt"
        if field == "id":
            return Q(**{f"id__{side}": self.id})
        # the first condition is the one that an index can start at
        return Q(**{f"{field}__{side}e": self.value}) & (
            Q(**{f"{field}__{side}": self.value}) | Q(**{f"id__{side}": self.id})
        )


class CursorPagination(pagination.BasePagination):
    """`?cursor=` and `?limit=` up to 100; in the queryset's order, else the view's."""

    default_limit = 50
    max_limit = 100

    def paginate_queryset(
        self, queryset: Any, request: Any, view: Any = None
    ) -> list[Any]:
        self.url = request.build_absolute_uri()
        ordering = str(next(iter(queryset.query.order_by), view.ordering))
        limit = self._limit(request.query_params.get("limit", ""))
        cursor = None
        if sealed := request.query_params.get("cursor"):
            try:
                cursor = Cursor.unseal(sealed, ordering)
            except ValueError as error:
                raise exceptions.ValidationError(
                    {"cursor": [f"This is {error}: take it from next or previous."]}
                ) from error
            queryset = queryset.filter(cursor.beyond())
        is_backwards = bool(cursor and cursor.backwards)
        queryset = queryset.order_by(*_columns(ordering, is_backwards))
        found = list(queryset[: limit + 1])
        rows, has_more = found[:limit], len(found) > limit
        if is_backwards:
            rows.reverse()
        self.next: str | None = None
        self.previous: str | None = None
        if rows and (has_more or is_backwards):
            self.next = self._link(ordering, rows[-1], backwards=False)
        if rows and (has_more if is_backwards else cursor):
            self.previous = self._link(ordering, rows[0], backwards=True)
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self.next, "previous": self.previous, "results": data})

    def get_paginated_response_schema(self, schema: dict) -> dict:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict]:
        limit = {"type": "integer", "minimum": 1, "maximum": self.max_limit}
        return [
            {
                "name": "cursor",
                "in": "query",
                "description": "From `next` or `previous` of another page.",
                "schema": {"type": "string"},
            },
            {
                "name": "limit",
                "in": "query",
                "description": "Rows on a page.",
                "schema": {**limit, "default": self.default_limit},
            },
        ]

    def _limit(self, given: str) -> int:
        """More than the most is the most; what is no number is the default."""
        if not given.isascii() or not given.isdigit():
            return self.default_limit
        return max(1, min(int(given[:9]), self.max_limit))

    def _link(self, ordering: str, row: Any, *, backwards: bool) -> str:
        field = ordering.lstrip("-")
        value = None if field == "id" else getattr(row, field)
        value = value.isoformat() if isinstance(value, datetime) else value
        cursor = Cursor(ordering, value, row.pk, backwards)
        return replace_query_param(self.url, "cursor", cursor.seal())


def _columns(ordering: str, is_backwards: bool) -> list[str]:
    """What to sort by: the column, then the id in the same direction."""
    field, is_descending = ordering.lstrip("-"), ordering[0] == "-"
    sign = "-" if is_descending != is_backwards else ""
    return [f"{sign}{field}"] if field == "id" else [f"{sign}{field}", f"{sign}id"]
