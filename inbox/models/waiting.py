"""How long people waited: from the first message that nobody answered to the answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from flexoraa.lib import sets
from flexoraa.lib.ids import uuid7
from inbox.models.conversations import Conversation
from inbox.models.cycles import Cycle
from teams.tenancy import TenantQuerySet, WorkspaceRow
from teams.tenant_keys import TenantKey


class WaitSegmentQuerySet(TenantQuerySet):
    """Sets of waits, and the one door through which they are written.

    Everybody who calls it holds the locks of the conversations.
    """

    def follow(self, said: Sequence[dict[str, Any]]) -> None:
        """Messages were stored: {"id": conversation, "inbound", "at", "by": user id},
        in the order of their conversations, and `waiting_since` is brought up to date.

        A message of ours ends the wait that began before it. The wait that goes on is
        the conversation's `waiting_since`.
        """
        ended = self._ended(said)
        ended_rows = (
            "json_to_recordset(%s::json) AS r(public_id uuid, id bigint, "
            "started_at timestamptz, ended_at timestamptz, by_id bigint)"
        )
        if running := [wait for wait in ended if wait["was_open"]]:
            sets.execute(
                "UPDATE inbox_waitsegment s SET started_at = r.started_at, "
                "ended_at = r.ended_at, ended_by_id = r.by_id, outcome = 'answered' "
                f"FROM {ended_rows} WHERE s.conversation_id = r.id "
                "AND s.ended_at IS NULL",
                [sets.dumps(running)],
            )
        if whole := [wait for wait in ended if not wait["was_open"]]:
            sets.execute(
                "INSERT INTO inbox_waitsegment (public_id, workspace_id, "
                "conversation_id, started_at, ended_at, ended_by_id, outcome) "
                "SELECT r.public_id, c.workspace_id, c.id, r.started_at, r.ended_at, "
                f"r.by_id, 'answered' FROM {ended_rows} "
                "JOIN inbox_conversation c ON c.id = r.id",
                [sets.dumps(whole)],
            )
        self._go_on(sorted({row["id"] for row in said}))

    def end(
        self,
        conversation_id: int,
        at: datetime,
        outcome: str = "answered",
        by: int | None = None,
    ) -> bool:
        """The wait is over: `by` (a user's id) answered, or it was resolved; whether
        anybody had waited."""
        return bool(
            sets.execute(
                "UPDATE inbox_waitsegment SET ended_at = greatest(started_at, %s), "
                "ended_by_id = %s, outcome = %s "
                "WHERE conversation_id = %s AND ended_at IS NULL",
                [at, by, outcome, conversation_id],
            )
        )

    def _ended(self, said: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The waits that these messages end, some of which they began themselves."""
        answered = {row["id"] for row in said if not row["inbound"]}
        if not answered:
            return []
        begun = dict(
            sets.fetch(
                "SELECT conversation_id, started_at FROM inbox_waitsegment "
                "WHERE conversation_id = ANY(%s) AND ended_at IS NULL",
                [sorted(answered)],
            )
        )
        starts, was_open, ended = dict(begun), set(begun), []
        for row in sorted(said, key=lambda row: row["at"]):
            pk, start = row["id"], starts.get(row["id"])
            if pk not in answered:
                continue
            if row["inbound"]:
                starts[pk] = min(start or row["at"], row["at"])
            elif start is not None and row["at"] >= start:
                ended.append(
                    {
                        "public_id": uuid7(),
                        "id": pk,
                        "started_at": starts.pop(pk),
                        "ended_at": row["at"],
                        "by_id": row.get("by"),
                        "was_open": pk in was_open,
                    }
                )
                was_open.discard(pk)
        return ended

    def _go_on(self, conversation_ids: list[int]) -> None:
        """One running wait where somebody waits, from the moment the row says."""
        sets.execute(
            "UPDATE inbox_waitsegment s SET started_at = c.waiting_since "
            "FROM inbox_conversation c WHERE c.id = ANY(%s) "
            "AND s.conversation_id = c.id AND s.ended_at IS NULL "
            "AND s.started_at <> c.waiting_since",
            [conversation_ids],
        )
        waiting = sets.fetch(
            "SELECT c.id, c.workspace_id, c.waiting_since FROM inbox_conversation c "
            "WHERE c.id = ANY(%s) AND c.waiting_since IS NOT NULL AND NOT EXISTS ("
            "SELECT 1 FROM inbox_waitsegment s WHERE s.conversation_id = c.id "
            "AND s.ended_at IS NULL)",
            [conversation_ids],
        )
        rows = [
            {
                "public_id": uuid7(),
                "workspace_id": workspace_id,
                "conversation_id": pk,
                "started_at": since,
            }
            for pk, workspace_id, since in waiting
        ]
        sets.insert(WaitSegment, rows)


class WaitSegment(WorkspaceRow):
    """Somebody waited from `started_at` (the provider's clock) to `ended_at`; empty
    while they still do. `ended_by` is who answered, unknown for an echo of a phone.
    A trigger sets `cycle`; the first wait of a cycle is its first response."""

    class Outcome(models.TextChoices):
        ANSWERED = "answered", "Answered"
        RESOLVED = "resolved", "Resolved without an answer"

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="waits", db_index=False
    )
    cycle = models.ForeignKey(
        Cycle,
        on_delete=models.CASCADE,
        null=True,
        editable=False,
        related_name="waits",
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
    )
    outcome = models.CharField(
        max_length=10, choices=Outcome.choices, blank=True, db_default=""
    )

    objects: Any = WaitSegmentQuerySet.as_manager()

    class Meta:
        constraints = [
            TenantKey("conversation", name="inbox_waitsegment_conversation_whose"),
            TenantKey("cycle", name="inbox_waitsegment_cycle_whose"),
            models.UniqueConstraint(
                fields=["conversation"],
                condition=Q(ended_at__isnull=True),
                name="inbox_waitsegment_one_runs",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, outcome="")
                | Q(
                    ended_at__gte=F("started_at"), outcome__in=["answered", "resolved"]
                ),
                name="inbox_waitsegment_ends_after_start",
            ),
        ]
        indexes = [
            models.Index(
                fields=["conversation", "started_at"], name="inbox_waitsegment_of"
            ),
            models.Index(
                fields=["workspace", "started_at"], name="inbox_waitsegment_when"
            ),
        ]

    def __str__(self) -> str:
        return f"waits since {self.started_at}"
