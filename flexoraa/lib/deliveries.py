"""A ledger of webhooks: stored raw first, then claimed, settled, replayed.

The table is the queue. A delivery goes

    new -> running -> done | retry -> new | unroutable | dead

and a replay makes it new again. A running row carries the pid of the database session
that claimed it and a lease by the database's clock: when either is gone the row is
free again, so a killed worker delays nothing and loses nothing.
"""

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import connection, models
from django.db.models import F, Q
from django.db.models.functions import Now
from psycopg import Cursor

from flexoraa.lib import sets

LANES = 32
LEASE_SECONDS = 60
MAX_FAILURES = 5
MAX_CRASHES = 5
LONER_CRASHES = 2  # from here on a row runs alone, in case it is what kills workers


class LeaseLost(Exception):
    """Another worker has the row by now; whatever was done must be rolled back."""


class Claimed(NamedTuple):
    """One row to work on, without what the work does not need."""

    id: int
    route: str
    body: bytes
    failures: int
    received_at: datetime


@dataclass(slots=True)
class Settled:
    """How the work on one delivery ended."""

    id: int
    state: str
    outcome: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    unrouted: list[str] = field(default_factory=list)


class DeliveryQuerySet(models.QuerySet):
    """The queue's verbs. Times and leases are the database's; see the module."""

    def claim(self, limit: int, max_bytes: int = 16 * 1024 * 1024) -> list[Claimed]:
        """Take up to `limit` new rows, an equal share from every busy lane.

        Lanes keep one account's flood from holding up the others; within a lane the
        first due go first (that order has an index of its own; by id alone PostgreSQL
        would walk the primary key through everything ever done). Bodies add up to
        about `max_bytes` at most.
        """
        return self._claimed(
            f"""
            WITH busy AS MATERIALIZED (
                SELECT lane FROM generate_series(0, {LANES - 1}) AS lanes(lane)
                WHERE EXISTS (
                    SELECT 1 FROM {{table}} d WHERE d.state = 'new'
                    AND d.crashes < {LONER_CRASHES} AND d.lane = lanes.lane
                )
            ), picked AS MATERIALIZED (
                SELECT d.id, d.size FROM busy CROSS JOIN LATERAL (
                    SELECT id, size FROM {{table}} d WHERE d.state = 'new'
                    AND d.crashes < {LONER_CRASHES} AND d.lane = busy.lane
                    ORDER BY d.due_at, d.id
                    LIMIT (SELECT greatest(1, %(limit)s / count(*)) FROM busy)
                    FOR UPDATE SKIP LOCKED
                ) d
            ), measured AS (
                SELECT id, sum(size) OVER (ORDER BY id) - size AS before FROM picked
            )
            """,
            "SELECT id FROM measured WHERE before < %(max_bytes)s",
            {"limit": limit, "max_bytes": max_bytes},
        )

    def claim_loner(self) -> list[Claimed]:
        """Take one row that was there when workers died, by itself."""
        return self._claimed(
            "",
            "SELECT id FROM {table} WHERE state = 'new' "
            f"AND crashes >= {LONER_CRASHES} ORDER BY id LIMIT 1 "
            "FOR UPDATE SKIP LOCKED",
            {},
        )

    def settle(self, settled: list[Settled]) -> None:
        """Write how it ended, inside the transaction of the effects.

        Raises LeaseLost when one of the rows is no longer this session's.
        """
        done = sets.execute(
            f"""
            UPDATE {self._table} d SET state = r.state, outcome = r.outcome,
                error = r.error, unrouted = r.unrouted, leased_by = NULL,
                lease_until = NULL, finished_at = statement_timestamp(),
                failures = d.failures + (r.state = 'retry')::int,
                due_at = CASE WHEN r.state = 'retry' THEN statement_timestamp()
                    + make_interval(
                        secs => power(2, d.failures) * (0.75 + random() / 2))
                    ELSE d.due_at END
            FROM json_to_recordset(%s::json) AS r(
                id bigint, state text, outcome jsonb, error text, unrouted text[])
            WHERE d.id = r.id AND d.state = 'running'
                AND d.leased_by = pg_backend_pid()
            """,
            [orjson.dumps(settled).decode()],
        )
        if done != len(settled):
            raise LeaseLost(f"{len(settled) - done} of {len(settled)} rows were taken")

    def release(self, ids: list[int]) -> None:
        """Give rows back untouched: nothing was wrong with them."""
        self.filter(id__in=ids, state="running").update(
            state="new", leased_by=None, lease_until=None
        )

    def housekeep(self) -> None:
        """Wake what is due and free what a dead worker held; cheap when idle."""
        sets.execute(
            f"UPDATE {self._table} SET state = 'new' "
            "WHERE state = 'retry' AND due_at <= statement_timestamp()"
        )
        sets.execute(
            f"""
            UPDATE {self._table} SET leased_by = NULL, lease_until = NULL,
                crashes = crashes + 1,
                state = CASE WHEN crashes + 1 < {MAX_CRASHES} THEN 'new'
                    ELSE 'dead' END,
                error = CASE WHEN crashes + 1 < {MAX_CRASHES} THEN error
                    ELSE 'The worker died each time it took this delivery.' END
            WHERE id IN (
                SELECT id FROM {self._table} WHERE state = 'running' AND (
                    lease_until < statement_timestamp()
                    OR leased_by NOT IN (SELECT pid FROM pg_stat_activity))
                ORDER BY id FOR UPDATE SKIP LOCKED
            )
            """
        )

    def replay(self) -> int:
        """Make these new again; what they did before stays, since all is deduped."""
        return self.exclude(state="running").update(
            state="new",
            failures=0,
            crashes=0,
            error="",
            due_at=Now(),
            finished_at=None,
            replays=F("replays") + 1,
        )

    def backlog(self) -> dict[str, float]:
        """What is still to be done: how many, and the age of the oldest in seconds."""
        one_by_one = " UNION ALL ".join(  # each has its index; all together have none
            f"SELECT received_at FROM {self._table} WHERE state = '{state}'"
            for state in ("new", "running", "retry")
        )
        waiting, age = sets.fetch(
            "SELECT count(*), coalesce(extract(epoch FROM "
            "statement_timestamp() - min(received_at)), 0) "
            f"FROM ({one_by_one}) waiting"
        )[0]
        return {"waiting": waiting, "oldest_seconds": round(float(age), 3)}

    @property
    def _table(self) -> str:
        return f'"{self.model._meta.db_table}"'

    def _claimed(
        self, prelude: str, pick: str, params: dict[str, int]
    ) -> list[Claimed]:
        """Lease the picked rows to this database session, oldest first."""
        rows = sets.fetch(
            f"""
            {prelude.format(table=self._table)}
            UPDATE {self._table} d SET state = 'running',
                leased_by = pg_backend_pid(),
                lease_until = statement_timestamp() + interval '{LEASE_SECONDS} seconds'
            WHERE d.id IN ({pick.format(table=self._table)})
            RETURNING d.id, d.route, d.body, d.failures, d.received_at
            """,
            params,
        )
        return sorted(Claimed(*row) for row in rows)


