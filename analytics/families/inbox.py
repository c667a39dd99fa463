"""The inbox: volumes, how fast people are answered, what became of what we sent.

Times of waiting are the provider's; `_b` measures count only the team's working time
(all time, where no hours are given). A wait counts on the day on which it began.
"""

from analytics.families.people import day, within

REOPENED_WITHIN = "7 days"


def working(start: str, end: str) -> str:
    """SQL: the seconds of working time between two moments; all, without hours."""
    return f"""CASE WHEN %(has_hours)s THEN coalesce((
        SELECT round(extract(epoch FROM sum(
            least({end}, s.ends_at) - greatest({start}, s.starts_at))))
        FROM analytics_workingspan s WHERE s.workspace_id = %(workspace)s
            AND s.starts_at < {end} AND s.ends_at > {start}
            AND s.starts_at > {start} - interval '26 hours'
    ), 0) ELSE round(extract(epoch FROM {end} - {start})) END::bigint"""


# Every wait of the period with its place in its cycle: the first is the first response
WAITS = f"""
wait AS MATERIALIZED (
    SELECT w.id, w.conversation_id, w.cycle_id, w.started_at, w.ended_at, w.outcome,
        w.ended_by_id, c.channel, NOT EXISTS (
            SELECT 1 FROM inbox_waitsegment e WHERE e.conversation_id =
                w.conversation_id AND e.cycle_id IS NOT DISTINCT FROM w.cycle_id
                AND (e.started_at, e.id) < (w.started_at, w.id)
        ) AS is_first
    FROM inbox_waitsegment w JOIN inbox_conversation c ON c.id = w.conversation_id
    WHERE w.workspace_id = %(workspace)s AND {within("w.started_at")}
)"""

EVENTS = f"""
WITH {WAITS}, answered AS (
    SELECT w.conversation_id, w.started_at AS at, w.channel,
        CASE WHEN is_first THEN 'first_response' ELSE 'next_response' END AS measure,
        round(extract(epoch FROM w.ended_at - w.started_at))::bigint AS seconds,
        {working("w.started_at", "w.ended_at")} AS working_seconds
    FROM wait w WHERE w.outcome = 'answered'
), cycle AS MATERIALIZED (
    SELECT y.id, y.conversation_id, y.ended_at, y.ended_by_id, c.channel,
        least(y.ended_at, coalesce((SELECT min(w.started_at) FROM inbox_waitsegment w
            WHERE w.conversation_id = y.conversation_id AND w.cycle_id = y.id),
            y.started_at)) AS began_at
    FROM inbox_cycle y JOIN inbox_conversation c ON c.id = y.conversation_id
    WHERE y.workspace_id = %(workspace)s AND {within("y.ended_at")}
), said AS MATERIALIZED (
    SELECT m.id, m.channel, m.direction, m.status, m.status_rank, m.errors,
        m.provider_at AS at
    FROM inbox_message m
    WHERE m.workspace_id = %(workspace)s AND {within("m.provider_at")}
        AND m.direction IN ('in', 'out')
), event AS (
    SELECT {day("at")} AS day, measure, 'channel' AS dimension, channel AS member,
        1::bigint AS n, seconds AS value, 'conversation' AS subject,
        conversation_id AS subject_id
    FROM answered
    UNION ALL
    SELECT {day("at")}, measure || '_b', 'channel', channel, 1, working_seconds,
        'conversation', conversation_id
    FROM answered
    UNION ALL
    SELECT {day("at")}, measure || '_in_time', 'channel', channel, 1, NULL,
        'conversation', conversation_id
    FROM answered WHERE working_seconds <= %(sla_seconds)s
    UNION ALL
    SELECT {day("started_at")}, 'first_unanswered', 'channel', channel, 1, NULL,
        'conversation', conversation_id
    FROM wait WHERE is_first AND outcome = 'resolved'
    UNION ALL
    SELECT {day("ended_at")},
        CASE WHEN ended_by_id IS NULL THEN 'resolution_auto' ELSE 'resolution' END,
        'channel', channel, 1,
        round(extract(epoch FROM ended_at - began_at))::bigint,
        'conversation', conversation_id
    FROM cycle
    UNION ALL
    SELECT {day("c.ended_at")}, 'reopened', 'channel', c.channel, 1, NULL,
        'conversation', c.conversation_id FROM cycle c
    WHERE EXISTS (SELECT 1 FROM inbox_cycle later
        WHERE later.conversation_id = c.conversation_id AND later.id > c.id
        AND later.started_at <= c.ended_at + interval '{REOPENED_WITHIN}')
    UNION ALL
    SELECT {day("at")}, direction, 'channel', channel, 1, NULL, 'message', id
    FROM said
    UNION ALL
    SELECT {day("at")}, direction, 'hour', channel || ':' ||
        to_char(at AT TIME ZONE %(zone)s, 'HH24'), 1, NULL, 'message', id
    FROM said
    UNION ALL
    SELECT {day("at")}, s.measure, 'channel', channel, 1, NULL, 'message', id
    FROM said CROSS JOIN LATERAL (VALUES
        ('sent', status NOT IN ('queued', 'sending', 'unknown', 'unconfirmed',
            'cancelled')
            AND (status <> 'failed')),
        ('delivered', status IN ('delivered', 'read', 'played')),
        ('read', status IN ('read', 'played')),
        ('failed', status = 'failed')
    ) s(measure, is_so)
    WHERE direction = 'out' AND s.is_so
    UNION ALL
    SELECT {day("at")}, 'failed', 'code',
        left(channel || ':' || coalesce(errors -> 0 ->> 'code', ''), 80), 1, NULL,
        'message', id
    FROM said WHERE direction = 'out' AND status = 'failed'
    UNION ALL
    SELECT {day("e.provider_at")}, 'charged', 'category',
        left(coalesce(e.pricing ->> 'category', ''), 80), 1, NULL,
        'message', e.message_id
    FROM inbox_statusevent e WHERE e.workspace_id = %(workspace)s
        AND {within("e.provider_at")} AND e.status = 'sent'
        AND e.pricing ->> 'billable' = 'true'
)
SELECT day, measure, dimension, member, n, value, subject, subject_id FROM event
"""
