"""Files of leads: read, checked, imported in slices, undone as a bulk operation.

The rows of a file are first all read into a table, with what is wrong with each. Then
they are matched: by external id, phone, e-mail address, in this order. Importing takes
them a slice at a time, each with its progress in one transaction, so a worker that
dies loses and doubles nothing. What an import changes is a bulk operation: its undo
archives the leads that it made and restores those that it changed.
"""

import logging
from itertools import islice
from typing import Any

import orjson
from django.db import OperationalError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from flexoraa.lib import sets, spreadsheets, stream
from flexoraa.lib.errors import Conflict
from leads import matching
from leads.limits import check_room
from leads.mapping import FIELDS, Reader, guessed
from leads.models import BulkOperation, CustomField, ImportJob, ImportRow
from leads.models.history import acting
from teams.models import User, Workspace

log = logging.getLogger(__name__)
MOST_BYTES = 25 * 1024 * 1024
MOST_ROWS = 200_000
SLICE = 2_000
READ_AT_ONCE = 5_000
SAMPLE = 5
State = ImportJob.State


class Unfit(Conflict):
    """The file cannot be imported as it is."""

    status_code = 400
    default_code = "unreadable"


@transaction.atomic
def upload(
    *, workspace: Workspace, by: User | None, filename: str, content: bytes
) -> ImportJob:
    """Keep a file and guess what its columns are. Raises Unfit."""
    if len(content) > MOST_BYTES:
        raise Unfit(
            f"The file has more than {MOST_BYTES // 1024 // 1024} MB: split it."
        )
    try:
        rows = list(islice(spreadsheets.read(content), SAMPLE + 1))
    except spreadsheets.Unreadable as error:
        raise Unfit(str(error)) from error
    if len(rows) < 2:
        raise Unfit("The file has no rows below its headings.")
    custom = list(CustomField.objects.for_workspace(workspace))
    return ImportJob.objects.create(
        workspace=workspace,
        by=by,
        filename=filename[:200],
        content=content,
        size=len(content),
        columns=rows[0],
        sample=rows[1:],
        mapping=guessed(rows[0], custom),
        region=workspace.lead_settings.region,
    )


@transaction.atomic
def start(
    job: ImportJob,
    *,
    mapping: list[str] | None = None,
    on_duplicate: str = "",
    dry_run: bool = True,
) -> ImportJob:
    """Read the file, and import it too unless this is a dry run. A job that was
    checked is imported with what was settled. Raises Conflict."""
    locked = ImportJob.objects.select_for_update(no_key=True).get(pk=job.pk)
    if locked.state == State.CHECKED and mapping is None and not on_duplicate:
        if dry_run:
            return locked
        locked.state, locked.cursor = State.IMPORTING, 0
    elif locked.state in (State.UPLOADED, State.CHECKED) and locked.content:
        _settle(locked, mapping, on_duplicate)
        locked.state, locked.cursor, locked.rows = State.READING, 0, 0
    else:
        raise Conflict(f"It is {locked.get_state_display().lower()} already.")
    locked.is_dry_run = dry_run
    locked.save()
    stream.publish(locked.workspace_id, "import.progress", [locked.public_id])
    return locked


def _settle(job: ImportJob, mapping: list[str] | None, on_duplicate: str) -> None:
    custom = CustomField.objects.for_workspace(job.workspace_id)
    known = {"", *FIELDS, *(f"custom.{field.key}" for field in custom)}
    if mapping is not None:
        if len(mapping) != len(job.columns) or not known.issuperset(mapping):
            raise Unfit("Say for each column which field it is, or nothing.")
        job.mapping = mapping
    named = [name for name in job.mapping if name]
    if len(named) != len(set(named)):
        raise Unfit("Two columns are the same field: leave one out.")
    if not {"name", "phone", "email", "company"}.intersection(named):
        raise Unfit("Say which column is a name, a phone, an e-mail or a company.")
    job.on_duplicate = on_duplicate or job.on_duplicate


@transaction.atomic
def cancel(job: ImportJob) -> ImportJob:
    """Stop before the next slice; what was imported stays, and can be undone. Raises
    Conflict when it is too late."""
    locked = ImportJob.objects.select_for_update(no_key=True).get(pk=job.pk)
    if locked.state in (State.IMPORTED, State.CANCELLED, State.FAILED):
        raise Conflict(f"It is {locked.get_state_display().lower()}: too late.")
    _finish(locked, State.CANCELLED)
    return locked


