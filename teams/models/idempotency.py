"""Requests that must have their effect once, however often they are sent."""

import uuid
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from flexoraa.lib import sets

KEPT_FOR = timedelta(hours=48)
LEASE = timedelta(seconds=60)  # longer than any request may take


class IdempotencyKeyQuerySet(models.QuerySet):
    """Claims, and their end."""

    def claim(
        self, *, workspace: Any, user: Any, key: str, fingerprint: bytes
    ) -> "IdempotencyKey":
        """The row of this key. Who got it to run (`is_mine`) goes on to `finish` or
        `release` it; for everybody else it says what was asked and answered.

        A claim whose process died without an end is free again after LEASE, a key is
        forgotten after KEPT_FOR, both by the database's clock.
        """
        attempt = uuid.uuid4()
        claimed = sets.fetch(
            f"INSERT INTO {self.model._meta.db_table} AS mine "
            "(workspace_id, user_id, key, fingerprint, attempt, claimed_at, body) "
            "VALUES (%s, %s, %s, %s, %s, statement_timestamp(), '') "
            "ON CONFLICT (workspace_id, user_id, key) DO UPDATE SET "
            "fingerprint = excluded.fingerprint, attempt = excluded.attempt, "
            "claimed_at = excluded.claimed_at, status = NULL, body = '' "
            "WHERE mine.claimed_at < statement_timestamp() - %s "
            "OR (mine.status IS NULL AND "
            "mine.claimed_at < statement_timestamp() - %s "
            "AND mine.fingerprint = excluded.fingerprint) "
            "RETURNING mine.id",
            [
                workspace and workspace.pk,
                user.pk,
                key,
                fingerprint,
                attempt,
                KEPT_FOR,
                LEASE,
            ],
        )
        row = self.filter(workspace=workspace, user=user, key=key).first()
        if row is None:  # its holder released it between the two statements
            return self.claim(
                workspace=workspace, user=user, key=key, fingerprint=fingerprint
            )
        row.is_mine = bool(claimed) and row.attempt == attempt
        return row

    def forgettable(self) -> Self:
        """What was claimed too long ago to be asked for again."""
        return self.filter(claimed_at__lt=Now() - KEPT_FOR)


class IdempotencyKey(models.Model):
    """One request that a client may repeat: what it asked, and what was answered.

    `status` is null while it runs. Another user's or workspace's same key is another
    row. Outside of a workspace (`POST /api/workspaces`) there is none.
    """

    workspace = models.ForeignKey(
        "teams.Workspace", on_delete=models.CASCADE, related_name="+", null=True
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)
    attempt = models.UUIDField()
    claimed_at = models.DateTimeField(db_index=True)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)

    objects = IdempotencyKeyQuerySet.as_manager()
    is_mine = False

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "user", "key"],
                nulls_distinct=False,
                name="teams_idempotencykey_once",
            )
        ]

    def __str__(self) -> str:
        return self.key

    def finish(self, status: int, body: str) -> bool:
        """Keep the answer; call it in the transaction of the effect. False when the
        claim was taken over meanwhile: then the effect must be rolled back."""
        mine = type(self).objects.filter(pk=self.pk, attempt=self.attempt)
        return bool(mine.update(status=status, body=body))

    def release(self) -> None:
        """Nothing happened: the key may be used again."""
        type(self).objects.filter(pk=self.pk, attempt=self.attempt).delete()
