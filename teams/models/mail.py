"""Mail on its way out: the table is the queue (teams/mailing.py)."""

from datetime import timedelta
from typing import Self

from django.db import models
from django.db.models.functions import Now

from flexoraa.lib.crypto import SecretField

LEASE = timedelta(minutes=5)


class MailQuerySet(models.QuerySet):
    """Claiming what is due."""

    def due(self) -> Self:
        """What waits to be sent, also again after a failure or a dead worker."""
        return self.filter(state=Mail.State.QUEUED, due_at__lte=Now())

    def claim(self, count: int) -> list["Mail"]:
        """Some of them, for us alone while LEASE lasts. Call it in a transaction."""
        found = list(
            self.due().select_for_update(skip_locked=True).order_by("due_at")[:count]
        )
        self.filter(pk__in=[mail.pk for mail in found]).update(
            due_at=Now() + LEASE, attempts=models.F("attempts") + 1
        )
        return found


class Mail(models.Model):
    """One message to one address.

    Its words hold links that let somebody in: they are sealed (FIELD_KEYS), and gone
    once it is sent. `message_id` is what the provider calls it, for its reports.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        SENT = "sent", "Sent"
        FAILED = "failed", "Given up"

    to = models.EmailField()
    subject = models.CharField(max_length=250)
    text = SecretField(blank=True, default="")
    html = SecretField(blank=True, default="")
    state = models.CharField(
        max_length=6, choices=State.choices, default=State.QUEUED, editable=False
    )
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    due_at = models.DateTimeField(db_default=Now(), editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, editable=False)
    error = models.CharField(max_length=200, blank=True, editable=False)
    message_id = models.CharField(max_length=250, blank=True, editable=False)
    bounced_at = models.DateTimeField(null=True, editable=False)
    bounce_reason = models.CharField(max_length=200, blank=True, editable=False)

    objects = MailQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "mail"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "sent", "failed"]),
                name="teams_mail_state_known",
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state="queued"),
                name="teams_mail_due",
            ),
            models.Index(
                fields=["message_id"],
                condition=~models.Q(message_id=""),
                name="teams_mail_message_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} ({self.get_state_display()})"
