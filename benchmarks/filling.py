"""A large inbox, written by SQL alone: one workspace, its conversations and messages.

Words follow a law like that of languages: a few are in every second message, most in
one of many thousands.
"""

import random
import time
from collections.abc import Iterator

from django.db import connection
from django.test import Client

from flexoraa.lib import sets
from inbox.models import ChannelAccount, Label
from teams.models import Membership, User, Workspace

CONVERSATIONS = 200_000
MESSAGES = 5_000_000
VOCABULARY = 50_000
SLUG = "full"
STEP = 500_000  # messages in one statement


def fill() -> Iterator[str]:
    """Write it; a line of progress for each step."""
    started = time.monotonic()
    workspace = Workspace.objects.create(name="Full", slug=SLUG)
    user = User.objects.create_user("reader@bench.example", "x", is_staff=True)
    Membership.objects.create(workspace=workspace, user=user, role="owner")
    for number, channel in enumerate(("whatsapp", "instagram", "facebook")):
        ChannelAccount.objects.create(
            workspace=workspace, channel=channel, name=channel, external_id=str(number)
        )
    Label.objects.create(workspace=workspace, name="VIP")
    values = {"workspace": workspace.pk, "count": CONVERSATIONS, "words": VOCABULARY}
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no key is looked up
        cursor.execute("SET work_mem = '256MB'")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for sql in (WORD, CONTACTS, TALKS, LABELS):
            cursor.execute(sql, values)
        indexes = drop_indexes(cursor)
        for first in range(0, MESSAGES, STEP):
            last = min(first + STEP, MESSAGES) - 1
            cursor.execute(SAID, values | {"first": first, "last": last})
            yield f"{last + 1:,} messages after {time.monotonic() - started:.0f} s"
        for sql in indexes:
            cursor.execute(sql)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE")
    yield (
        f"{CONVERSATIONS:,} conversations, {MESSAGES:,} messages in "
        f"{time.monotonic() - started:.0f} s; words index {_size()}"
    )


def reader() -> tuple[Client, Workspace]:
    """A browser of somebody who may read it all."""
    browser = Client(headers={"host": "127.0.0.1"})
    browser.force_login(User.objects.get(email="reader@bench.example"))
    return browser, Workspace.objects.get(slug=SLUG)


def term(words: str) -> str:
    """Something to search for: rare, middling, common, or two words."""
    if words == "common":
        return f"w{random.randint(1, 5)}x"
    if words == "two":
        return f"w{random.randint(1, 50)}x w{random.randint(500, 20_000)}x"
    if words == "middling":
        return f"w{random.randint(100, 400)}x"
    return f"w{random.randint(20_000, VOCABULARY - 1)}x"


def drop_indexes(cursor) -> list[str]:
    """Away with the indexes of messages that are no constraints; how to make them."""
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
        "WHERE indrelid = 'inbox_message'::regclass AND NOT indisunique"
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f"DROP INDEX {name}")
    return [sql for _, sql in found]


def _size() -> str:
    return sets.fetch(
        "SELECT pg_size_pretty(pg_relation_size('inbox_message_words')) || ' of ' || "
        "pg_size_pretty(pg_total_relation_size('inbox_message'))"
    )[0][0]


WORD = """
    CREATE FUNCTION pg_temp.word(words int) RETURNS text LANGUAGE sql VOLATILE AS
    $$ SELECT 'w' || floor(exp(random() * ln(words)))::int || 'x' $$
"""
CONTACTS = """
    INSERT INTO inbox_contact (public_id, workspace_id, name, username, created_at)
    SELECT gen_random_uuid(), %(workspace)s, 'Person ' || n, '', now()
    FROM generate_series(1, %(count)s) n
"""
TALKS = """
    INSERT INTO inbox_conversation (public_id, workspace_id, account_id, contact_id,
        channel, status, unread_count, preview, last_message_at, last_inbound_at,
        waiting_since, created_at, resolved_at)
    SELECT gen_random_uuid(), %(workspace)s, a.id, c.id, a.channel,
        CASE WHEN c.n %% 10 < 8 THEN 'resolved' ELSE 'open' END, (c.n %% 12 = 0)::int,
        'What was said last', at, at, CASE WHEN c.n %% 12 = 0 THEN at END, at,
        CASE WHEN c.n %% 10 < 8 THEN at END
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS n,
            now() - random() * interval '400 days' AS at
        FROM inbox_contact WHERE workspace_id = %(workspace)s) c
    JOIN (SELECT id, channel, row_number() OVER (ORDER BY id) - 1 AS n
        FROM inbox_channelaccount WHERE workspace_id = %(workspace)s) a
        ON a.n = c.n %% 3
"""
LABELS = """
    INSERT INTO inbox_conversationlabel (public_id, workspace_id, conversation_id,
        label_id)
    SELECT gen_random_uuid(), %(workspace)s, c.id, l.id
    FROM inbox_conversation c, inbox_label l
    WHERE c.workspace_id = %(workspace)s AND c.id %% 5 = 0
"""
SAID = """
    INSERT INTO inbox_message (public_id, workspace_id, account_id, conversation_id,
        contact_id, channel, direction, kind, text, external_id, status, status_rank,
        provider_at)
    SELECT gen_random_uuid(), c.workspace_id, c.account_id, c.id, c.contact_id,
        c.channel, CASE WHEN n %% 2 = 0 THEN 'in' ELSE 'out' END, 'text',
        (SELECT string_agg(pg_temp.word(%(words)s), ' ')
            FROM generate_series(1, 4 + n %% 9)),
        'wamid.' || n, CASE WHEN n %% 2 = 0 THEN 'received' ELSE 'read' END,
        CASE WHEN n %% 2 = 0 THEN 0 ELSE 6 END,
        c.last_message_at - (n %% 1000) * interval '7 minutes'
    FROM generate_series(%(first)s, %(last)s) n
    JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS place
        FROM inbox_conversation WHERE workspace_id = %(workspace)s) c
        ON c.place = n::bigint * 7919 %% %(count)s
"""
