"""Rows of a file and the leads that are there already, set against each other by SQL:
by external id, phone, e-mail address, in this order."""

from itertools import product

from flexoraa.lib import sets
from leads.changes import assignments
from leads.models import ImportJob, Stage

NUMBERS = {"stage": "stage_id", "owner": "owner_id", "campaign": "campaign_id"}
KEYS = ("external_id", "phone", "email")
LIVE = "l.merged_into_id IS NULL AND l.archived_at IS NULL"
THERE = (  # (who it is, when)
    ("l.id", LIVE),
    (
        "l.merged_into_id",
        "l.merged_into_id IS NOT NULL AND EXISTS (SELECT 1 FROM leads_lead w "
        "WHERE w.id = l.merged_into_id AND w.archived_at IS NULL)",
    ),
)


def match(job: ImportJob) -> dict[str, int]:
    """Say of each row from the cursor on what would become of it; counts by outcome."""
    there = {"skip": "skip", "update": "update", "merge": "update"}[job.on_duplicate]
    given = [job.pk, job.cursor]
    sets.execute(
        "UPDATE leads_importrow SET outcome = 'new', lead_id = NULL "
        "WHERE job_id = %s AND number > %s AND outcome NOT IN ('error', 'new')",
        given,
    )
    # whoever was merged into another is that one, unless a lead of its own has the key
    for key, (lead, there_still) in product(KEYS, THERE):
        sets.execute(
            f"""
            UPDATE leads_importrow r SET outcome = %s, lead_id = f.lead_id
            FROM (
                SELECT DISTINCT ON (r.number) r.number, {lead} AS lead_id
                FROM leads_importrow r JOIN leads_lead l
                    ON l.workspace_id = %s AND l.{key} = r.data ->> '{key}'
                    AND l.{key} <> '' AND {there_still}
                WHERE r.job_id = %s AND r.number > %s AND r.outcome = 'new'
                ORDER BY r.number, l.id
            ) f WHERE r.job_id = %s AND r.number = f.number
            """,
            [there, job.workspace_id, *given, job.pk],
        )
    for key in KEYS:  # the first row with it counts
        sets.execute(
            f"""
            UPDATE leads_importrow r SET outcome = 'repeat', lead_id = NULL
            FROM (
                SELECT number, row_number() OVER (
                    PARTITION BY data ->> '{key}' ORDER BY number) AS place
                FROM leads_importrow
                WHERE job_id = %s AND outcome IN ('new', 'update')
                    AND data ->> '{key}' IS NOT NULL
            ) f
            WHERE r.job_id = %s AND r.number = f.number AND f.place > 1
                AND r.number > %s
            """,
            [job.pk, job.pk, job.cursor],
        )
    sets.execute(  # two rows may be one lead by different keys
        """
        UPDATE leads_importrow r SET outcome = 'repeat', lead_id = NULL
        FROM (
            SELECT number, row_number() OVER (
                PARTITION BY lead_id ORDER BY number) AS place
            FROM leads_importrow WHERE job_id = %s AND outcome = 'update'
        ) f
        WHERE r.job_id = %s AND r.number = f.number AND f.place > 1 AND r.number > %s
        """,
        [job.pk, job.pk, job.cursor],
    )
    rows = sets.fetch(
        "SELECT outcome, count(*) FROM leads_importrow WHERE job_id = %s GROUP BY 1",
        [job.pk],
    )
    return dict(rows)


def write(job: ImportJob, size: int) -> tuple[int, int]:
    """Make and change the leads of the next rows, inside the caller's transaction;
    (the last row's number, how many rows that were)."""
    until, count, known = sets.fetch(
        "SELECT max(number), count(*), count(*) FILTER (WHERE outcome = 'update') "
        "FROM (SELECT number, outcome FROM leads_importrow "
        "WHERE job_id = %s AND number > %s ORDER BY number LIMIT %s) n",
        [job.pk, job.cursor, size],
    )[0]
    if not count:
        return job.cursor, 0
    part = {
        "job": job.pk,
        "workspace": job.workspace_id,
        "operation": job.operation_id,
        "after": job.cursor,
        "until": until,
        "stage": Stage.objects.first_open(job.workspace_id).pk,
        "currency": job.workspace.currency,
    }
    if known:  # the look for none costs as much as the new ones
        _lock(part)
        _update(job, part)
    _insert(part)
    return until, count


PART = "r.job_id = %(job)s AND r.number > %(after)s AND r.number <= %(until)s"

INSERT = f"""
    WITH made AS (
        INSERT INTO leads_lead (public_id, workspace_id, stage_id, owner_id,
            campaign_id, name, phone, email, company, source, external_id,
            lost_reason, consent, value_paise, currency, tags, custom)
        SELECT leads_uuid7(), %(workspace)s,
            coalesce((r.data ->> 'stage')::bigint, %(stage)s),
            (r.data ->> 'owner')::bigint, (r.data ->> 'campaign')::bigint,
            coalesce(r.data ->> 'name', ''), coalesce(r.data ->> 'phone', ''),
            coalesce(r.data ->> 'email', ''), coalesce(r.data ->> 'company', ''),
            coalesce(r.data ->> 'source', ''), coalesce(r.data ->> 'external_id', ''),
            '', coalesce(r.data ->> 'consent', 'unknown'),
            coalesce((r.data ->> 'value_paise')::bigint, 0), %(currency)s,
            ARRAY(SELECT jsonb_array_elements_text(coalesce(r.data -> 'tags', '[]'))),
            coalesce(r.data -> 'custom', '{{}}')
        FROM leads_importrow r WHERE {PART} AND r.outcome = 'new' ORDER BY r.number
        ON CONFLICT DO NOTHING
        RETURNING id, workspace_id, version
    )
    INSERT INTO leads_bulkchange
        (workspace_id, operation_id, lead_id, version, before, after, state)
    SELECT workspace_id, %(operation)s, id, version, '{{}}', '{{"created": true}}',
        'applied'
    FROM made
"""


