"""Edits of many leads: planned, applied in slices, undone once. API and back office
are two doors to this.

A plan is rows: what would change on each lead, before and after, and whom it leaves
out and why. Applying takes them in the order of their ids, some thousands at a time;
each slice is one transaction with its progress, so a worker that dies loses and
doubles nothing. A lead that was edited since the plan is reported, not overwritten.
"""

import logging
from collections.abc import Callable
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from flexoraa.lib import sets, stream
from flexoraa.lib.errors import Conflict
from leads import slices
from leads.changes import TOO_MANY_TAGS, Changes, sides
from leads.models import BulkOperation
from leads.models.leads import LeadQuerySet
from teams.models import User, Workspace

log = logging.getLogger(__name__)
INLINE = 1_000  # so many are applied while the asker waits
MOST = 200_000  # in one operation
SLICE = 1_000  # about half a second; the webhooks wait no longer than that


class TooMany(Conflict):
    """The selection is larger than one operation may be."""

    default_code = "too_many"
    default_detail = f"That is more than {MOST} leads: narrow it down."


@transaction.atomic
def plan(
    kind: str,
    *,
    workspace: Workspace,
    by: User | None,
    selection: LeadQuerySet,
    changes: Changes,
    missing: int = 0,
    request: dict[str, Any] | None = None,
    receipt: dict[str, Any] | None = None,
) -> BulkOperation:
    """What the changes would do to each lead of the selection; nothing is done yet.

    `selection` is narrowed to what `by` may change already; `missing` says how many
    were asked for and are not in it. Raises TooMany.
    """
    if selection.order_by()[: MOST + 1].count() > MOST:
        raise TooMany
    operation = BulkOperation.objects.create(
        workspace=workspace,
        kind=kind,
        by=by,
        request={**(request or {}), "fields": changes.fields},
        receipt=receipt or {},
    )
    _insert_changes(operation, selection, changes)
    counts = sets.fetch(
        "SELECT state, reason, count(*) FROM leads_bulkchange "
        "WHERE operation_id = %s GROUP BY 1, 2",
        [operation.pk],
    )
    operation.dropped = {reason: n for state, reason, n in counts if reason}
    if missing:
        operation.dropped["not_found"] = missing
    operation.planned = sum(n for state, _, n in counts if state == "planned")
    operation.plan_hash = _hash(operation)
    operation.save(update_fields=["dropped", "planned", "plan_hash"])
    return operation


def _insert_changes(
    operation: BulkOperation, selection: LeadQuerySet, changes: Changes
) -> None:
    try:
        chosen, chosen_params = (
            selection.order_by().values("pk").query.sql_with_params()
        )
    except EmptyResultSet:
        return
    before, after = sides(changes)
    eligible = "merged_into_id IS NULL AND archived_at IS NULL"
    if changes.fill_owner_only:
        eligible += " AND owner_id IS NULL"
    sets.execute(
        f"""
        INSERT INTO leads_bulkchange (workspace_id, operation_id, lead_id, version,
            before, after, state, reason)
        SELECT l.workspace_id, %s, l.id, l.version, c.before, c.after,
            CASE WHEN r.reason = '' THEN 'planned' ELSE 'dropped' END, r.reason
        FROM (
            SELECT *, CASE WHEN {eligible} THEN
                count(*) FILTER (WHERE {eligible}) OVER (ORDER BY id) END AS place
            FROM leads_lead
            -- an array, since of a subquery's size nothing may be known
            WHERE workspace_id = %s AND id = ANY(ARRAY({chosen}))
        ) l
        CROSS JOIN LATERAL (
            SELECT {before.joined()} AS before, {after.joined()} AS after
        ) c
        CROSS JOIN LATERAL (
            SELECT CASE WHEN l.merged_into_id IS NOT NULL
                    OR l.archived_at IS NOT NULL THEN 'locked'
                WHEN c.after = '{{}}' THEN 'no_change'
                WHEN {TOO_MANY_TAGS} THEN 'invalid'
                ELSE '' END AS reason
        ) r
        ORDER BY l.id
        """,
        [
            operation.pk,
            operation.workspace_id,
            *chosen_params,
            *before.params,
            *after.params,
        ],
    )


def _hash(operation: BulkOperation) -> str:
    """Of every lead, its version and what it would become."""
    return sets.fetch(
        "SELECT encode(sha256(convert_to(coalesce(string_agg("
        "concat_ws(' ', lead_id, version, after), E'\\n' ORDER BY lead_id), ''), "
        "'UTF8')), 'hex') FROM leads_bulkchange "
        "WHERE operation_id = %s AND state = 'planned'",
        [operation.pk],
    )[0][0]


