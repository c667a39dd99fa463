"""Alarms about Razorpay's webhook that are on, so that staff are told once a day."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class WebhookAlarm(models.Model):
    """Something that was seen, since when, and when staff were last told of it. There
    is a row from the first look that minded; it rings once it lasts too long."""

    class Kind(models.TextChoices):
        SILENT = "silent", "No webhook comes"
        REFUSED = "refused", "Webhooks are turned away"
        STUCK = "stuck", "Webhooks are not worked off"

    # a webhook that fails for 24 hours is switched off (razorpay.com, "Webhooks FAQs")
    LIMITS: ClassVar[dict[str, timedelta]] = {
        Kind.SILENT: timedelta(hours=24),
        Kind.REFUSED: timedelta(minutes=15),
        Kind.STUCK: timedelta(minutes=15),
    }

    kind = models.CharField(max_length=10, choices=Kind.choices, unique=True)
    since = models.DateTimeField()
    until = models.DateTimeField()  # when it was last seen
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["silent", "refused", "stuck"]),
                name="payments_webhookalarm_kind_known",
            )
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return (self.until - self.since).total_seconds()

    @property
    def is_ringing(self) -> bool:
        """Whether it lasts longer than it may."""
        return self.until - self.since >= self.LIMITS[self.kind]

    def take_turn(self, again_after: timedelta) -> bool:
        """Whether staff are to be told now, by this worker and no other."""
        untold = Q(told_at=None) | Q(told_at__lt=Now() - again_after)
        mine = type(self).objects.filter(untold, pk=self.pk)
        return bool(mine.update(told_at=Now()))
