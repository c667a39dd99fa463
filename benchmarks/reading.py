"""Reading a full inbox: the list, a thread and search through the whole application,
against hand-written SQL that returns the same rows."""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.test import Client

from benchmarks import filling
from flexoraa.lib import sets

WARM_UP = 10
CALLS = 60  # of each kind in a round


def measure(rounds: int) -> Iterator[str]:
    """p50 and p95 in milliseconds, and how many times the SQL's."""
    yield from filling.fill()
    browser, workspace = filling.reader()
    root = f"/api/workspaces/{workspace.slug}"
    talks = sets.fetch(
        "SELECT public_id, id FROM inbox_conversation ORDER BY random() LIMIT 500"
    )
    lists = ("", "?status=open", "?unread=true", "?assignee=none&status=open")
    yield from compare(
        "conversation list, 50 rows",
        rounds,
        lambda: get(browser, f"{root}/conversations{random.choice(lists)}"),
        lambda: sets.fetch(LIST, [workspace.pk]),
    )
    yield from compare(
        "thread, 50 messages",
        rounds,
        lambda: get(browser, f"{root}/conversations/{pick(talks)[0]}/messages"),
        lambda: sets.fetch(THREAD, [pick(talks)[1]]),
    )
    for words in ("rare", "middling", "common", "two"):
        yield from alone(
            f"search in messages, {words} words (goal p95 150 ms)",
            rounds,
            lambda words=words: get(
                browser, f"{root}/messages?search={filling.term(words)}"
            ),
        )
        yield from alone(
            f"search in conversations, {words} words (goal p95 150 ms)",
            rounds,
            lambda words=words: get(
                browser, f"{root}/conversations?search={filling.term(words)}"
            ),
        )
    page = f"/admin/inbox/console/{workspace.slug}"
    yield from alone(
        "console list, 40 rows", rounds, lambda: get(browser, f"{page}/rows")
    )
    yield from alone(
        "console thread, 50 messages at most",
        rounds,
        lambda: get(browser, f"{page}/{pick(talks)[0]}"),
    )


def compare(
    name: str, rounds: int, ours: Callable[[], Any], floor: Callable[[], Any]
) -> Iterator[str]:
    """The two in turns, so that a noisy neighbour hurts both."""
    both: tuple[list[float], list[float]] = ([], [])
    for call in (ours, floor):
        timed(call, WARM_UP)
    for _ in range(rounds):
        for taken, call in zip(both, (ours, floor), strict=True):
            taken += timed(call, CALLS)
    times = statistics.median(both[0]) / statistics.median(both[1])
    yield (
        f"{name}: {figures(both[0])} (goal p95 25 ms); SQL alone {figures(both[1])}; "
        f"{times:.1f} times the SQL's (goal 5)"
    )


def alone(name: str, rounds: int, ours: Callable[[], Any]) -> Iterator[str]:
    """One that has no floor."""
    timed(ours, WARM_UP)
    taken = [one for _ in range(rounds) for one in timed(ours, CALLS)]
    yield f"{name}: {figures(taken)}"


def timed(call: Callable[[], Any], count: int) -> list[float]:
    """Milliseconds of each call."""
    taken = []
    for _ in range(count):
        started = time.perf_counter()
        call()
        taken.append((time.perf_counter() - started) * 1000)
    return taken


def figures(taken: list[float]) -> str:
    """p50 and p95."""
    ordered = sorted(taken)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"p50 {statistics.median(ordered):.1f} ms, p95 {p95:.1f} ms"


def get(browser: Client, url: str) -> bytes:
    """The whole answer, as the application gives it."""
    response = browser.get(url)
    assert response.status_code == 200, (url, response.status_code)
    return response.content


def pick(rows: list[tuple]) -> tuple:
    return random.choice(rows)


LIST = """
    SELECT c.public_id, c.channel, a.public_id, a.name,
        coalesce(w.public_id, p.public_id), coalesce(w.name, p.name),
        coalesce(w.username, p.username), c.status, u.public_id, u.name, u.email,
        c.snoozed_until, c.unread_count, c.preview, c.last_message_at,
        c.last_inbound_at, c.waiting_since, c.created_at, c.resolved_at,
        (SELECT json_agg(json_build_object('id', l.public_id, 'name', l.name,
            'colour', l.colour)) FROM inbox_conversationlabel cl
            JOIN inbox_label l ON l.id = cl.label_id WHERE cl.conversation_id = c.id)
    FROM inbox_conversation c
    JOIN inbox_channelaccount a ON a.id = c.account_id
    JOIN inbox_contact p ON p.id = c.contact_id
    LEFT JOIN inbox_contact w ON w.id = p.merged_into_id
    LEFT JOIN teams_user u ON u.id = c.assignee_id
    WHERE c.workspace_id = %s ORDER BY c.last_message_at DESC, c.id DESC LIMIT 51
"""
THREAD = """
    SELECT m.public_id, m.direction, m.kind, m.text, m.payload,
        coalesce(w.public_id, p.public_id), coalesce(w.name, p.name),
        coalesce(w.username, p.username), u.public_id, u.name, u.email, m.external_id,
        m.reply_to, m.status, m.errors, m.error, m.provider_at, m.created_at,
        m.edited_at, m.unsent_at,
        (SELECT json_agg(json_build_object('id', f.public_id, 'kind', f.kind))
            FROM inbox_attachment f WHERE f.message_id = m.id),
        (SELECT json_agg(json_build_object('emoji', r.emoji))
            FROM inbox_reaction r WHERE r.message_id = m.id AND r.emoji <> '')
    FROM inbox_message m JOIN inbox_contact p ON p.id = m.contact_id
    LEFT JOIN inbox_contact w ON w.id = p.merged_into_id
    LEFT JOIN teams_user u ON u.id = m.author_id
    WHERE m.conversation_id = %s ORDER BY m.provider_at DESC, m.id DESC LIMIT 51
"""
