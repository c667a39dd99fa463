"""Sealing again with the first key what an older one sealed, while the product serves.

A value is replaced only if it is still the one that was read, so whoever writes at the
same time wins, and wrote with the first key.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import import_string

from flexoraa.lib import sets
from flexoraa.lib.crypto import SecretField, Undecryptable, reseal

BATCH = 500


class Resealed(NamedTuple):
    """What became of one column: how many values were sealed anew, were so already,
    and which rows no key of FIELD_KEYS opens."""

    place: str
    anew: int
    already: int
    lost: tuple[int, ...]


def columns() -> Iterator[tuple[str, str]]:
    """Table and column of every SecretField of the project."""
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            if isinstance(field, SecretField):
                yield model._meta.db_table, field.column or field.name


def reseal_all(*, write: bool = True) -> Iterator[Resealed]:
    """Every column, then what settings.SEALED_ELSEWHERE names: functions that take
    `write` and do the same for secrets inside of other values."""
    for table, column in columns():
        yield reseal_column(table, column, write=write)
    for path in settings.SEALED_ELSEWHERE:
        yield import_string(path)(write=write)


def reseal_column(table: str, column: str, *, write: bool) -> Resealed:
    """One column, row after row in the order of ids."""

    def replace(pk: int, old: str, new: str) -> None:
        sets.execute(
            f'UPDATE "{table}" SET "{column}" = %s WHERE id = %s AND "{column}" = %s',
            [new, pk, old],
        )

    rows = _rows(table, column)
    return reseal_values(f"{table}.{column}", rows, replace if write else None)


def reseal_values(
    place: str,
    rows: Iterator[tuple[int, str]],
    replace: Callable[[int, str, str], None] | None,
) -> Resealed:
    """Each (id, sealed value); without `replace` they are only counted."""
    anew = already = 0
    lost = []
    for pk, sealed in rows:
        try:
            fresh = reseal(sealed)
        except Undecryptable:
            lost.append(pk)
            continue
        if fresh is None:
            already += 1
            continue
        anew += 1
        if replace:
            replace(pk, sealed, fresh)
    return Resealed(place, anew, already, tuple(lost))


def _rows(table: str, column: str) -> Iterator[tuple[int, str]]:
    last = 0
    while found := sets.fetch(
        f'SELECT id, "{column}" FROM "{table}" WHERE id > %s AND "{column}" <> \'\' '
        f"ORDER BY id LIMIT {BATCH}",
        [last],
    ):
        yield from ((pk, value) for pk, value in found)
        last = found[-1][0]
