"""Facts about messages: statuses, reactions, edits and unsends.

Each is stored by the provider's id of its message, so one that comes before its
message waits here with `message` empty and is adopted later. What a message shows is
recounted from its facts, which is why their order of arrival does not matter.
"""

from typing import Any

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from flexoraa.lib import sets
from inbox.models.accounts import ChannelAccount
from inbox.models.messages import Message
from inbox.models.people import Contact
from teams.tenancy import TenantQuerySet, WorkspaceRow
from teams.tenant_keys import TenantKey


class FactQuerySet(TenantQuerySet):
    """Sets of facts."""

    def adopt(self, message_ids: list[int]) -> list[int]:
        """Give waiting facts to these new messages; the ids that had any."""
        rows = sets.fetch(
            f"UPDATE {self._table} f SET message_id = m.id FROM inbox_message m "
            "WHERE f.message_id IS NULL AND m.id = ANY(%s) AND m.external_id <> '' "
            "AND f.account_id = m.account_id AND f.target = m.external_id "
            "RETURNING m.id",
            [message_ids],
        )
        return [row[0] for row in rows]

    def adopt_recent(self) -> list[int]:
        """Find the message of facts that just missed it: two workers wrote at once."""
        rows = sets.fetch(
            f"UPDATE {self._table} f SET message_id = m.id FROM inbox_message m "
            "WHERE f.message_id IS NULL AND f.created_at > now() - interval '10 min' "
            "AND f.account_id = m.account_id AND f.target = m.external_id "
            "AND m.external_id <> '' RETURNING m.id"
        )
        return [row[0] for row in rows]

    def record(
        self, rows: list[dict[str, Any]], on_conflict: str
    ) -> list[tuple[int, int | None]]:
        """Insert facts, tied to their messages where those are known; the new ones'
        (id, message id)."""
        if not rows:
            return []
        columns = list(rows[0])
        names = ", ".join(f'"{column}"' for column in columns)
        values = ", ".join(f'r."{column}"' for column in columns)
        return sets.fetch(
            f"INSERT INTO {self._table} ({names}, message_id) SELECT {values}, m.id "
            f"FROM {sets.recordset(self.model, columns, 'r')} "
            "LEFT JOIN inbox_message m ON m.account_id = r.account_id "
            "AND m.external_id = r.target AND m.external_id <> '' "
            f"ON CONFLICT {on_conflict} RETURNING id, message_id",
            [sets.dumps(rows)],
        )

    @property
    def _table(self) -> str:
        return f'"{self.model._meta.db_table}"'


class Fact(WorkspaceRow):
    """Something about the message whose provider id is `target`."""

    account = models.ForeignKey(
        ChannelAccount,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    target = models.CharField(max_length=512)
    message = models.ForeignKey(
        Message,
        on_delete=models.CASCADE,
        null=True,
        related_name="%(class)ss",
        db_constraint=False,
    )
    provider_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    objects = FactQuerySet.as_manager()

    class Meta:
        abstract = True
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(message__isnull=True),
                name="inbox_%(class)s_parked",
            )
        ]


class StatusEvent(Fact):
    """A message of ours got this far, with what Meta says it cost or why it failed."""

    status = models.CharField(max_length=10)
    rank = models.SmallIntegerField()
    errors = models.JSONField(db_default=models.Value([], models.JSONField()))
    pricing = models.JSONField(null=True)
    covers_earlier = models.BooleanField(default=False)

    class Meta(Fact.Meta):
        constraints = [
            TenantKey("account", name="inbox_statusevent_account_whose"),
            TenantKey("message", name="inbox_statusevent_message_whose"),
            models.UniqueConstraint(
                fields=["account", "target", "status"], name="inbox_statusevent_once"
            ),
        ]
        indexes = [
            *Fact.Meta.indexes,
            BrinIndex(
                fields=["provider_at"],
                name="inbox_statusevent_times",
                autosummarize=True,
            ),
        ]

    def __str__(self) -> str:
        return self.status


class Reaction(Fact):
    """The emoji that a person (or we: no contact) has on a message; "" is taken off."""

    contact = models.ForeignKey(
        Contact,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        db_constraint=False,
    )
    emoji = models.CharField(max_length=64, blank=True)

    class Meta(Fact.Meta):
        constraints = [
            TenantKey("account", name="inbox_reaction_account_whose"),
            TenantKey("message", name="inbox_reaction_message_whose"),
            TenantKey("contact", name="inbox_reaction_contact_whose"),
            models.UniqueConstraint(
                fields=["account", "target", "contact"],
                nulls_distinct=False,
                name="inbox_reaction_one_per_person",
            ),
        ]

    def __str__(self) -> str:
        return self.emoji


class Revision(Fact):
    """An edit (its number and new text) or an unsend of a message."""

    class Kind(models.TextChoices):
        EDITED = "edited", "Edited"
        UNSENT = "unsent", "Unsent"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    number = models.IntegerField(default=0)
    text = models.TextField(blank=True)

    class Meta(Fact.Meta):
        constraints = [
            TenantKey("account", name="inbox_revision_account_whose"),
            TenantKey("message", name="inbox_revision_message_whose"),
            models.UniqueConstraint(
                fields=["account", "target", "kind", "number", "provider_at"],
                name="inbox_revision_once",
            ),
        ]

    def __str__(self) -> str:
        return self.kind
