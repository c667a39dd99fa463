"""The team: who answered, won and kept promises, each credited to who did it then.

Speed goes to who answered, a breach to who held the conversation when the deadline
passed, a win to the owner at that moment. The member is a user's id; "" is nobody, and
"" of a breach the team.
"""

from analytics.families.inbox import WAITS, working
from analytics.families.people import NEAR, REACHED, day, within


def owner(lead: str, at: str) -> str:
    """SQL: who had this lead at that moment, as text; "" for nobody."""
    return f"""coalesce((SELECT i.user_id::text FROM leads_assignmentinterval i
        WHERE i.lead_id = {lead} AND i.started_at <= {at}
            AND (i.ended_at >= {at} OR i.ended_at IS NULL)
        ORDER BY i.started_at, i.id LIMIT 1), '')"""


EVENTS = f"""
WITH {NEAR}, {REACHED}, {WAITS}, timed AS MATERIALIZED (
    SELECT w.*, {working("w.started_at", "w.ended_at")} AS working_seconds
    FROM wait w WHERE w.outcome = 'answered'
), handled AS MATERIALIZED (
    SELECT t.*, greatest(t.started_at, coalesce((
        SELECT max(i.started_at) FROM inbox_assignmentinterval i
        WHERE i.conversation_id = t.conversation_id AND i.user_id = t.ended_by_id
            AND i.started_at <= t.ended_at
            AND (i.ended_at >= t.ended_at OR i.ended_at IS NULL)
    ), t.started_at)) AS held_since
    FROM timed t WHERE t.ended_by_id IS NOT NULL
), breach AS (
    SELECT t.conversation_id, t.started_at AS at, coalesce((
        SELECT i.user_id::text FROM inbox_assignmentinterval i
        WHERE i.conversation_id = t.conversation_id
            AND i.started_at <= analytics_deadline(
                %(workspace)s, t.started_at, %(sla_seconds)s, %(has_hours)s)
            AND (i.ended_at > analytics_deadline(
                %(workspace)s, t.started_at, %(sla_seconds)s, %(has_hours)s)
                OR i.ended_at IS NULL)
        LIMIT 1), '') AS member
    FROM timed t WHERE t.is_first AND t.working_seconds > %(sla_seconds)s
), closed AS (
    SELECT root.id, l.closed_at AS at, s.kind, l.value_paise,
        {owner("root.id", "l.closed_at")} AS member
    FROM root JOIN leads_lead l ON l.id = root.id
    JOIN leads_stage s ON s.id = l.stage_id
    WHERE s.kind <> 'open' AND {within("l.closed_at")}
), qualified AS (
    SELECT r.root, min(r.at) AS at FROM reached r JOIN step ON step.id = r.stage
    WHERE step.is_qualified GROUP BY r.root
), active AS (
    SELECT {day("provider_at")} AS day, author_id AS user_id FROM inbox_message
    WHERE workspace_id = %(workspace)s AND {within("provider_at")}
        AND author_id IS NOT NULL
    UNION
    SELECT {day("started_at")}, by_id FROM leads_stageinterval
    WHERE workspace_id = %(workspace)s AND {within("started_at")}
        AND by_id IS NOT NULL AND bulk_id IS NULL
), event AS (
    SELECT day, 'active_days' AS measure, user_id::text AS member, 1::bigint AS n,
        NULL::bigint AS value, 'user' AS subject, user_id AS subject_id
    FROM active
    UNION ALL
    SELECT {day("started_at")}, 'answered', ended_by_id::text, 1, NULL,
        'conversation', conversation_id FROM handled
    UNION ALL
    SELECT {day("started_at")}, 'handling', ended_by_id::text,
        round(extract(epoch FROM ended_at - held_since))::bigint,
        round(extract(epoch FROM ended_at - held_since))::bigint,
        'conversation', conversation_id
    FROM handled WHERE is_first
    UNION ALL
    SELECT {day("started_at")}, 'first_answers', ended_by_id::text, 1, NULL,
        'conversation', conversation_id
    FROM handled WHERE is_first
    UNION ALL
    SELECT {day("started_at")}, 'in_time', ended_by_id::text, 1, NULL,
        'conversation', conversation_id FROM handled
    WHERE is_first AND working_seconds <= %(sla_seconds)s
    UNION ALL
    SELECT {day("at")}, 'breach', member, 1, NULL, 'conversation', conversation_id
    FROM breach
    UNION ALL
    SELECT {day("at")}, kind, member, 1, NULL, 'lead', id FROM closed
    UNION ALL
    SELECT {day("at")}, 'won_value', member, value_paise, NULL, 'lead', id FROM closed
    WHERE kind = 'won'
    UNION ALL
    SELECT {day("q.at")}, 'qualified', {owner("q.root", "q.at")}, 1, NULL,
        'lead', q.root
    FROM qualified q WHERE {within("q.at")}
    UNION ALL
    SELECT {day("r.at")}, 'revenue', {owner("kin.root", "r.at")}, r.amount_paise, NULL,
        'revenue', r.id
    FROM kin JOIN leads_revenue r ON r.lead_id = kin.id
    WHERE r.currency = %(currency)s AND {within("r.at")}
    UNION ALL
    SELECT {day("t.due_at")}, f.measure, t.assignee_id::text, 1, NULL, 'lead', t.lead_id
    FROM leads_task t CROSS JOIN LATERAL (VALUES
        ('due', true), ('done_in_time', coalesce(t.done_at <= t.due_at, false))
    ) f(measure, is_so)
    WHERE t.workspace_id = %(workspace)s AND {within("t.due_at")}
        AND t.assignee_id IS NOT NULL AND f.is_so
)
SELECT day, measure, 'user' AS dimension, member, n, value, subject, subject_id
FROM event
"""
