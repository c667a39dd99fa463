"""Many rows in one statement: what the ORM's bulk methods cannot say.

Rows travel as one JSON parameter and are unpacked by PostgreSQL with the columns'
own types, so a statement's text does not depend on how many rows it has.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from django.db import connection, models


def execute(sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> int:
    """Run one statement; the number of rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)
        return cursor.rowcount


def fetch(sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple]:
    """Run one statement; all rows it returns."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)
        return cursor.fetchall()


def dumps(rows: Iterable[Mapping[str, Any]]) -> str:
    """The rows as the JSON parameter of a recordset."""
    return orjson.dumps(list(rows)).decode()


def recordset(model: type[models.Model], columns: Iterable[str], alias: str) -> str:
    """`json_to_recordset(%s::json) AS alias(column type, ...)` for these columns."""
    by_column = {field.column: field for field in model._meta.concrete_fields}
    types = ", ".join(
        f'"{column}" {by_column[column].rel_db_type(connection)}'
        if by_column[column].is_relation or by_column[column].primary_key
        else f'"{column}" {by_column[column].db_type(connection)}'
        for column in columns
    )
    return f"json_to_recordset(%s::json) AS {alias}({types})"


def insert(
    model: type[models.Model],
    rows: Sequence[Mapping[str, Any]],
    *,
    on_conflict: str = "",
    returning: Sequence[str] = (),
) -> list[tuple]:
    """Insert all rows (columns by the first row's keys); what RETURNING gives.

    `on_conflict` is the SQL after ON CONFLICT, such as `(a, b) DO NOTHING`; it may
    call the row that is there already `m`.
    """
    if not rows:
        return []
    columns = list(rows[0])
    names = ", ".join(f'"{column}"' for column in columns)
    sql = (
        f'INSERT INTO "{model._meta.db_table}" AS m ({names}) '
        f"SELECT {names} FROM {recordset(model, columns, 'r')}"
    )
    if on_conflict:
        sql += f" ON CONFLICT {on_conflict}"
    if not returning:
        execute(sql, [dumps(rows)])
        return []
    wanted = ", ".join(f'"{column}"' for column in returning)
    return fetch(f"{sql} RETURNING {wanted}", [dumps(rows)])
