"""The live stream's log: what changed, written with the change, read without a gap.

`publish` adds a row inside the transaction that makes the change, and rings a bell
that PostgreSQL delivers on commit. Readers keep a position, which is the snapshot of
the database that they saw last: what is new to a reader is what that snapshot did not
show. Ids would not do: a transaction that began early and commits late has low ids,
and a reader that went past them would never see it. A snapshot names the transactions
that were still running, so nothing is missed and nothing told twice, however they
overlap, and no transaction that lasts holds up the others.
"""

import re
import time
from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

import orjson
from django.db import models

from flexoraa.lib import sets

CHANNEL = "flexoraa_events"
TABLE = "flexoraa_streamevent"  # flexoraa.models.StreamEvent
KEPT_SECONDS = 6 * 3600  # a reader that was away for longer starts anew
PRUNED_AT_ONCE = 1_000

POSITION = re.compile(
    r"(\d{1,12})-(\d{1,19}:\d{1,19}:(?:\d{1,19}(?:,\d{1,19}){0,999})?)"
)


class Event(NamedTuple):
    """Rows of one kind changed in a workspace; who cares fetches them."""

    workspace_id: int
    kind: str
    ids: list[str]


class Position(NamedTuple):
    """How far a reader got: our clock in Unix seconds, and a snapshot's text."""

    at: int
    snapshot: str

    def __str__(self) -> str:
        return f"{self.at}-{self.snapshot}"

    def is_after(self, other: "Position") -> bool:
        """False when this is of a database that was set back since the other."""
        return _end(self) >= _end(other)

    @classmethod
    def read(cls, text: str) -> "Position | None":
        """The position that `str` gave; None when it is none, or too old to go on
        from."""
        if not (found := POSITION.fullmatch(text)):
            return None
        at, (low, high, _) = int(found[1]), found[2].split(":")
        if not 0 < int(low) <= int(high) < 2**63:
            return None
        return cls(at, found[2]) if at > time.time() - KEPT_SECONDS / 2 else None


def publish(workspace_id: int, kind: str, ids: Iterable[UUID]) -> None:
    """Tell a workspace's streams that these rows changed, if and when this commits.

    Call it inside the transaction that changes them, once for all rows of a kind.
    `kind` is `noun.verb`: message.created, conversation.updated, bulk.progress.
    """
    if wanted := [str(key) for key in dict.fromkeys(ids)]:
        sets.execute(
            f"{_log('%s', '%s', '%s::jsonb')} SELECT pg_notify('{CHANNEL}', '')",
            [workspace_id, kind, orjson.dumps(wanted).decode()],
        )


def publish_rows(kind: str, model: type[models.Model], keys: Iterable[int]) -> None:
    """As `publish`, for rows by primary key, each in its own workspace's stream."""
    if wanted := sorted(set(keys)):
        source = (
            f'FROM "{model._meta.db_table}" WHERE id = ANY(%s) GROUP BY workspace_id'
        )
        sets.execute(
            f"{_log('workspace_id', '%s', 'jsonb_agg(public_id ORDER BY id)', source)}"
            f" SELECT pg_notify('{CHANNEL}', '')",
            [kind, wanted],
        )


def _log(workspace: str, kind: str, ids: str, source: str = "") -> str:
    return (
        f"WITH told AS (INSERT INTO {TABLE} (workspace_id, kind, ids) "
        f"SELECT {workspace}, {kind}, {ids} {source})"
    )


NEWS = f"""
    SELECT pg_current_snapshot()::text, e.workspace_id, e.kind, e.ids
    FROM (SELECT 1) always LEFT JOIN {TABLE} e
        ON e.xid >= pg_snapshot_xmin(%(seen)s::pg_snapshot)
        AND NOT pg_visible_in_snapshot(e.xid, %(seen)s::pg_snapshot)
    ORDER BY e.id
"""  # one statement, so that rows and position are of the same snapshot

MISSED = f"""
    SELECT e.workspace_id, e.kind, e.ids::text FROM {TABLE} e
    WHERE e.workspace_id = %(workspace)s
        AND e.xid >= pg_snapshot_xmin(%(seen)s::pg_snapshot)
        AND NOT pg_visible_in_snapshot(e.xid, %(seen)s::pg_snapshot)
        AND pg_visible_in_snapshot(e.xid, %(until)s::pg_snapshot)
    ORDER BY e.id LIMIT %(limit)s
"""


def missed(
    workspace_id: int, seen: Position, until: Position, limit: int
) -> list[Event] | None:
    """What a workspace's stream told between two positions; None when that is more
    than `limit`, or `seen` is of another database's future."""
    if not until.is_after(seen):
        return None
    rows = sets.fetch(
        MISSED,
        {
            "workspace": workspace_id,
            "seen": seen.snapshot,
            "until": until.snapshot,
            "limit": limit + 1,
        },
    )
    if len(rows) > limit:
        return None
    return [Event(key, kind, orjson.loads(ids)) for key, kind, ids in rows]


def prune() -> None:
    """Forget what nobody can ask for any more; cheap when idle."""
    sets.execute(
        f"DELETE FROM {TABLE} WHERE id IN (SELECT id FROM {TABLE} ORDER BY id "
        f"LIMIT {PRUNED_AT_ONCE}) "
        f"AND created_at < now() - interval '{KEPT_SECONDS} seconds'"
    )


def _end(position: Position) -> int:
    """The first transaction that had not begun."""
    return int(position.snapshot.split(":")[1])