def _insert(part: dict[str, int]) -> None:
    """New rows become leads. One whose external id came into use this moment is left:
    a lead has it."""
    sets.execute(INSERT, part)


def _lock(part: dict[str, int]) -> None:
    """The leads that these rows change, in the order in which everybody locks them."""
    sets.execute(
        f"""
        SELECT id FROM leads_lead WHERE id = ANY(ARRAY(
            SELECT lead_id FROM leads_importrow r WHERE {PART} AND outcome = 'update'
        )) ORDER BY id FOR NO KEY UPDATE
        """,
        part,
    )


def _update(job: ImportJob, part: dict[str, int]) -> None:
    """Rows of known leads: the file's words win, or only fill what is empty."""
    fills = job.on_duplicate == ImportJob.OnDuplicate.MERGE
    names = ["value_paise" if name == "value" else name for name in job.mapping if name]
    columns = [name for name in names if not name.startswith("custom.")]
    pieces = [_side(name, fills=fills) for name in columns]
    if len(columns) < len(names):
        pieces.append(_custom(fills=fills))
    before = " || ".join(piece[0] for piece in pieces)
    after = " || ".join(piece[1] for piece in pieces)
    sets.execute(
        f"""
        INSERT INTO leads_bulkchange
            (workspace_id, operation_id, lead_id, version, before, after, state)
        SELECT l.workspace_id, %(operation)s, l.id, l.version, c.before, c.after,
            'applied'
        FROM leads_importrow r JOIN leads_lead l ON l.id = r.lead_id
        CROSS JOIN LATERAL (SELECT {before} AS before, {after} AS after) c
        WHERE {PART} AND r.outcome = 'update' AND {LIVE} AND c.after <> '{{}}'
        """,
        part,
    )
    fields = [*columns, *(["custom"] if len(columns) < len(names) else [])]
    sets.execute(
        f"""
        UPDATE leads_lead l SET {assignments(fields)}
        FROM leads_bulkchange c JOIN leads_importrow r ON r.lead_id = c.lead_id
        WHERE {PART} AND r.outcome = 'update' AND c.operation_id = %(operation)s
            AND c.lead_id = l.id
        """,
        part,
    )


def _side(name: str, *, fills: bool) -> tuple[str, str]:
    """Before and after of one field, as jsonb; {} where nothing changes."""
    if name == "tags":  # tags are added, never taken away
        new = (
            "ARRAY(SELECT t FROM jsonb_array_elements_text(r.data -> 'tags') t "
            "WHERE t <> ALL(l.tags))"
        )
        when = f"CASE WHEN r.data ? 'tags' AND cardinality({new}) > 0 THEN"
        return (
            f"{when} jsonb_build_object('tags', l.tags) ELSE '{{}}'::jsonb END",
            f"{when} jsonb_build_object('tags', jsonb_build_object('add', {new}, "
            "'remove', '[]'::jsonb)) ELSE '{}' END",
        )
    column = NUMBERS.get(name, name)
    kind = "bigint" if name in NUMBERS or name == "value_paise" else "text"
    differs = (
        f"r.data ? '{name}' AND (r.data ->> '{name}')::{kind} "
        f"IS DISTINCT FROM l.{column}"
    )
    if fills:
        empty = {"value_paise": "l.value_paise = 0", "stage": "false"}
        empty |= {"consent": "l.consent = 'unknown'"}
        is_row = f"l.{column} IS NULL" if name in NUMBERS else f"l.{column} = ''"
        differs += f" AND {empty.get(name, is_row)}"
    old = f"jsonb_build_object('{name}', l.{column})"
    if name == "stage":
        old = (
            "jsonb_build_object('stage', l.stage_id, 'closed_at', l.closed_at, "
            "'lost_reason', l.lost_reason)"
        )
    return (
        f"CASE WHEN {differs} THEN {old} ELSE '{{}}'::jsonb END",
        f"CASE WHEN {differs} THEN jsonb_build_object('{name}', r.data -> '{name}') "
        "ELSE '{}' END",
    )


def _custom(*, fills: bool) -> tuple[str, str]:
    differs = "coalesce(l.custom -> g.key, 'null') <> g.value"
    if fills:
        differs += " AND NOT l.custom ? g.key"
    chosen = (
        "coalesce((SELECT jsonb_build_object('custom', jsonb_object_agg(g.key, {})) "
        "FROM jsonb_each(coalesce(r.data -> 'custom', '{{}}')) g "
        f"WHERE {differs} HAVING count(*) > 0), '{{{{}}}}'::jsonb)"
    )
    return chosen.format("coalesce(l.custom -> g.key, 'null')"), chosen.format(
        "g.value"
    )
