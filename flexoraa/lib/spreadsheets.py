"""Tables as files: CSV and XLSX in, CSV out, and no cell that a spreadsheet would run.

A spreadsheet takes a cell that begins with = + - @, a tab or a carriage return for a
formula (OWASP ASVS 1.2.10). Such a cell goes out behind an apostrophe, and comes in
without it, so that a file that went out comes back as it was.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from flexoraa.lib import clean

RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00", "'")
DELIMITERS = ",;\t|"
MOST_COLUMNS = 100
LONGEST_CELL = 5_000
MOST_UNPACKED = 300 * 1024 * 1024  # bytes; an XLSX is a zip


class Unreadable(ValueError):
    """The file is no table; the text says what to do."""


def safe(value: Any) -> str:
    """The value as the text of a cell that no spreadsheet runs."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    text = clean.text(str(value))
    is_number = isinstance(value, int | float | Decimal)
    return f"'{text}" if text.startswith(RUNS) and not is_number else text


def unsafe(text: str) -> str:
    """What `safe` was given."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(RUNS) else text


def csv_lines(rows: Iterable[Iterable[Any]]) -> Iterator[bytes]:
    """The rows as UTF-8 CSV, some hundred at a time; with a mark by which Excel knows
    that it is UTF-8."""
    buffer = io.StringIO()
    buffer.write("\ufeff")
    writer = csv.writer(buffer)
    for number, row in enumerate(rows, 1):
        writer.writerow([safe(value) for value in row])
        if number % 200 == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def download(rows: Iterable[Iterable[Any]], filename: str) -> StreamingHttpResponse:
    """The rows as a CSV file, streamed."""
    return StreamingHttpResponse(
        csv_lines(rows),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": content_disposition_header(
                as_attachment=True, filename=filename
            ),
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )


def read(content: bytes) -> Iterator[list[str]]:
    """The rows of a CSV or XLSX file as texts, the headings first; blank rows are left
    out. Which it is says the content, not the name.

    Raises Unreadable, also while rows are taken.
    """
    rows = _xlsx(content) if content[:4] == b"PK\x03\x04" else _csv(content)
    for row in rows:
        cells = [_cell(value) for value in row[: MOST_COLUMNS + 1]]
        if len(cells) > MOST_COLUMNS:
            raise Unreadable(f"The file has more than {MOST_COLUMNS} columns.")
        if any(cells):
            yield cells


def _cell(value: Any) -> str:
    if isinstance(value, str):
        text = value
    elif value is None:
        return ""
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, float) and value.is_integer():
        text = str(int(value))
    elif isinstance(value, datetime) and value.time() == datetime.min.time():
        text = value.date().isoformat()
    elif isinstance(value, date):
        text = value.isoformat()
    else:
        text = str(value)
    return unsafe(clean.text(text.strip(" \t\r\n\u00a0"), LONGEST_CELL))


def _csv(content: bytes) -> Iterator[list[str]]:
    text = _decoded(content)
    first_line = text[:10_000].split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first_line.count)
    csv.field_size_limit(1024 * 1024)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise Unreadable(f"This is not a CSV file: {error}.") from error


def _decoded(content: bytes) -> str:
    """UTF-8, or UTF-16 by its mark, else what Excel on Windows writes."""
    encodings: tuple[str, ...] = ("utf-8-sig", "cp1252")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ("utf-16",)
    if b"\x00" in content[:1000] and encodings[0] != "utf-16":
        raise Unreadable("This is neither a CSV nor an XLSX file.")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("The letters cannot be read: save the file as CSV in UTF-8.")


def _xlsx(content: bytes) -> Iterator[tuple]:
    """Of the first sheet; values, not formulas."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(item.file_size for item in archive.infolist())
        if unpacked > MOST_UNPACKED:
            raise Unreadable("The file unpacks to too much: save it as CSV.")
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=True
        )
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file claims may be a million columns
        yield from sheet.iter_rows(values_only=True)
        book.close()
    except Unreadable:
        raise
    except Exception as error:  # openpyxl raises whatever it trips over
        raise Unreadable("The file cannot be read as XLSX: save it as CSV.") from error
