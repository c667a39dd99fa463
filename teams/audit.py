"""How a model says that its changes are put down in the audit trail.

    class Meta:
        triggers = audit.tracked("membership", "role", user="teams_user")

PostgreSQL does the rest, for every statement from wherever it comes: one AuditEvent a
row, with what changed, who did it, by which door and at which request
(flexoraa/lib/acting.py). Only columns that are named are ever written down: never name
one that holds a secret, a message or a customer's personal data. Of a secret, name it
in `secrets`: that it changed is written, what it was and is never.
"""

from collections.abc import Iterable

import pgtrigger

HIDDEN = "to_jsonb('•••'::text)"
TABLE = "teams_auditevent"


def tracked(
    subject: str,
    *columns: str,
    label: str = "''",
    workspace: str = "workspace_id",
    secrets: Iterable[str] = (),
    **relations: str,
) -> list[pgtrigger.Trigger]:
    """The triggers of a model with a `public_id`.

    `subject` is what the trail calls it. `relations` are foreign keys by name, with
    the table they point to, whose public id is shown. `label` is an SQL expression
    over the row `r` for what a person knows it by, such as `r.name`. `workspace` is
    the column with the workspace's key, or NULL for rows that belong to none.
    """
    facts = {column: f"to_jsonb({{row}}.{column})" for column in columns} | {
        name: f"(SELECT to_jsonb(x.public_id) FROM {table} x WHERE x.id = {{row}}"
        f".{name}_id)"
        for name, table in relations.items()
    }
    whole = ", ".join(f"('{name}', {fact})" for name, fact in facts.items())
    compared = [
        f"('{name}', {fact.format(row='o')}, {fact.format(row='r')})"
        for name, fact in facts.items()
    ]
    compared += [
        f"('{name}', CASE WHEN o.{name} = r.{name} THEN {HIDDEN} END, {HIDDEN})"
        for name in secrets
    ]
    alone = (
        "(SELECT jsonb_object_agg(f.name, {pair}) FROM (VALUES "
        f"{whole.format(row='r')}) AS f(name, value) "
        "WHERE f.value IS NOT NULL AND f.value <> 'null')"
    )
    changed = (
        "(SELECT jsonb_object_agg(f.name, jsonb_build_array(f.before, f.after)) "
        f"FROM (VALUES {', '.join(compared)}) AS f(name, before, after) "
        "WHERE f.before IS DISTINCT FROM f.after)"
    )
    after, before = {"new": "rows_after"}, {"old": "rows_before"}
    parts = (
        ("insert", alone.format(pair="jsonb_build_array(NULL, f.value)"), after),
        ("update", changed, after | before),
        ("delete", alone.format(pair="jsonb_build_array(f.value, NULL)"), before),
    )
    return [
        _trigger(action, subject, label, workspace, changes, tables)
        for action, changes, tables in parts
    ]


def _trigger(
    action: str,
    subject: str,
    label: str,
    workspace: str,
    changes: str,
    tables: dict[str, str],
) -> pgtrigger.Trigger:
    """One statement writes the events of all the rows that a statement touched."""
    whose = "NULL::bigint" if workspace == "NULL" else f"r.{workspace}"
    is_update = action == "update"
    rows = f"{tables.get('new', 'rows_before')} r"
    return pgtrigger.Trigger(
        name=f"audit_{action}",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=getattr(pgtrigger, action.title()),
        referencing=pgtrigger.Referencing(**tables),
        declare=[
            (
                "who",
                "jsonb := nullif(current_setting('flexoraa.acting', true), '')::jsonb",
            )
        ],
        func=f"""
            INSERT INTO {TABLE} (public_id, workspace_id, at, subject, subject_id,
                label, action, changes, actor_id, door, request_id)
            SELECT gen_random_uuid(), {whose}, clock_timestamp(), '{subject}',
                r.public_id, left(coalesce({label}, ''), 200), '{action}', c.changes,
                (who->>'user')::bigint, coalesce(who->>'door', 'system'),
                coalesce(who->>'request_id', '')
            FROM {rows}{" JOIN rows_before o ON o.id = r.id" if is_update else ""}
            CROSS JOIN LATERAL (SELECT {changes} AS changes) c
            WHERE {"c.changes IS NOT NULL" if is_update else "TRUE"}
            ORDER BY r.id;
            RETURN NULL;
        """,
    )
