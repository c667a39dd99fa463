"""The audit trail as lines of a CSV, whoever asks for it."""

import csv
from collections.abc import Iterator
from typing import Any

import orjson

from flexoraa.lib.rows import stamp

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\x00")


class Echo:
    """A file that gives back what is written to it."""

    def write(self, value: str) -> str:
        return value


def csv_lines(rows: Any) -> Iterator[str]:
    """The lines of the CSV, with a heading."""
    writer = csv.writer(Echo())
    yield writer.writerow(
        ["at", "actor", "action", "subject", "label", "changes", "door", "request_id"]
    )
    columns = ("at", "actor__email", "action", "subject", "label", "changes", "door")
    for at, *rest in rows.values_list(*columns, "request_id").iterator(2_000):
        yield writer.writerow([stamp(at), *map(cell, rest)])


def cell(value: Any) -> str:
    """The text of a value; what a spreadsheet would run as a formula is quoted."""
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    text = str(value or "")
    return f"'{text}" if text.startswith(DANGEROUS) else text
