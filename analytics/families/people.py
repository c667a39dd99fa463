"""Leads after merges: the parts of queries that families of leads share.

A merged lead counts once, as the one it was merged into, with the history of both.
Archived ones count nowhere, but those who were erased while they counted go on.
"""

# Leads of which anything happened in the period; `root` is who stands for them
NEAR = """
near AS (
    SELECT lead_id FROM leads_stageinterval
    WHERE workspace_id = %(workspace)s
        AND started_at >= %(start)s AND started_at < %(end)s
    UNION
    SELECT lead_id FROM leads_stageinterval
    WHERE workspace_id = %(workspace)s
        AND ended_at >= %(start)s AND ended_at < %(end)s
    UNION
    SELECT id FROM leads_lead
    WHERE workspace_id = %(workspace)s
        AND closed_at >= %(start)s AND closed_at < %(end)s
    UNION
    SELECT lead_id FROM leads_touch
    WHERE workspace_id = %(workspace)s AND at >= %(start)s AND at < %(end)s
    UNION
    SELECT lead_id FROM leads_revenue
    WHERE workspace_id = %(workspace)s AND at >= %(start)s AND at < %(end)s
), root AS MATERIALIZED (
    SELECT DISTINCT r.id FROM near
    JOIN leads_lead l ON l.id = near.lead_id
    JOIN leads_lead r ON r.id = coalesce(l.merged_into_id, l.id)
    WHERE r.archived_at IS NULL OR r.archived_at = r.erased_at
), kin AS MATERIALIZED (
    SELECT id, id AS root FROM root
    UNION ALL
    SELECT l.id, root.id FROM root JOIN leads_lead l ON l.merged_into_id = root.id
)"""

# The pipeline in order, without the stages of the lost
STEPS = """
step AS (
    SELECT id, position, is_qualified,
        row_number() OVER (ORDER BY position, id) AS place
    FROM leads_stage WHERE workspace_id = %(workspace)s AND kind <> 'lost'
)"""

# When a lead first got as far as each step: whoever skips one has passed it, and
# going back does not undo it
REACHED = f"""
{STEPS}, entered AS (
    SELECT kin.root, step.place, min(i.started_at) AS at
    FROM kin JOIN leads_stageinterval i ON i.lead_id = kin.id
    JOIN step ON step.id = i.stage_id
    GROUP BY kin.root, step.place
), reached AS MATERIALIZED (
    SELECT e.root, step.id AS stage, step.place, min(e.at) AS at
    FROM entered e JOIN step ON step.place <= e.place
    GROUP BY e.root, step.id, step.place
)"""


def day(column: str) -> str:
    """SQL: the local day of a moment."""
    return f"({column} AT TIME ZONE %(zone)s)::date"


def within(column: str) -> str:
    """SQL: whether a moment is in the period."""
    return f"{column} >= %(start)s AND {column} < %(end)s"
