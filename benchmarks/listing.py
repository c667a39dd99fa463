"""Lists of a million leads and search in them, through the whole application, against
hand-written SQL that returns the same rows."""

import random
from collections.abc import Iterator
from typing import Any

from django.test import Client

from benchmarks.leads import place
from benchmarks.reading import alone, compare, get
from flexoraa.lib import sets
from leads.models import Campaign, Stage

LEADS = 1_000_000
SEARCH_GOAL = "goal p95 150 ms"


def measure(rounds: int) -> Iterator[str]:
    """p50 and p95 in milliseconds, and how many times the SQL's."""
    workspace, owner = place("bench-lists")
    fill(workspace, owner)
    yield f"{LEADS:,} leads"
    browser = Client()
    browser.force_login(owner)
    root = f"/api/workspaces/{workspace.slug}/leads"
    stage = Stage.objects.for_workspace(workspace).get(name="Contacted")
    lists = ("", "?owner=me", f"?stage={stage.public_id}", "?ordering=-updated_at")
    yield from compare(
        "lead list, 50 rows",
        rounds,
        lambda: get(browser, root + random.choice(lists)),
        lambda: sets.fetch(LIST, [workspace.pk]),
    )
    for name, term in (
        ("a phone number", "98{:08}"),
        ("a name and number", "person+{}"),
        ("part of an address", "p{}@example"),
        ("a word that all have", "person"),
    ):
        yield from alone(
            f"search in leads, {name} ({SEARCH_GOAL})",
            rounds,
            lambda term=term: get(
                browser, f"{root}?search={term.format(random.randrange(LEADS))}"
            ),
        )


def fill(workspace: Any, owner: Any) -> None:
    """Over stages, an owner and campaigns, as the leads of a shop are."""
    campaigns = [
        Campaign.objects.create(workspace=workspace, code=f"c{n}", name=f"Campaign {n}")
        for n in range(20)
    ]
    stages = Stage.objects.for_workspace(workspace).values_list("pk", flat=True)
    sets.execute(
        "INSERT INTO leads_lead (public_id, workspace_id, stage_id, owner_id, "
        "campaign_id, name, phone, email, company, source, value_paise, external_id, "
        "lost_reason, tags) "
        "SELECT leads_uuid7(), %s, (%s::bigint[])[1 + n %% %s], "
        "CASE WHEN n %% 10 = 0 THEN %s END, (%s::bigint[])[1 + n %% 20], "
        "'Person ' || n, '+9198' || lpad(n::text, 8, '0'), "
        "'p' || n || '@example.com', 'Company ' || n %% 1000, 'web', n, 'crm-' || n, "
        "'', ARRAY['a'] FROM generate_series(1, %s) n",
        [
            workspace.pk,
            list(stages),
            len(stages),
            owner.pk,
            [row.pk for row in campaigns],
            LEADS,
        ],
    )
    sets.execute("VACUUM ANALYZE leads_lead")
    sets.execute("VACUUM ANALYZE leads_leadtext")


LIST = """
    SELECT l.public_id, l.name, l.phone, l.email, l.company, s.public_id, s.name,
        s.kind, u.public_id, u.name, u.email, c.public_id, c.code, c.name, l.source,
        l.value_paise, l.currency, l.tags, l.custom, l.consent, l.external_id,
        l.lost_reason, l.closed_at, l.score, l.score_parts, l.version, m.public_id,
        l.archived_at, l.created_at, l.updated_at
    FROM leads_lead l JOIN leads_stage s ON s.id = l.stage_id
    LEFT JOIN teams_user u ON u.id = l.owner_id
    LEFT JOIN leads_campaign c ON c.id = l.campaign_id
    LEFT JOIN leads_lead m ON m.id = l.merged_into_id
    WHERE l.workspace_id = %s AND l.merged_into_id IS NULL AND l.archived_at IS NULL
    ORDER BY l.id DESC LIMIT 51
"""