@transaction.atomic
def start(operation: BulkOperation, *, plan_hash: str = "") -> BulkOperation:
    """Apply a plan: at once when it is short, else by the workers.

    Raises Conflict unless it is still a plan, and the one that the asker saw.
    """
    locked = _locked(operation)
    if plan_hash and plan_hash != locked.plan_hash:
        raise Conflict("This is another plan than the one you saw: look at it again.")
    if locked.state != BulkOperation.State.PLANNED:
        raise Conflict(f"It is {locked.get_state_display().lower()} already.")
    locked.state = BulkOperation.State.APPLYING
    locked.started_at = Now()
    locked.save(update_fields=["state", "started_at"])
    return _run(locked, locked.planned)


@transaction.atomic
def undo(operation: BulkOperation, *, by: User | None) -> BulkOperation:
    """Restore what still stands as it was written; once.

    Raises Conflict unless it was applied, wholly or up to where it was cancelled, and
    not undone yet.
    """
    locked = _locked(operation)
    undoable = locked.applied and locked.state in ("applied", "cancelled")
    if not undoable:
        words = locked.get_state_display().lower()
        raise Conflict(f"It is {words}: there is nothing to undo.")
    locked.state, locked.undone_by, locked.cursor = "undoing", by, 0
    locked.undone_at = Now()
    locked.save(update_fields=["state", "undone_by", "cursor", "undone_at"])
    return _run(locked, locked.applied)


@transaction.atomic
def cancel(operation: BulkOperation) -> BulkOperation:
    """Stop before the next slice; what was changed stays, and can be undone.

    Raises Conflict when there is nothing left to stop.
    """
    locked = _locked(operation)
    if locked.state not in (BulkOperation.State.PLANNED, BulkOperation.State.APPLYING):
        raise Conflict(f"It is {locked.get_state_display().lower()}: too late.")
    locked.state, locked.finished_at = BulkOperation.State.CANCELLED, Now()
    locked.save(update_fields=["state", "finished_at"])
    stream.publish(locked.workspace_id, "bulk.progress", [locked.public_id])
    return BulkOperation.objects.get(pk=locked.pk)


def _locked(operation: BulkOperation) -> BulkOperation:
    return BulkOperation.objects.select_for_update(no_key=True).get(pk=operation.pk)


def _run(operation: BulkOperation, count: int) -> BulkOperation:
    """Short ones are done when this returns; the workers find the others."""
    size = INLINE
    while count <= INLINE and operation.state in BulkOperation.RUNNING:
        try:
            _slice(operation, size)
        except IntegrityError:
            size = 1
    stream.publish(operation.workspace_id, "bulk.progress", [operation.public_id])
    return BulkOperation.objects.get(pk=operation.pk)


def drain() -> int:
    """Go on with one running operation by a slice; how many leads that was.

    Operations take turns. The slice and its progress are one transaction.
    """
    try:
        return _next_slice(SLICE)
    except IntegrityError as error:
        log.warning("A slice is taken one by one: %s", type(error).__name__)
    except OperationalError as error:
        if not connection.is_usable():
            raise
        log.warning("A slice has to wait: %s", type(error).__name__)
        return 0
    return sum(_next_slice(1) for _ in range(SLICE))


@transaction.atomic
def _next_slice(size: int) -> int:
    """The slice of whichever operation waited longest."""
    waiting = BulkOperation.objects.running().order_by(
        F("worked_at").asc(nulls_first=True), "id"
    )
    operation = waiting.select_for_update(skip_locked=True, no_key=True).first()
    if operation is None:
        return 0
    sets.execute("SET LOCAL lock_timeout = '3s'")
    done = _slice(operation, size)
    stream.publish(operation.workspace_id, "bulk.progress", [operation.public_id])
    return max(done, 1)


def _slice(operation: BulkOperation, size: int) -> int:
    """Some leads more; the operation is over when there are none. What the database
    refuses on a single lead is left as it is and reported."""
    is_undo = operation.state == BulkOperation.State.UNDOING
    work: Callable = slices.restore if is_undo else slices.write
    try:
        with transaction.atomic():
            done = work(operation, size)
            connection.check_constraints()
    except IntegrityError:
        if size > 1:
            raise
        done = slices.skip(operation)
    _count(operation, done)
    return done.seen


def _count(operation: BulkOperation, done: slices.Done) -> None:
    """Progress, in the transaction of what it counts."""
    if operation.state == BulkOperation.State.UNDOING:
        operation.undone += done.changed
        operation.kept += done.left
        end = BulkOperation.State.UNDONE
    else:
        operation.applied += done.changed
        operation.moved += done.left
        end = BulkOperation.State.APPLIED
    operation.cursor = done.cursor or operation.cursor
    columns = ["applied", "moved", "undone", "kept", "cursor", "worked_at"]
    if not done.seen:
        operation.state, operation.finished_at = end, Now()
        columns += ["state", "finished_at"]
    operation.worked_at = Now()
    operation.save(update_fields=columns)
