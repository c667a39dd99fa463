"""Whoever writes for the first time becomes a lead, and an ad that led here a touch.

Done beside ingest, a second later and for many at once, so that webhooks wait for
nothing of it. Each step looks for what is missing and adds it; run twice, or by two
workers, it adds nothing more.
"""

import re
from typing import Any, NamedTuple

from django.db import transaction

from flexoraa.lib import sets, stream
from flexoraa.lib.errors import Conflict
from flexoraa.lib.ids import uuid7
from inbox.models import Contact
from leads.limits import check_room
from leads.models import Lead, Stage
from teams.models import Workspace

BATCH = 500
PHONE = re.compile(r"[1-9]\d{6,14}")

NEWCOMERS = """
    SELECT c.id, c.workspace_id, c.name,
        (SELECT i.key FROM inbox_contactidentity i WHERE i.contact_id = c.id
            AND i.kind = 'phone' ORDER BY i.id LIMIT 1) AS phone,
        (SELECT v.channel FROM inbox_conversation v WHERE v.contact_id = c.id
            ORDER BY v.id LIMIT 1) AS channel
    FROM inbox_contact c
    JOIN leads_leadsettings s ON s.workspace_id = c.workspace_id
        AND s.makes_leads_of_messages
    WHERE c.lead_id IS NULL AND c.merged_into_id IS NULL
        AND c.created_at > statement_timestamp() - interval '1 day'
        AND EXISTS (SELECT 1 FROM inbox_conversation v
            WHERE v.contact_id = c.id AND v.last_inbound_at IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM inbox_contactidentity i
            WHERE i.contact_id = c.id AND i.kind = 'group')
    ORDER BY c.id LIMIT %s FOR UPDATE OF c SKIP LOCKED
"""

# the ad's id is `source_id` on WhatsApp (developers.facebook.com, "referral"), `ad_id`
# on Instagram and Messenger
TOUCHES = """
    WITH clicked AS MATERIALIZED (
        SELECT m.id, m.workspace_id, m.provider_at, 'message:' || m.public_id AS key,
            coalesce(w.lead_id, c.lead_id) AS lead_id,
            left(coalesce(r.said ->> 'ad_id', CASE WHEN r.said ->> 'source_type' = 'ad'
                THEN r.said ->> 'source_id' END, ''), 64) AS ad_id,
            left(coalesce(r.said ->> 'ctwa_clid', ''), 512) AS click_id,
            left(coalesce(r.said ->> 'headline', r.said ->> 'ref', ''), 300) AS detail
        FROM inbox_message m
        JOIN inbox_contact c ON c.id = m.contact_id
        LEFT JOIN inbox_contact w ON w.id = c.merged_into_id
        CROSS JOIN LATERAL (SELECT m.payload -> 'referral' AS said) r
        WHERE m.payload ? 'referral' AND jsonb_typeof(r.said) = 'object'
            AND m.direction = 'in'
            AND m.created_at > statement_timestamp() - interval '1 day'
            AND coalesce(w.lead_id, c.lead_id) IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM leads_touch t
                WHERE t.workspace_id = m.workspace_id
                AND t.key = 'message:' || m.public_id AND t.key <> '')
        ORDER BY m.id LIMIT %s
    ), touched AS (
        INSERT INTO leads_touch (public_id, workspace_id, lead_id, campaign_id, kind,
            at, click_id, ad_id, detail, key)
        SELECT leads_uuid7(), k.workspace_id, k.lead_id, (
                SELECT a.id FROM leads_campaign a WHERE a.workspace_id = k.workspace_id
                AND k.ad_id <> '' AND a.ad_ids @> ARRAY[k.ad_id]::varchar[]
                ORDER BY a.id DESC LIMIT 1),
            'ad', k.provider_at, k.click_id, k.ad_id, k.detail, k.key
        FROM clicked k
        ON CONFLICT DO NOTHING
        RETURNING lead_id, campaign_id, at
    )
    SELECT coalesce(l.merged_into_id, l.id), (array_agg(t.campaign_id ORDER BY t.at))[1]
    FROM touched t JOIN leads_lead l ON l.id = t.lead_id
    WHERE t.campaign_id IS NOT NULL GROUP BY 1
"""


