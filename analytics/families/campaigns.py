"""Campaigns: what they cost, whom they brought, and what that earned, on two clocks.

`cash` counts revenue on the day it came; `cohort` on the day of the lead's first touch
(of its creation, without a touch). The member is the campaign's id; "" is unattributed.
"""

from analytics.families.people import NEAR, REACHED, day, within

EVENTS = f"""
WITH {NEAR}, {REACHED}, touch AS MATERIALIZED (
    SELECT kin.root, t.campaign_id, t.at, t.id
    FROM kin JOIN leads_touch t ON t.lead_id = kin.id
    WHERE t.campaign_id IS NOT NULL
), first_touch AS (
    SELECT DISTINCT ON (root) root, campaign_id, at FROM touch ORDER BY root, at, id
), born AS (
    SELECT kin.root, min(l.created_at) AS at FROM kin JOIN leads_lead l ON l.id = kin.id
    GROUP BY kin.root
), money AS MATERIALIZED (
    SELECT kin.root, r.id, r.at, r.amount_paise
    FROM kin JOIN leads_revenue r ON r.lead_id = kin.id
    WHERE r.currency = %(currency)s
), customer AS (
    SELECT root, min(at) AS at FROM money WHERE amount_paise > 0 GROUP BY root
), qualified AS (
    SELECT r.root FROM reached r JOIN step ON step.id = r.stage
    WHERE step.is_qualified GROUP BY r.root
), cohort AS MATERIALIZED (
    -- everything about one lead in one row: looked up once, in bulk
    SELECT root.id AS root, coalesce(f.campaign_id::text, '') AS member,
        coalesce(f.at, born.at) AS at, q.root IS NOT NULL AS is_qualified,
        customer.at AS customer_at, s.kind, l.closed_at
    FROM root JOIN leads_lead l ON l.id = root.id
    JOIN leads_stage s ON s.id = l.stage_id
    LEFT JOIN born ON born.root = root.id
    LEFT JOIN first_touch f ON f.root = root.id
    LEFT JOIN customer ON customer.root = root.id
    LEFT JOIN qualified q ON q.root = root.id
), earned AS (
    -- a refund belongs to whom the payment before it belonged to
    SELECT m.*, CASE WHEN amount_paise > 0 THEN at ELSE coalesce(
        max(at) FILTER (WHERE amount_paise > 0) OVER (PARTITION BY root ORDER BY at),
        at) END AS earned_at
    FROM money m
), credited AS MATERIALIZED (
    SELECT e.id, e.root, e.at, e.amount_paise,
        coalesce(t.campaign_id::text, '') AS member,
        row_number() OVER (PARTITION BY e.id ORDER BY t.at, t.id) AS place,
        count(*) OVER (PARTITION BY e.id) AS places
    FROM earned e LEFT JOIN touch t ON t.root = e.root AND t.at <= e.earned_at
        AND t.at >= e.earned_at - make_interval(days => %(lookback_days)s)
), share AS MATERIALIZED (
    SELECT c.id, c.root, c.at, c.member, m.model,
        CASE m.model WHEN 'linear' THEN c.amount_paise / c.places + CASE
            WHEN c.place = c.places
            THEN c.amount_paise - c.amount_paise / c.places * c.places ELSE 0 END
        ELSE c.amount_paise END AS paise
    FROM credited c CROSS JOIN (VALUES ('first'), ('last'), ('linear')) m(model)
    WHERE m.model = 'linear' OR (m.model = 'first' AND c.place = 1)
        OR (m.model = 'last' AND c.place = c.places)
), event AS (
    SELECT day, 'spend_' || kind AS measure, campaign_id::text AS member,
        amount_paise AS n, 'spend' AS subject, id AS subject_id
    FROM leads_spendentry WHERE workspace_id = %(workspace)s
        AND replaced_by_id IS NULL AND currency = %(currency)s
        AND day >= %(start_day)s AND day < %(end_day)s
    UNION ALL
    SELECT day, 'spend_excluded', campaign_id::text, 1, 'spend', id
    FROM leads_spendentry WHERE workspace_id = %(workspace)s
        AND replaced_by_id IS NULL AND currency <> %(currency)s
        AND day >= %(start_day)s AND day < %(end_day)s
    UNION ALL
    SELECT {day("at")}, 'leads', member, 1, 'lead', root
    FROM cohort WHERE {within("at")}
    UNION ALL
    SELECT {day("at")}, 'qualified', member, 1, 'lead', root
    FROM cohort WHERE is_qualified AND {within("at")}
    UNION ALL
    SELECT {day("at")}, 'won_cohort', member, 1, 'lead', root
    FROM cohort WHERE kind = 'won' AND {within("at")}
    UNION ALL
    SELECT {day("closed_at")}, 'won_cash', member, 1, 'lead', root
    FROM cohort WHERE kind = 'won' AND {within("closed_at")}
    UNION ALL
    SELECT {day("at")}, 'customers_cohort', member, 1, 'lead', root
    FROM cohort WHERE customer_at IS NOT NULL AND {within("at")}
    UNION ALL
    SELECT {day("customer_at")}, 'customers_cash', member, 1, 'lead', root
    FROM cohort WHERE {within("customer_at")}
    UNION ALL
    SELECT {day("s.at")}, 'revenue_cash_' || s.model, s.member, s.paise,
        'revenue', s.id FROM share s
    WHERE {within("s.at")}
    UNION ALL
    SELECT {day("c.at")}, 'revenue_cohort_' || s.model, s.member, s.paise,
        'revenue', s.id FROM share s
    JOIN cohort c ON c.root = s.root WHERE {within("c.at")}
    UNION ALL
    SELECT {day("r.at")}, 'revenue_excluded', '', 1, 'revenue', r.id
    FROM kin JOIN leads_revenue r ON r.lead_id = kin.id
    WHERE r.currency <> %(currency)s AND {within("r.at")}
)
SELECT day, measure, 'campaign' AS dimension, member, n, NULL::bigint AS value,
    subject, subject_id
FROM event
"""