def drain() -> int:
    """Go on with one import by a slice; how many rows that was."""
    try:
        return _step()
    except OperationalError as error:
        if not connection.is_usable():
            raise
        log.warning("A slice of an import has to wait: %s", type(error).__name__)
        return 0


@transaction.atomic
def _step() -> int:
    waiting = ImportJob.objects.running().order_by(
        F("worked_at").asc(nulls_first=True), "id"
    )
    job = (
        waiting.defer("content")
        .select_for_update(skip_locked=True, no_key=True)
        .first()
    )
    if job is None:
        return 0
    sets.execute("SET LOCAL lock_timeout = '3s'")
    done = _read(job) if job.state == State.READING else _import(job)
    ImportJob.objects.filter(pk=job.pk).update(worked_at=Now())
    stream.publish(job.workspace_id, "import.progress", [job.public_id])
    return max(done, 1)


def _read(job: ImportJob) -> int:
    """The whole file into rows; in one transaction, since it can be read again."""
    ImportRow.objects.filter(job=job).delete()
    reader, number = Reader.of(job), 1
    rows = spreadsheets.read(bytes(job.content))
    try:
        next(rows)
        while part := list(islice(rows, READ_AT_ONCE)):
            if number + len(part) > MOST_ROWS + 1:
                raise spreadsheets.Unreadable(
                    f"The file has more than {MOST_ROWS} rows: split it."
                )
            _store(job, reader, part, number + 1)
            number += len(part)
    except spreadsheets.Unreadable as error:
        ImportRow.objects.filter(job=job).delete()
        job.error = str(error)[:500]
        _finish(job, State.FAILED)
        return number
    connection.cursor().execute("ANALYZE leads_importrow")
    job.rows = number - 1
    job.state, job.cursor = State.IMPORTING, 0
    if job.is_dry_run:  # else they are matched as the import begins
        job.outcomes, job.state = matching.match(job), State.CHECKED
    job.save(update_fields=["rows", "outcomes", "state", "cursor"])
    return number


def _store(job: ImportJob, reader: Reader, part: list[list[str]], first: int) -> None:
    """Rows by COPY; the number is the line's in a spreadsheet."""
    with connection.cursor() as cursor:
        copying = (
            "COPY leads_importrow (workspace_id, job_id, number, data, raw, outcome, "
            "errors) FROM STDIN"
        )
        with cursor.copy(copying) as copy:
            for number, cells in enumerate(part, first):
                data, errors = reader.read(cells)
                copy.write_row(
                    (
                        job.workspace_id,
                        job.pk,
                        number,
                        None if errors else _json(data),
                        _json(cells) if errors else None,
                        "error" if errors else "new",
                        _json(errors),
                    )
                )


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _import(job: ImportJob) -> int:
    """The next rows become leads."""
    if job.operation_id is None:
        try:
            _begin(job)
        except Conflict as conflict:
            job.error = str(conflict.detail)[:500]
            _finish(job, State.FAILED)
            return 0
    acting(job.by, job.operation)
    until, done = matching.write(job, SLICE)
    if not done:
        _finish(job, State.IMPORTED)
        return 0
    job.cursor = until
    job.save(update_fields=["cursor"])
    return done


def _begin(job: ImportJob) -> None:
    """The operation that the import is; rows are matched anew, for leads may have come
    since the file was checked."""
    job.outcomes = matching.match(job)
    check_room(job.workspace, job.outcomes.get("new", 0))
    made = [name for name in job.mapping if name and not name.startswith("custom.")]
    fields = ["value_paise" if name == "value" else name for name in made]
    fields += ["custom"] if any(n.startswith("custom.") for n in job.mapping) else []
    job.operation = BulkOperation.objects.create(
        workspace_id=job.workspace_id,
        kind=BulkOperation.Kind.IMPORT,
        by=job.by,
        state=BulkOperation.State.PLANNED,
        request={"file": job.filename, "fields": [*fields, "created"]},
        started_at=Now(),
    )
    job.save(update_fields=["outcomes", "operation"])


def _finish(job: ImportJob, state: str) -> None:
    """The bytes of the file go; its operation can be undone from now on."""
    job.state, job.finished_at = state, Now()
    columns = ["state", "finished_at", "error"]
    job.save(update_fields=columns)
    ImportJob.objects.filter(pk=job.pk).update(content=None)
    if job.operation_id:
        rows = sets.fetch(
            "SELECT count(*) FROM leads_bulkchange WHERE operation_id = %s",
            [job.operation_id],
        )
        BulkOperation.objects.filter(pk=job.operation_id).update(
            state="applied", planned=rows[0][0], applied=rows[0][0], finished_at=Now()
        )
