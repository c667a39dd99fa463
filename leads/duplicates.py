"""Which leads may be one person, and by what evidence: looked for in the background
when a lead comes or changes.

Who is compared shares a phone, an e-mail address, or words of name and company or of
the mailbox; facts of each pair give points. A suggestion stays until its facts are
gone, the two are merged, or somebody says that they are two.
"""

from django.db import transaction

from flexoraa.lib import sets
from leads.models import Stale

BATCH = 500
LEAST = 30  # points of a suggestion
NEAR = 20  # leads with which one is compared, by each kind of likeness
LIVE = "merged_into_id IS NULL AND archived_at IS NULL"

# mailboxes that are nobody's in particular
SHARED = "'info', 'sales', 'admin', 'contact', 'hello', 'office', 'support', 'accounts'"

POINTS = {
    "phone": "same phone number",
    "email": "same e-mail address",
    "name": "alike names",
    "company": "same company",
    "mailbox": "same mailbox at another provider",
    "other_name": "different names",
}

# words as a tsquery, quoted; those of leads are cut by leads_document
WORDS = """
    (SELECT string_agg('''' || replace(replace(w, '\\', '\\\\'), '''', '''''')
        || '''', '{glue}')
    FROM unnest(tsvector_to_array(leads_document(lower({text})))) w)
"""

PAIRS = f"""
    WITH me AS MATERIALIZED (
        SELECT id, name, phone, email, company, split_part(email, '@', 1) AS mailbox
        FROM leads_lead WHERE id = ANY(%(leads)s)
            AND workspace_id = %(workspace)s AND {LIVE}
    ), near AS (
        SELECT me.id, o.id AS other FROM me CROSS JOIN LATERAL (
            SELECT l.id FROM leads_lead l WHERE l.workspace_id = %(workspace)s
                AND l.phone = me.phone AND l.phone <> '' AND l.id <> me.id AND {LIVE}
            ORDER BY l.id LIMIT {NEAR}) o
        UNION
        SELECT me.id, o.id FROM me CROSS JOIN LATERAL (
            SELECT l.id FROM leads_lead l WHERE l.workspace_id = %(workspace)s
                AND l.email = me.email AND l.email <> '' AND l.id <> me.id AND {LIVE}
            ORDER BY l.id LIMIT {NEAR}) o
        UNION
        SELECT me.id, o.lead_id FROM me CROSS JOIN LATERAL (
            SELECT '(' || {WORDS.format(text="me.company", glue=" & ")} || ') & ('
                || {WORDS.format(text="me.name", glue=" | ")} || ')' AS words) q
        CROSS JOIN LATERAL (
            SELECT t.lead_id FROM leads_leadtext t
            WHERE t.workspace_id = %(workspace)s AND t.document @@ q.words::tsquery
                AND t.lead_id <> me.id LIMIT {NEAR}) o
        WHERE me.company <> '' AND me.name <> '' AND q.words IS NOT NULL
        UNION
        SELECT me.id, o.lead_id FROM me CROSS JOIN LATERAL (
            SELECT {WORDS.format(text="me.mailbox", glue=" & ")} AS words) q
        CROSS JOIN LATERAL (
            SELECT t.lead_id FROM leads_leadtext t
            WHERE t.workspace_id = %(workspace)s AND t.document @@ q.words::tsquery
                AND t.lead_id <> me.id LIMIT {NEAR}) o
        WHERE length(me.mailbox) >= 5 AND me.mailbox NOT IN ({SHARED})
            AND q.words IS NOT NULL
        UNION
        SELECT first_id, second_id FROM leads_duplicate
        WHERE (first_id = ANY(%(leads)s) OR second_id = ANY(%(leads)s))
            AND dismissed_at IS NULL
    ), pair AS (
        SELECT DISTINCT least(id, other) AS first, greatest(id, other) AS second
        FROM near
    ), fact AS (
        SELECT p.first, p.second, f.place, f.fact, f.points, f.is_reason
        FROM pair p
        JOIN leads_lead a ON a.id = p.first JOIN leads_lead b ON b.id = p.second
        CROSS JOIN LATERAL (
            SELECT similarity(lower(a.name), lower(b.name)) AS alike,
                a.name <> '' AND b.name <> '' AS are_named,
                a.email <> '' AND a.email = b.email AS is_email,
                a.company <> '' AND lower(a.company) = lower(b.company) AS is_company,
                a.email <> b.email AND length(split_part(a.email, '@', 1)) >= 5
                    AND split_part(a.email, '@', 1) = split_part(b.email, '@', 1)
                    AND split_part(a.email, '@', 1) NOT IN ({SHARED}) AS is_mailbox
        ) s
        CROSS JOIN LATERAL (VALUES
            (1, 'phone', 60, a.phone <> '' AND a.phone = b.phone, true),
            (2, 'email', 60, s.is_email, true),
            (3, 'name', round(40 * s.alike)::int, s.are_named AND s.alike >= 0.5,
                s.is_company OR s.is_mailbox),
            (4, 'company', 20, s.is_company, false),
            (5, 'mailbox', 25, s.is_mailbox, false),
            (6, 'other_name', -30, s.are_named AND s.alike < 0.2, false)
        ) f(place, fact, points, is_so, is_reason)
        WHERE f.is_so
            AND a.merged_into_id IS NULL AND a.archived_at IS NULL
            AND b.merged_into_id IS NULL AND b.archived_at IS NULL
    ), judged AS (
        SELECT first, second, least(sum(points), 100) AS score,
            jsonb_agg(jsonb_build_object('fact', fact, 'points', points)
                ORDER BY place) AS evidence
        FROM fact GROUP BY first, second
        HAVING bool_or(is_reason) AND sum(points) >= {LEAST}
    )
"""

WRITE = f"""
    {PAIRS}, gone AS (
        DELETE FROM leads_duplicate d USING pair p
        WHERE d.first_id = p.first AND d.second_id = p.second
            AND d.dismissed_at IS NULL AND NOT EXISTS (
                SELECT 1 FROM judged j
                WHERE j.first = p.first AND j.second = p.second)
    )
    INSERT INTO leads_duplicate AS d
        (public_id, workspace_id, first_id, second_id, score, evidence)
    SELECT leads_uuid7(), %(workspace)s, first, second, score, evidence
    FROM judged ORDER BY first, second
    ON CONFLICT (first_id, second_id) DO UPDATE
        SET score = excluded.score, evidence = excluded.evidence
        WHERE d.dismissed_at IS NULL AND (d.score, d.evidence)
            IS DISTINCT FROM (excluded.score, excluded.evidence)
"""


@transaction.atomic
def drain() -> int:
    """Look for the twins of some leads; how many leads that were."""
    workspace, leads = Stale.objects.take(Stale.Look.TWINS, BATCH)
    if not workspace:
        return 0
    if leads:
        sets.execute(WRITE, {"workspace": workspace, "leads": leads})
    return len(leads) or 1
