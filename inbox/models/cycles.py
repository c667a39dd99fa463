"""The rounds of a conversation: from the message that opens it until it is resolved."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from inbox.models.conversations import Conversation
from teams.tenancy import WorkspaceRow
from teams.tenant_keys import TenantKey


class Cycle(WorkspaceRow):
    """A conversation was open from then to then, by our clock; whoever resolved it is
    `ended_by`, nobody if a rule did.

    Triggers on the table of conversations write it (migration 0005), so no path skips
    it, and another puts each wait into the cycle in which it began.
    """

    public_id = None
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="cycles", db_index=False
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

    class Meta:
        constraints = [
            TenantKey("conversation", name="inbox_cycle_conversation_whose"),
            models.UniqueConstraint(
                fields=["workspace", "id"], name="inbox_cycle_whose"
            ),
            models.UniqueConstraint(
                fields=["conversation"],
                condition=Q(ended_at__isnull=True),
                name="inbox_cycle_one_open",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="inbox_cycle_forward",
            ),
        ]
        indexes = [
            models.Index(
                fields=["conversation", "-id"], name="inbox_cycle_of_conversation"
            ),
            models.Index(
                fields=["workspace", "ended_at"],
                condition=Q(ended_at__isnull=False),
                name="inbox_cycle_ends",
            ),
            models.Index(
                fields=["workspace", "started_at"],
                condition=Q(ended_at__isnull=True),
                name="inbox_cycle_open_ages",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} since {self.started_at}"
