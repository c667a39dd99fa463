"""Rows of the project itself, which no app owns."""

from typing import Any

from django.db import models
from django.db.models.functions import Now

from flexoraa.lib import stream


class TransactionId(models.Field):
    """PostgreSQL's xid8: the number of the transaction that wrote the row."""

    def db_type(self, connection: Any) -> str:
        return "xid8"


class CurrentTransaction(models.Func):
    """The number of the transaction that a statement is in."""

    template = "pg_current_xact_id()"
    output_field = TransactionId()


class StreamEvent(models.Model):
    """Rows that changed in a workspace, until all streams are past it (see
    flexoraa.lib.stream). It has no key to the workspace: it is gone within hours."""

    workspace_id = models.BigIntegerField()
    xid = TransactionId(db_default=CurrentTransaction())
    kind = models.CharField(max_length=60)
    ids = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = stream.TABLE
        indexes = [
            models.Index(fields=["xid"], name="flexoraa_streamevent_new"),
            models.Index(
                fields=["workspace_id", "xid"], name="flexoraa_streamevent_missed"
            ),
        ]

    def __str__(self) -> str:
        return self.kind
