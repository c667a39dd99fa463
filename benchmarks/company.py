"""A company with a year of selling behind it, written by SQL alone: campaigns, leads
with their histories, money, talk. Every figure of every report has something to count.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from benchmarks.filling import drop_indexes
from inbox.models import ChannelAccount
from teams.models import Membership, User, Workspace

DAYS = 365
STEP = 500_000  # messages in one statement
SAID_EACH = 10  # messages in a conversation


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything; the rest follows from it."""

    leads: int
    messages: int
    campaigns: int = 200
    people: int = 20


def make(slug: str, size: Size) -> Iterator[str]:
    """Write a workspace of this size; a line of progress for each kind of rows."""
    started = time.monotonic()
    workspace = Workspace.objects.create(name=slug, slug=slug, timezone="Asia/Kolkata")
    for number in range(size.people):
        user = User.objects.create(
            email=f"{slug}-{number}@bench.example", name=f"Person {number}"
        )
        role = "sdr" if number else "owner"
        Membership.objects.create(workspace=workspace, user=user, role=role)
    for channel in ("whatsapp", "instagram", "facebook"):
        ChannelAccount.objects.create(
            workspace=workspace, channel=channel, name=channel, external_id=f"{slug}-1"
        )
    values = {
        "workspace": workspace.pk,
        "slug": slug,
        "days": DAYS,
        "leads": size.leads,
        "campaigns": size.campaigns,
        "people": size.people,
        "talks": size.messages // SAID_EACH,
        "each": SAID_EACH,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SET session_replication_role = replica"
        )  # neither keys nor dirt
        cursor.execute("SET work_mem = '256MB'")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SELECT setseed(0.5)")
        for name, sql in PARTS.items():
            cursor.execute(sql, values)
            if name:
                yield f"{cursor.rowcount:,} {name}, {time.monotonic() - started:.0f} s"
        indexes = drop_indexes(cursor)
        for first in range(0, size.messages, STEP):
            last = min(first + STEP, size.messages) - 1
            cursor.execute(SAID, values | {"first": first, "last": last})
            yield f"{last + 1:,} messages, {time.monotonic() - started:.0f} s"
        for sql in indexes:
            cursor.execute(sql)
        cursor.execute("DROP TABLE life, way, talk")
        for name in ("session_replication_role", "work_mem", "synchronous_commit"):
            cursor.execute(f"RESET {name}")
        cursor.execute("VACUUM ANALYZE")
    yield f"filled in {time.monotonic() - started:.0f} s"