class Newcomer(NamedTuple):
    """Somebody who wrote and is no lead yet."""

    contact: int
    workspace: int
    name: str
    phone: str
    channel: str


def drain() -> int:
    """Some newcomers become leads, some clicks touches; how many that were."""
    return _welcome() + _note_clicks()


@transaction.atomic
def _welcome() -> int:
    rows = [
        Newcomer(
            *row[:3], f"+{row[3]}" if PHONE.fullmatch(row[3] or "") else "", row[4]
        )
        for row in sets.fetch(NEWCOMERS, [BATCH])
    ]
    if not rows:
        return 0
    known = _known(rows)
    fresh: dict[Any, Newcomer] = {}
    for row in rows:
        if _key(row) not in known:
            fresh.setdefault(_key(row), row)
    known |= _make(fresh)
    links = [
        {"id": row.contact, "lead_id": known[_key(row)]}
        for row in rows
        if _key(row) in known
    ]
    sets.execute(
        "UPDATE inbox_contact c SET lead_id = r.lead_id FROM "
        f"{sets.recordset(Contact, ['id', 'lead_id'], 'r')} WHERE c.id = r.id",
        [sets.dumps(links)],
    )
    return len(links)


def _key(row: Newcomer) -> Any:
    """Who has a phone is one person by it; others are by their contact."""
    return (row.workspace, row.phone) if row.phone else row.contact


def _known(rows: list[Newcomer]) -> dict[Any, int]:
    """Leads that have these phones already, the oldest of each; before them those that
    were merged into others, which are the others."""
    there = Lead.objects.filter(
        workspace__in={row.workspace for row in rows},
        phone__in={row.phone for row in rows if row.phone},
    )
    merged = there.filter(merged_into__archived_at=None, merged_into__isnull=False)
    known: dict[Any, int] = {}
    for found, head in ((merged, "merged_into_id"), (there.live(), "pk")):
        columns = ("workspace_id", "phone", head)
        for workspace, phone, pk in found.order_by("-pk").values_list(*columns):
            known[workspace, phone] = pk
    return known


def _make(fresh: dict[Any, Newcomer]) -> dict[Any, int]:
    """New leads in the first stage, as far as each plan has room."""
    by_workspace: dict[int, list[Any]] = {}
    for key, row in fresh.items():
        by_workspace.setdefault(row.workspace, []).append(key)
    made: dict[Any, int] = {}
    for pk in sorted(by_workspace):
        workspace = Workspace.objects.get(pk=pk)
        try:
            check_room(workspace, len(by_workspace[pk]))
        except Conflict:  # they stay contacts; the plan's owner is told elsewhere
            continue
        stage = Stage.objects.first_open(workspace)
        ids = {uuid7(): key for key in by_workspace[pk]}
        lines = [
            {
                "public_id": public_id,
                "workspace_id": pk,
                "stage_id": stage.pk,
                "name": fresh[key].name,
                "phone": fresh[key].phone,
                "email": "",
                "company": "",
                "source": fresh[key].channel,
                "external_id": "",
                "lost_reason": "",
                "value_paise": 0,
                "currency": workspace.currency,
            }
            for public_id, key in ids.items()
        ]
        rows = sets.insert(Lead, lines, returning=("id", "public_id"))
        made |= {ids[public_id]: lead for lead, public_id in rows}
        stream.publish(pk, "lead.updated", list(ids))
    return made


@transaction.atomic
def _note_clicks() -> int:
    """Ads that were clicked; a lead without a campaign is of the first one's."""
    rows = sets.fetch(TOUCHES, [BATCH])
    for lead, campaign in sorted(rows):
        Lead.objects.filter(pk=lead, campaign=None).update(campaign_id=campaign)
    return len(rows)
