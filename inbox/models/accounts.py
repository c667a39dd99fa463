"""The numbers, pages and accounts through which a workspace talks."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from flexoraa.lib import sets
from flexoraa.lib.crypto import SecretField
from inbox import adapters
from teams import audit
from teams.tenancy import TenantQuerySet, WorkspaceRow


class ChannelAccountQuerySet(TenantQuerySet):
    """Sets of accounts."""

    def connected_lately(self) -> Self:
        """Made or changed within the last minutes, without their tokens.

        Webhooks that were being sorted at that very moment can have missed them.
        """
        return self.filter(changed_at__gt=Now() - timedelta(minutes=2)).defer("token")

    def heard_from(self, ids: Iterable[int], confirmed: Iterable[int] = ()) -> None:
        """Note that something came in just now; at most one write in ten seconds, and
        one a second for those that told what became of messages of ours."""
        sets.execute(
            "UPDATE inbox_channelaccount SET last_event_at = now(), "
            "last_confirmation_at = CASE WHEN id = ANY(%s) THEN statement_timestamp() "
            "ELSE last_confirmation_at END WHERE id = ANY(%s) "
            "AND (last_event_at IS NULL OR "
            "last_event_at < now() - interval '10 seconds' OR (id = ANY(%s) AND "
            "(last_confirmation_at IS NULL OR "
            "last_confirmation_at < now() - interval '1 second')))",
            [sorted(confirmed), sorted(ids), sorted(confirmed)],
        )


class ChannelAccount(WorkspaceRow):
    """One WhatsApp number, Instagram account or Facebook Page.

    `external_id` is what webhooks name: the phone number id, the Instagram
    professional account id, the Page id. `parent_external_id` is the WhatsApp Business
    Account above a number. An external id belongs to one workspace of the whole
    installation, or a webhook would have two owners.
    """

    class Status(models.TextChoices):
        CONNECTED = "connected", "Connected"
        DISCONNECTED = "disconnected", "Disconnected"

    channel = models.CharField(max_length=20, choices=adapters.choices)
    name = models.CharField(max_length=120)
    external_id = models.CharField("external ID", max_length=64)
    parent_external_id = models.CharField(
        "business account ID",
        max_length=64,
        blank=True,
        help_text="WhatsApp only: the id of the WhatsApp Business Account.",
    )
    token: Any = SecretField(
        "access token",
        blank=True,
        default="",
        help_text="Kept encrypted and never shown again.",
    )
    status = models.CharField(
        max_length=12, choices=Status.choices, default=Status.CONNECTED
    )
    status_reason = models.CharField(max_length=200, blank=True)
    status_at = models.DateTimeField(db_default=Now())
    sending_stopped_at = models.DateTimeField(null=True, blank=True, editable=False)
    sending_stopped_reason = models.CharField(max_length=200, blank=True)
    sends_per_second = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Empty: what the platform allows everybody. 20 for a WhatsApp number "
        "that is used in the app, too; up to 1,000 where Meta has raised it.",
    )
    human_agent = models.BooleanField(
        "seven-day replies",
        default=False,
        db_default=False,
        help_text="Instagram and Messenger: Meta has granted the Human Agent "
        "permission, so people may be answered for seven days instead of one.",
    )
    last_event_at = models.DateTimeField(null=True, blank=True, editable=False)
    templates_due_at = models.DateTimeField(null=True, db_default=Now(), editable=False)
    last_confirmation_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    objects = ChannelAccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "id"], name="inbox_channelaccount_whose"
            ),
            models.UniqueConstraint(
                fields=["channel", "external_id"],
                name="inbox_channelaccount_one_owner",
                violation_error_message=(
                    "This account is already connected, here or in another workspace."
                ),
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["connected", "disconnected"]),
                name="inbox_channelaccount_status_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["channel", "parent_external_id"],
                name="inbox_channelaccount_parent",
            ),
        ]
        # each save seals the token anew, so that it changed cannot be seen here
        triggers = audit.tracked(
            "channel",
            "channel",
            "name",
            "external_id",
            "status",
            "sending_stopped_at",
            "sending_stopped_reason",
            "sends_per_second",
            "human_agent",
            label="r.name",
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.get_channel_display()})"

    @property
    def may_send(self) -> bool:
        """Whether what is queued goes out now."""
        return self.status == self.Status.CONNECTED and self.sending_stopped_at is None

    def stop_sending(self, reason: str) -> None:
        """Hold back everything queued until `resume_sending`; the reason is shown."""
        self.sending_stopped_at = self.sending_stopped_at or timezone.now()
        self.sending_stopped_reason = reason[:200]
        self.save(update_fields=["sending_stopped_at", "sending_stopped_reason"])

    def resume_sending(self) -> None:
        """Go on with what is queued."""
        self.sending_stopped_at, self.sending_stopped_reason = None, ""
        self.save(update_fields=["sending_stopped_at", "sending_stopped_reason"])

    @property
    def route_keys(self) -> list[str]:
        """The names under which webhooks for this account wait as unroutable."""
        keys = [f"{self.channel}:{self.external_id}"]
        if self.parent_external_id:
            keys.append(f"{self.channel}:{self.parent_external_id}")
        return keys
