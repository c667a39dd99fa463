"""Scores by the rules of each workspace, counted in the background.

A score is the sum of the points of the rules that are true of a lead, and says so:
[["has a phone number", 10], …]. Leads are counted again when they, their touches or
their revenue change, all of a workspace when its rules do, and once a day where a rule
speaks of days.
"""

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.db import transaction

from flexoraa.lib import sets
from leads.models import ScoreRule, Stale
from leads.models.scoring import MOST_DAYS, MOST_RUPEES

BATCH = 1_000
Fact = ScoreRule.Fact
Term = tuple[str, list]  # SQL of a fact about the lead `l`, its parameters

KIN = (
    "k.workspace_id = l.workspace_id AND k.lead_id IN (SELECT l.id UNION ALL "
    "SELECT m.id FROM leads_lead m WHERE m.merged_into_id = l.id)"
)


def _number(rule: ScoreRule) -> int:
    """The argument of a rule that takes a number; 0 if it came past the doors."""
    return int(rule.argument) if rule.argument.isdecimal() else 0


def _custom(rule: ScoreRule) -> Term:
    try:
        wanted = rule.custom_value()
    except ValidationError:  # the field is gone
        return "false", []
    return "l.custom @> %s::jsonb", [sets.dumps([wanted])[1:-1]]


TERMS: dict[str, Callable[[ScoreRule], Term]] = {
    Fact.HAS_PHONE: lambda rule: ("l.phone <> ''", []),
    Fact.HAS_EMAIL: lambda rule: ("l.email <> ''", []),
    Fact.HAS_COMPANY: lambda rule: ("l.company <> ''", []),
    Fact.HAS_TAG: lambda rule: ("%s = ANY(l.tags)", [rule.argument]),
    Fact.HAS_SOURCE: lambda rule: ("lower(l.source) = lower(%s)", [rule.argument]),
    Fact.VALUE_FROM: lambda rule: (
        "l.value_paise >= %s",
        [min(_number(rule), MOST_RUPEES) * 100],
    ),
    Fact.CUSTOM_IS: _custom,
    Fact.TOUCHED_WITHIN: lambda rule: (
        f"EXISTS (SELECT 1 FROM leads_touch k WHERE {KIN} "
        "AND k.at > statement_timestamp() - make_interval(days => %s))",
        [min(_number(rule), MOST_DAYS)],
    ),
    Fact.QUIET_FOR: lambda rule: (
        "l.updated_at < statement_timestamp() - make_interval(days => %s)",
        [min(_number(rule), MOST_DAYS)],
    ),
    Fact.PAID: lambda rule: (
        f"(SELECT coalesce(sum(k.amount_paise), 0) FROM leads_revenue k WHERE {KIN}) "
        "> 0",
        [],
    ),
}

# whose daily count is due; a day is one of the workspace's zone
DUE = f"""
    WITH due AS (
        UPDATE leads_leadsettings s
        SET scored_on = (statement_timestamp() AT TIME ZONE w.timezone)::date
        FROM teams_workspace w
        WHERE w.id = s.workspace_id AND (s.scored_on IS NULL OR s.scored_on
                < (statement_timestamp() AT TIME ZONE w.timezone)::date)
            AND EXISTS (SELECT 1 FROM leads_scorerule r
                WHERE r.workspace_id = s.workspace_id
                AND r.fact IN ({", ".join(f"'{fact}'" for fact in ScoreRule.OF_TIME)}))
        RETURNING s.workspace_id
    )
    INSERT INTO leads_stale (workspace_id, look) SELECT workspace_id, 'score' FROM due
"""


@transaction.atomic
def drain() -> int:
    """Count the scores of some leads; how many leads that were."""
    workspace, leads = Stale.objects.take(Stale.Look.SCORE, BATCH)
    if workspace:
        count(workspace, leads)
        return len(leads) or 1
    return sets.execute(DUE)


def count(workspace: int, leads: list[int]) -> int:
    """Write the scores of these leads, inside a transaction; how many are others now.
    Who was merged counts with whom they were merged into."""
    rules = ScoreRule.objects.for_workspace(workspace).order_by("id")
    terms = [(rule, *TERMS[rule.fact](rule)) for rule in rules]
    values = ", ".join(f"(%s, %s, %s, {sql})" for _, sql, _ in terms)
    params = [
        value
        for place, (rule, _, given) in enumerate(terms)
        for value in (place, str(rule), rule.points, *given)
    ]
    locked = sets.fetch(
        """
        SELECT l.id FROM leads_lead l WHERE l.id IN (
            SELECT coalesce(merged_into_id, id) FROM leads_lead WHERE id = ANY(%s))
        AND l.workspace_id = %s ORDER BY l.id FOR NO KEY UPDATE
        """,
        [leads, workspace],
    )
    return sets.execute(
        f"""
        UPDATE leads_lead l SET score = s.score, score_parts = s.parts
        FROM (
            SELECT l.id, coalesce(sum(f.points), 0) AS score, coalesce(jsonb_agg(
                jsonb_build_array(f.rule, f.points) ORDER BY f.place)
                FILTER (WHERE f.rule IS NOT NULL), '[]') AS parts
            FROM leads_lead l LEFT JOIN LATERAL (
                VALUES {values or "(0, '', 0, false)"}
            ) f(place, rule, points, is_so) ON f.is_so
            WHERE l.id = ANY(%s) GROUP BY l.id
        ) s
        WHERE l.id = s.id AND (l.score, l.score_parts)
            IS DISTINCT FROM (s.score, s.parts)
        """,
        [*params, [pk for (pk,) in locked]],
    )
