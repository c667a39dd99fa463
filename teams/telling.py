"""How a table says that its changes are told to the live stream, whoever makes them:
who may listen to it can change by any statement, and streams have to know at once."""

import pgtrigger

from flexoraa.lib import stream


def changes(noun: str, told: str, *columns: str) -> list[pgtrigger.Trigger]:
    """Triggers that publish `noun.created`, `noun.updated` (when one of `columns`
    changed) and `noun.removed`, with `told`, an SQL expression over the row `r` for a
    public id. One event a statement and workspace."""
    changed = " OR ".join(f"o.{name} IS DISTINCT FROM r.{name}" for name in columns)
    after, before = {"new": "rows_after"}, {"old": "rows_before"}
    return [
        _trigger(noun, "insert", "created", told, "rows_after r", after),
        _trigger(
            noun,
            "update",
            "updated",
            told,
            f"rows_after r JOIN rows_before o ON o.id = r.id AND ({changed})",
            after | before,
        ),
        _trigger(noun, "delete", "removed", told, "rows_before r", before),
    ]


def _trigger(
    noun: str, operation: str, verb: str, told: str, rows: str, tables: dict[str, str]
) -> pgtrigger.Trigger:
    told = told if told.startswith("(") else f"r.{told}"
    return pgtrigger.Trigger(
        name=f"tell_{operation}",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=getattr(pgtrigger, operation.title()),
        referencing=pgtrigger.Referencing(**tables),
        func=f"""
            INSERT INTO {stream.TABLE} (workspace_id, kind, ids)
            SELECT r.workspace_id, '{noun}.{verb}', jsonb_agg({told} ORDER BY r.id)
            FROM {rows} GROUP BY r.workspace_id;
            IF FOUND THEN
                PERFORM pg_notify('{stream.CHANNEL}', '');
            END IF;
            RETURN NULL;
        """,
    )
