"""Conversations: one open at a time for a person on an account."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from flexoraa.lib import stream
from flexoraa.lib.errors import Conflict
from inbox import adapters
from inbox.models.accounts import ChannelAccount
from inbox.models.people import Contact
from teams.tenancy import WorkspaceRow
from teams.tenant_keys import TenantKey

PREVIEW_LENGTH = 200


class Conversation(WorkspaceRow):
    """What was said with one person on one account, until it is resolved.

    `waiting_since` is the first message that nobody answered yet.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        PENDING = "pending", "Pending"
        SNOOZED = "snoozed", "Snoozed"
        RESOLVED = "resolved", "Resolved"

    account = models.ForeignKey(
        ChannelAccount,
        on_delete=models.CASCADE,
        related_name="conversations",
        db_index=False,
        db_constraint=False,
    )
    contact = models.ForeignKey(
        Contact,
        on_delete=models.PROTECT,
        related_name="conversations",
        db_index=False,
        db_constraint=False,
    )
    channel = models.CharField(max_length=20, choices=adapters.choices)
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.OPEN, db_default="open"
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    snoozed_until = models.DateTimeField(null=True, blank=True)
    unread_count = models.IntegerField(default=0, db_default=0)
    preview = models.CharField(
        max_length=PREVIEW_LENGTH, blank=True, default="", db_default=""
    )
    last_message_at = models.DateTimeField()
    last_inbound_at = models.DateTimeField(null=True, blank=True)
    waiting_since = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            TenantKey("account", name="inbox_conversation_account_whose"),
            TenantKey("contact", name="inbox_conversation_contact_whose"),
            models.UniqueConstraint(
                fields=["workspace", "id"], name="inbox_conversation_workspace"
            ),
            models.UniqueConstraint(
                fields=["account", "contact"],
                condition=~Q(status="resolved"),
                name="inbox_conversation_one_open",
            ),
            models.UniqueConstraint(
                fields=["workspace", "account", "id"],
                name="inbox_conversation_whose",  # what messages refer to
            ),
            models.CheckConstraint(
                condition=Q(status__in=["open", "pending", "snoozed", "resolved"]),
                name="inbox_conversation_status_known",
            ),
            models.CheckConstraint(
                condition=Q(status="resolved", resolved_at__isnull=False)
                | (~Q(status="resolved") & Q(resolved_at__isnull=True)),
                name="inbox_conversation_resolved_has_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "-last_message_at", "-id"],
                name="inbox_conversation_newest",
            ),
            models.Index(
                fields=["workspace", "status", "-last_message_at", "-id"],
                name="inbox_conversation_by_status",
            ),
            # views of few rows, which else would be looked for among all
            models.Index(
                fields=["workspace", "-last_message_at", "-id"],
                condition=Q(unread_count__gt=0),
                name="inbox_conversation_unread",
            ),
            models.Index(
                fields=["workspace", "waiting_since", "id"],
                condition=Q(waiting_since__isnull=False),
                name="inbox_conversation_waiting",
            ),
            models.Index(
                fields=["workspace", "last_inbound_at", "id"],
                condition=~Q(status="resolved") & Q(last_inbound_at__isnull=False),
                name="inbox_conversation_window",
            ),
            models.Index(
                fields=["contact", "account"], name="inbox_conversation_of_contact"
            ),
            models.Index(
                fields=["workspace", "assignee", "-last_message_at", "-id"],
                condition=Q(assignee__isnull=False),
                name="inbox_conversation_assigned",
            ),
            models.Index(
                fields=["workspace", "-last_message_at", "-id"],
                condition=Q(assignee__isnull=True) & ~Q(status="resolved"),
                name="inbox_conversation_unassigned",
            ),
            models.Index(
                fields=["snoozed_until"],
                condition=Q(status="snoozed"),
                name="inbox_conversation_snoozed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact} on {self.get_channel_display()}"

    @transaction.atomic
    def change_status(self, status: str, snoozed_until: datetime | None = None) -> bool:
        """Move to this status, as the locked row allows; False if it is there already.

        Who resolves it says that nobody waits any more. Raises Conflict when the person
        has gone on in another conversation on this account.
        """
        columns = ["status", "snoozed_until", "resolved_at", "waiting_since"]
        locked = type(self)._base_manager.select_for_update(no_key=True)
        self.refresh_from_db(fields=columns, from_queryset=locked)
        if (self.status, self.snoozed_until) == (status, snoozed_until):
            return False
        self.status, self.snoozed_until = status, snoozed_until
        if status == self.Status.RESOLVED:
            self.resolved_at = self.resolved_at or timezone.now()
            self.waiting_since = None
            self.waits.end(self.pk, self.resolved_at, "resolved")
        else:
            self.resolved_at = None
        try:
            with transaction.atomic():
                self.save(update_fields=columns)
        except IntegrityError as error:
            raise Conflict(
                "This person has another open conversation on this account."
            ) from error
        self.announce()
        return True

    def resolve(self) -> bool:
        """Close it; the next message of the person opens it again, or a new one."""
        return self.change_status(self.Status.RESOLVED)

    def reopen(self) -> bool:
        """Go on with it; see change_status."""
        return self.change_status(self.Status.OPEN)

    @transaction.atomic
    def put_labels(self, labels: Iterable[Any]) -> None:
        """It has these labels and no others."""
        self.labels.set(labels, through_defaults={"workspace_id": self.workspace_id})
        self.announce()

    @transaction.atomic
    def mark_read(self) -> bool:
        """Somebody of the team has seen it; False if nothing was unread."""
        unread = type(self).objects.filter(pk=self.pk).exclude(unread_count=0)
        self.unread_count = 0
        if not unread.update(unread_count=0):
            return False
        self.announce()
        return True

    def announce(self) -> None:
        """Tell those who look on that it shows something else now."""
        stream.publish(self.workspace_id, "conversation.updated", [self.public_id])


class ReadMark(WorkspaceRow):
    """How far a person got in what we wrote to them, by the provider's clock.

    A mark may come before any message, so it belongs to no conversation.
    """

    account = models.ForeignKey(
        ChannelAccount,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    contact = models.ForeignKey(
        Contact,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    delivered_until = models.DateTimeField(null=True, blank=True)
    read_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            TenantKey("account", name="inbox_readmark_account_whose"),
            TenantKey("contact", name="inbox_readmark_contact_whose"),
            models.UniqueConstraint(
                fields=["account", "contact"], name="inbox_readmark_one"
            ),
        ]

    def __str__(self) -> str:
        return f"read until {self.read_until}"
