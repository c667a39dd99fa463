"""The funnel: how far leads got, how fast, and how long they stayed in each stage.

Measures name the stage by its id: `reached:7`. A lead counts for a stage on the day it
first got that far, so that re-entries count once.
"""

from analytics.families.people import NEAR, REACHED, day, within

# seconds below which a stay that began in a bulk edit says nothing
TOO_SHORT = 60

EVENTS = f"""
WITH {NEAR}, {REACHED}, lead AS MATERIALIZED (
    SELECT l.id AS root, s.kind, l.closed_at,
        coalesce(l.campaign_id::text, '') AS campaign,
        coalesce(l.owner_id::text, '') AS owner,
        left(l.source, 80) AS source, coalesce(c.channel, '') AS channel
    FROM root JOIN leads_lead l ON l.id = root.id
    JOIN leads_stage s ON s.id = l.stage_id
    LEFT JOIN leads_campaign c ON c.id = l.campaign_id
), progress AS MATERIALIZED (
    -- with all that is asked of it, so that nothing is joined to it again
    SELECT r.root, r.stage, r.place, r.at, lead(r.at) OVER way AS next_at,
        first_value(r.at) OVER way AS began_at, l.kind, l.closed_at
    FROM reached r JOIN lead l ON l.root = r.root
    WINDOW way AS (PARTITION BY r.root ORDER BY r.place)
), stay AS MATERIALIZED (
    SELECT kin.root, i.stage_id AS stage, i.started_at, i.ended_at,
        coalesce(i.bulk_id IS NOT NULL
            AND i.ended_at - i.started_at < interval '{TOO_SHORT} seconds', false)
            AS is_flagged
    FROM kin JOIN leads_stageinterval i ON i.lead_id = kin.id
), stays AS (
    SELECT root, stage, max(ended_at) AS at,
        round(extract(epoch FROM sum(ended_at - started_at)))::bigint AS seconds
    FROM stay WHERE NOT is_flagged
    GROUP BY root, stage HAVING bool_and(ended_at IS NOT NULL)
), exit AS (
    SELECT i.root, i.stage, i.ended_at AS at, coalesce(there.place > here.place, false)
        AS is_forward
    FROM (
        SELECT s.*, lead(stage) OVER (PARTITION BY root ORDER BY started_at, ended_at)
            AS next_stage FROM stay s
    ) i
    JOIN step here ON here.id = i.stage LEFT JOIN step there ON there.id = i.next_stage
    WHERE i.ended_at IS NOT NULL
), event AS (
    SELECT root, at, 'reached:' || stage AS measure, 1::bigint AS n,
        NULL::bigint AS value
    FROM progress WHERE {within("at")}
    UNION ALL
    SELECT root, at, 'next:' || stage, 1, NULL FROM progress
    WHERE {within("at")} AND next_at <= at + make_interval(days => %(horizon_days)s)
    UNION ALL
    SELECT root, at, 'open:' || stage, 1, NULL FROM progress
    WHERE {within("at")} AND next_at IS NULL AND kind = 'open'
    UNION ALL
    SELECT root, began_at, 'overall:' || stage, 1, NULL FROM progress
    WHERE {within("began_at")}
        AND at <= began_at + make_interval(days => %(horizon_days)s)
    UNION ALL
    SELECT root, at, 'exits:' || stage, 1, NULL FROM exit WHERE {within("at")}
    UNION ALL
    SELECT root, at, 'forward:' || stage, 1, NULL FROM exit
    WHERE {within("at")} AND is_forward
    UNION ALL
    SELECT root, at, 'stay:' || stage, 1, seconds FROM stays WHERE {within("at")}
    UNION ALL
    SELECT root, started_at, 'staying:' || stage, 1, NULL FROM stay
    WHERE ended_at IS NULL AND {within("started_at")}
    UNION ALL
    SELECT root, ended_at, 'flagged:' || stage, 1, NULL FROM stay
    WHERE is_flagged AND {within("ended_at")}
    UNION ALL
    SELECT root, closed_at, 'cycle', 1,
        round(extract(epoch FROM closed_at - began_at))::bigint
    FROM progress WHERE place = 1 AND kind = 'won' AND {within("closed_at")}
    UNION ALL
    SELECT root, closed_at, kind, 1, NULL FROM lead
    WHERE kind <> 'open' AND {within("closed_at")}
)
SELECT {day("event.at")} AS day, event.measure, d.dimension, d.member, event.n,
    CASE WHEN d.dimension = '' THEN event.value END AS value,
    'lead' AS subject, event.root AS subject_id
FROM event JOIN lead ON lead.root = event.root
CROSS JOIN LATERAL (VALUES ('', ''), ('campaign', lead.campaign),
    ('owner', lead.owner), ('source', lead.source), ('channel', lead.channel)
) d(dimension, member)
"""