PARTS = {
    "campaigns": """
        INSERT INTO leads_campaign (public_id, workspace_id, code, name, status,
            channel, budget_paise, currency, ad_ids)
        SELECT leads_uuid7(), %(workspace)s, 'c-' || n, 'Campaign ' || n, 'active',
            (ARRAY['whatsapp', 'instagram', 'facebook', 'event'])[1 + n %% 4], 0,
            'INR', '{}'
        FROM generate_series(1, %(campaigns)s) n""",
    # a few campaigns bring most; every fifth lead comes by itself
    "lives": """
        CREATE TEMP TABLE life AS
        WITH p AS (SELECT array_agg(id ORDER BY id) AS ids FROM leads_campaign
            WHERE workspace_id = %(workspace)s),
        u AS (SELECT array_agg(user_id ORDER BY id) AS ids FROM teams_membership
            WHERE workspace_id = %(workspace)s)
        SELECT nextval(pg_get_serial_sequence('leads_lead', 'id')) AS id, n,
            now() - random() * make_interval(days => %(days)s) AS at,
            CASE WHEN n %% 5 > 0 THEN
                p.ids[1 + floor(%(campaigns)s * random() ^ 2)::int] END AS campaign,
            u.ids[1 + floor(%(people)s * random())::int] AS owner,
            random() AS luck, 1 + floor(3 * random())::int AS depth
        FROM generate_series(1, %(leads)s) n, p, u""",
    # where each lead goes: on and on, and in the end won, lost, or still there
    "stays": """
        CREATE TEMP TABLE way AS
        WITH s AS (SELECT
            array_agg(id ORDER BY position) FILTER (WHERE kind <> 'lost') AS ids,
            min(id) FILTER (WHERE kind = 'lost') AS lost
            FROM leads_stage WHERE workspace_id = %(workspace)s),
        step AS (
            SELECT life.id, k, CASE
                WHEN luck >= 0.15 AND luck < 0.7 AND k = depth + 1 THEN s.lost
                ELSE s.ids[k] END AS stage,
                at + sum(CASE WHEN k > 1 THEN -ln(1 - random())
                    * interval '3 days' ELSE '0' END)
                    OVER (PARTITION BY life.id ORDER BY k) AS at
            FROM life, s, generate_series(1, CASE WHEN luck < 0.15 THEN 4
                WHEN luck < 0.7 THEN depth + 1 ELSE depth END) k
        )
        SELECT *, lead(at) OVER (PARTITION BY id ORDER BY k) AS left_at,
            row_number() OVER (PARTITION BY id ORDER BY k DESC) = 1 AS is_last
        FROM step WHERE at <= now()""",
    "": "CREATE INDEX ON life (id); ANALYZE life; ANALYZE way",
    "leads": """
        INSERT INTO leads_lead (id, public_id, workspace_id, name, phone, email,
            company, source, value_paise, external_id, lost_reason, created_at,
            updated_at, closed_at, campaign_id, owner_id, stage_id)
        SELECT life.id, leads_uuid7(), %(workspace)s, 'Lead ' || n,
            '+9198' || lpad(n::text, 8, '0'), '', 'Company ' || n %% 1000,
            (ARRAY['web', 'ad', 'import', 'walk-in'])[1 + n %% 4],
            100 * (n %% 50000), '', '', life.at, way.at,
            CASE WHEN s.kind <> 'open' THEN way.at END, campaign, owner, way.stage
        FROM life JOIN way ON way.id = life.id AND way.is_last
        JOIN leads_stage s ON s.id = way.stage""",
    "stage intervals": """
        INSERT INTO leads_stageinterval (workspace_id, lead_id, stage_id, started_at,
            ended_at, by_id)
        SELECT %(workspace)s, way.id, stage, way.at, left_at, owner
        FROM way JOIN life USING (id) ORDER BY way.at""",
    "assignments": """
        INSERT INTO leads_assignmentinterval (workspace_id, lead_id, user_id,
            started_at) SELECT %(workspace)s, id, owner, at FROM life""",
    "touches": """
        INSERT INTO leads_touch (public_id, workspace_id, lead_id, campaign_id, kind,
            at, click_id, ad_id, detail, key)
        SELECT leads_uuid7(), %(workspace)s, life.id, CASE WHEN k = 1 THEN campaign
            ELSE (SELECT min(id) FROM leads_campaign
                WHERE workspace_id = %(workspace)s) + n * k %% %(campaigns)s END, 'ad',
            least(at + (k - 1) * interval '50 hours', now()), '', '', '', ''
        FROM life, generate_series(1, 1 + n %% 2) k WHERE campaign IS NOT NULL
        ORDER BY at""",
    "payments and refunds": """
        INSERT INTO leads_revenue (public_id, workspace_id, lead_id, amount_paise,
            currency, at, source, reference, note)
        SELECT leads_uuid7(), %(workspace)s, way.id, CASE WHEN part < 4 THEN
            100 * (1000 + n %% 40000) ELSE -100 * (n %% 900 + 1) END, 'INR',
            least(way.at + (part - 1) * interval '20 days', now()), 'manual', '', ''
        FROM way JOIN life USING (id)
        JOIN leads_stage s ON s.id = way.stage AND s.kind = 'won'
        CROSS JOIN generate_series(1, 4) part
        WHERE part <= 1 + n %% 3 OR part = 4 AND n %% 20 = 0 ORDER BY way.at""",
    "spend entries": """
        INSERT INTO leads_spendentry (public_id, workspace_id, campaign_id, day, kind,
            amount_paise, currency, account_tz, source, reference)
        SELECT leads_uuid7(), %(workspace)s, c.id, current_date - d, kind,
            100 * (500 + (c.id * 31 + d * 17) %% 4000), 'INR', '', 'csv', ''
        FROM leads_campaign c, generate_series(0, %(days)s - 1) d,
            unnest(ARRAY['ad', 'message']) kind WHERE c.workspace_id = %(workspace)s""",
    "tasks": """
        INSERT INTO leads_task (public_id, workspace_id, lead_id, title, due_at,
            done_at, assignee_id)
        SELECT leads_uuid7(), %(workspace)s, id, 'Call', at + interval '2 days',
            CASE WHEN n %% 3 > 0 THEN at + (n %% 4) * interval '1 day' END, owner
        FROM life WHERE n %% 4 = 0""",
    "talks": """
        CREATE TEMP TABLE talk AS
        WITH a AS (SELECT array_agg(id ORDER BY id) AS ids,
            array_agg(channel ORDER BY id) AS channels FROM inbox_channelaccount
            WHERE workspace_id = %(workspace)s),
        u AS (SELECT array_agg(user_id ORDER BY id) AS ids FROM teams_membership
            WHERE workspace_id = %(workspace)s)
        SELECT nextval(pg_get_serial_sequence('inbox_conversation', 'id')) AS id,
            nextval(pg_get_serial_sequence('inbox_contact', 'id')) AS contact,
            nextval(pg_get_serial_sequence('inbox_cycle', 'id')) AS first,
            nextval(pg_get_serial_sequence('inbox_cycle', 'id')) AS second,
            n, a.ids[1 + n %% 3] AS account, a.channels[1 + n %% 3] AS channel,
            u.ids[1 + floor(%(people)s * random())::int] AS holder,
            now() - random() * make_interval(days => %(days)s)
                - interval '3 days' AS at,
            (30 + exp(random() * 10)) * interval '1 second' AS pace
        FROM generate_series(1, %(talks)s) n, a, u""",
    "contacts": """
        INSERT INTO inbox_contact (id, public_id, workspace_id, name, username,
            created_at)
        SELECT contact, leads_uuid7(), %(workspace)s, 'Contact ' || n, '', at
        FROM talk""",
    # two rounds: the first one ends, of the second every tenth is open
    "conversations": """
        INSERT INTO inbox_conversation (id, public_id, workspace_id, account_id,
            contact_id, channel, status, last_message_at, last_inbound_at, assignee_id,
            created_at, resolved_at)
        SELECT id, leads_uuid7(), %(workspace)s, account, contact, channel,
            CASE WHEN n %% 10 = 0 THEN 'open' ELSE 'resolved' END, at + 9 * pace,
            at + 8 * pace, holder, at,
            CASE WHEN n %% 10 > 0 THEN at + 11 * pace END FROM talk""",
    "rounds of conversations": """
        INSERT INTO inbox_cycle (id, workspace_id, conversation_id, started_at,
            ended_at, ended_by_id)
        SELECT CASE k WHEN 1 THEN first ELSE second END, %(workspace)s, id,
            at + (k - 1) * 6 * pace,
            CASE WHEN k = 1 OR n %% 10 > 0 THEN at + (k * 5 + k - 1) * pace END,
            CASE WHEN n %% 7 > 0 THEN holder END
        FROM talk, generate_series(1, 2) k ORDER BY at""",
    "waits": """
        INSERT INTO inbox_waitsegment (public_id, workspace_id, conversation_id,
            cycle_id, started_at, ended_at, outcome, ended_by_id)
        SELECT leads_uuid7(), %(workspace)s, id, CASE WHEN k < 3 THEN first
            ELSE second END, at + k * 2 * pace, at + (k * 2 + 1) * pace, 'answered',
            holder
        FROM talk, generate_series(0, 4) k ORDER BY at""",
    "held intervals": """
        INSERT INTO inbox_assignmentinterval (public_id, workspace_id, conversation_id,
            user_id, strategy, receipt, started_at)
        SELECT leads_uuid7(), %(workspace)s, id, holder, 'manual', '{}',
            at + pace / 4 FROM talk""",
}
SAID = """
    INSERT INTO inbox_message (public_id, workspace_id, account_id, conversation_id,
        contact_id, channel, direction, kind, text, external_id, status, status_rank,
        errors, provider_at, author_id)
    SELECT leads_uuid7(), %(workspace)s, account, t.id, contact, channel,
        CASE WHEN k %% 2 = 0 THEN 'in' ELSE 'out' END, 'text', 'Said ' || m,
        'm-' || m, CASE WHEN k %% 2 = 0 THEN 'received' WHEN m %% 50 = 1 THEN 'failed'
            WHEN m %% 3 = 0 THEN 'read' ELSE 'delivered' END, 0,
        CASE WHEN k %% 2 = 1 AND m %% 50 = 1
            THEN '[{"code": 131026}]'::jsonb ELSE '[]' END,
        at + k * pace, CASE WHEN k %% 2 = 1 THEN holder END
    FROM generate_series(%(first)s, %(last)s) m
    CROSS JOIN LATERAL (SELECT m %% %(each)s AS k) said
    JOIN talk t ON t.n = 1 + m / %(each)s;
    INSERT INTO inbox_statusevent (public_id, workspace_id, account_id, message_id,
        target, provider_at, status, rank, pricing, covers_earlier)
    SELECT leads_uuid7(), workspace_id, account_id, id, external_id, provider_at,
        'sent', 1, jsonb_build_object('billable', true, 'category',
            (ARRAY['marketing', 'utility'])[1 + id %% 2]), false
    FROM inbox_message m WHERE direction = 'out' AND channel = 'whatsapp'
        AND id %% 4 = 1 AND workspace_id = %(workspace)s
        AND id > (SELECT max(id) FROM inbox_message) - (%(last)s - %(first)s + 1)
"""
