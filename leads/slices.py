"""One slice of a bulk operation: the leads are locked in the order of their ids, which
is the order of everybody who locks several, and written by one statement."""

from typing import NamedTuple

from flexoraa.lib import sets
from leads import changes
from leads.models import BulkOperation
from leads.models.history import acting

# how many fields a change has, each custom one by itself
PARTS = """
    SELECT count(*) - (c.after ? 'custom')::int + (
        SELECT count(*) FROM jsonb_object_keys(coalesce(c.after -> 'custom', '{}')))
    FROM jsonb_object_keys(c.after)
"""


# no CTEs here: nothing is known of their size, and joins of two would compare each
# row with each; these are ranges of an index
PART = (
    "c.operation_id = %(operation)s AND c.lead_id > %(after)s "
    "AND c.lead_id <= %(until)s"
)
AWAY = "(l.merged_into_id IS NOT NULL OR l.archived_at IS NOT NULL)"


class Done(NamedTuple):
    """How a slice went: leads changed, leads left as they are, the last one's id."""

    changed: int = 0
    left: int = 0
    cursor: int = 0

    @property
    def seen(self) -> int:
        return self.changed + self.left


def write(operation: BulkOperation, size: int) -> Done:
    """Apply the next changes to leads that nobody edited since the plan."""
    part = _lock(operation, "planned", size)
    if not part:
        return Done()
    acting(operation.by, operation)
    left = sets.execute(
        "UPDATE leads_bulkchange c SET state = 'moved' FROM leads_lead l "
        f"WHERE {PART} AND c.state = 'planned' AND l.id = c.lead_id "
        f"AND (l.version <> c.version OR {AWAY})",
        part,
    )
    changed = sets.execute(
        f"UPDATE leads_lead l SET {changes.assignments(operation.request['fields'])} "
        f"FROM leads_bulkchange c WHERE {PART} AND c.state = 'planned' "
        "AND l.id = c.lead_id",
        part,
    )
    _settle(part, "planned", "applied")
    return Done(changed, left, part["until"])


def restore(operation: BulkOperation, size: int) -> Done:
    """Take the next changes back, field by field, where they still stand. Leads that
    an import made are archived, unless somebody has worked on them."""
    part = _lock(operation, "applied", size)
    if not part:
        return Done()
    acting(operation.undone_by, operation)
    fields = [name for name in operation.request["fields"] if name != "created"]
    left = _judge(part, fields)
    restored = [
        "archived_at = CASE WHEN c.after ? 'created' "
        "THEN statement_timestamp() ELSE l.archived_at END",
        changes.restorations(fields),
    ]
    changed = sets.execute(
        f"UPDATE leads_lead l SET {', '.join(filter(None, restored))} "
        f"FROM leads_bulkchange c WHERE {PART} AND c.state = 'applied' "
        "AND l.id = c.lead_id",
        part,
    )
    _settle(part, "applied", "undone")
    return Done(changed, left, part["until"])


def _judge(part: dict[str, int], fields: list[str]) -> int:
    """Note what somebody changed since; how many leads have nothing left to restore."""
    found = (
        f"CASE WHEN {AWAY} THEN '[\"archived or merged\"]' "
        "WHEN c.after ? 'created' THEN "
        "CASE WHEN l.version = c.version AND NOT EXISTS (SELECT 1 FROM leads_lead m "
        "WHERE m.merged_into_id = l.id) THEN '[]'::jsonb ELSE '[\"edited\"]' END "
        f"ELSE {changes.conflicts(fields)} END"
    )
    sets.execute(
        f"""
        UPDATE leads_bulkchange c SET conflicts = {found},
            state = CASE WHEN {AWAY} OR c.after ? 'created'
                OR jsonb_array_length({found}) = ({PARTS}) THEN 'kept' ELSE c.state END
        FROM leads_lead l
        WHERE {PART} AND c.state = 'applied' AND l.id = c.lead_id AND {found} <> '[]'
        """,
        part,
    )
    return sets.fetch(
        f"SELECT count(*) FROM leads_bulkchange c WHERE {PART} AND state = 'kept'",
        part,
    )[0][0]


def skip(operation: BulkOperation) -> Done:
    """Leave the next lead as it is: the database refuses what would be written."""
    is_undo = operation.state == BulkOperation.State.UNDOING
    here, there = ("applied", "kept") if is_undo else ("planned", "moved")
    part = _lock(operation, here, 1)
    sets.execute(
        "UPDATE leads_bulkchange c SET state = %(state)s, conflicts = '[\"refused\"]' "
        f"WHERE {PART}",
        {**part, "state": there},
    )
    return Done(0, 1, part["until"])


def _lock(operation: BulkOperation, state: str, size: int) -> dict[str, int]:
    """Lock the leads of the next changes, lowest id first; which part of the operation
    they are, {} when none are left."""
    until = sets.fetch(
        """
        SELECT max(id) FROM (
            SELECT l.id FROM leads_lead l WHERE l.id IN (
                SELECT lead_id FROM leads_bulkchange
                WHERE operation_id = %s AND lead_id > %s AND state = %s
                ORDER BY lead_id LIMIT %s
            ) ORDER BY l.id FOR NO KEY UPDATE
        ) locked
        """,
        [operation.pk, operation.cursor, state, size],
    )[0][0]
    if until is None:
        return {}
    return {"operation": operation.pk, "after": operation.cursor, "until": until}


def _settle(part: dict[str, int], here: str, there: str) -> None:
    sets.execute(
        "UPDATE leads_bulkchange c SET state = %(there)s "
        f"WHERE {PART} AND c.state = %(here)s",
        {**part, "here": here, "there": there},
    )