class Delivery(models.Model):
    """One POST of a provider, byte by byte as it came."""

    class State(models.TextChoices):
        NEW = "new", "New"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        RETRY = "retry", "Retry"
        UNROUTABLE = "unroutable", "Unroutable"
        DEAD = "dead", "Dead"

    route = models.CharField(max_length=20)
    body = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    size = models.IntegerField()
    headers = models.JSONField(db_default=models.Value({}, models.JSONField()))
    lane = models.SmallIntegerField(db_default=0)
    received_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=10, choices=State.choices, db_default="new")
    failures = models.SmallIntegerField(db_default=0)
    crashes = models.SmallIntegerField(db_default=0)
    replays = models.SmallIntegerField(db_default=0)
    due_at = models.DateTimeField(db_default=Now())
    leased_by = models.IntegerField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.JSONField(db_default=models.Value({}, models.JSONField()))
    error = models.TextField(db_default="", blank=True)
    unrouted = ArrayField(
        models.CharField(max_length=200),
        db_default=models.Value([], ArrayField(models.CharField(max_length=200))),
    )

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=["new", "running", "done", "retry", "unroutable", "dead"]
                ),
                name="%(app_label)s_%(class)s_state_known",
            )
        ]
        indexes = [
            # one small index for each question that the worker asks
            models.Index(
                fields=["lane", "due_at", "id"],
                condition=Q(state="new"),
                name="%(app_label)s_%(class)s_new",
            ),
            models.Index(
                fields=["id"],
                condition=Q(state="new", crashes__gte=LONER_CRASHES),
                name="%(app_label)s_%(class)s_loner",
            ),
            models.Index(
                fields=["due_at"],
                condition=Q(state="retry"),
                name="%(app_label)s_%(class)s_retry",
            ),
            models.Index(
                fields=["id"],
                condition=Q(state="running"),
                name="%(app_label)s_%(class)s_running",
            ),
            models.Index(
                fields=["state", "id"],
                condition=Q(state__in=["dead", "unroutable"]),
                name="%(app_label)s_%(class)s_stuck",
            ),
            GinIndex(
                fields=["unrouted"],
                condition=Q(state="unroutable"),
                name="%(app_label)s_%(class)s_unrouted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.route} delivery {self.pk}"

    @classmethod
    def accept(
        cls, route: str, body: bytes, headers: Mapping[str, str], fairness_key: bytes
    ) -> None:
        """Store the body and commit: one INSERT, no parsing, nothing that can fail
        but the database. `headers` are those worth keeping.

        The parameters travel beside the statement and the body as it is: merged into
        its text, as Django does, 3 MiB would become 20 on the way. No health check
        either: the caller tries again on a new connection.
        """
        connection.ensure_connection()
        with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
            cursor.execute(
                f'INSERT INTO "{cls._meta.db_table}" '
                "(route, body, sha256, size, headers, lane) "
                "VALUES (%s, %b, %s, %s, %s, %s)",
                [
                    route,
                    body,
                    hashlib.sha256(body).hexdigest(),
                    len(body),
                    orjson.dumps(dict(headers)).decode(),
                    zlib.crc32(fairness_key) % LANES,
                ],
            )
