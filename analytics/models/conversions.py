"""What is told back to Meta about people who came through its ads, and what it said."""

from datetime import timedelta
from typing import Any, Self

from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from flexoraa.lib.crypto import SecretField
from leads.models import Lead, Stage
from teams import audit
from teams.models import Workspace
from teams.tenancy import TenantQuerySet, WorkspaceRow
from teams.tenant_keys import TenantKey

LEASE = timedelta(minutes=2)  # longer than a call takes


class ConversionSettings(WorkspaceRow):
    """A workspace's wish to tell, and where to. Nothing is told before `since`."""

    workspace = models.OneToOneField(
        Workspace, on_delete=models.CASCADE, related_name="conversion_settings"
    )
    is_on = models.BooleanField(
        "tell Meta",
        default=False,
        help_text="Only about people who agreed and who came through an ad.",
    )
    dataset_id = models.CharField(
        "dataset ID",
        max_length=32,
        blank=True,
        validators=[RegexValidator(r"^\d{5,32}\Z", "The digits from Events Manager.")],
        help_text="From Events Manager; linked to the number, page or account.",
    )
    token = SecretField(
        "access token",
        blank=True,
        default="",
        help_text="Of a system user who may manage the dataset.",
    )
    lead_stage = models.ForeignKey(
        Stage,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Whoever gets to this stage is told as a lead; without one nobody.",
    )
    tells_purchases = models.BooleanField(
        "tell revenue as purchases", default=True, db_default=True
    )
    since = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "conversions to Meta"
        constraints = [
            TenantKey("lead_stage", name="analytics_conversionsettings_stage_whose"),
            models.CheckConstraint(
                condition=Q(is_on=False)
                | (Q(since__isnull=False) & ~Q(dataset_id="") & ~Q(token="")),
                name="analytics_conversionsettings_complete",
                violation_error_message="Give a dataset and a token to tell Meta.",
            ),
        ]
        triggers = audit.tracked(
            "conversions",
            "is_on",
            "dataset_id",
            "tells_purchases",
            secrets=("token",),
            label="'Conversions to Meta'",
        )

    def __str__(self) -> str:
        return f"Conversions of {self.workspace}"

    def clean(self) -> None:
        self._begin()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Nothing of before it was switched on is told, nor of while it was off."""
        self._begin()
        super().save(*args, **kwargs)

    def _begin(self) -> None:
        before = type(self).objects.filter(pk=self.pk, is_on=True).first()
        if self.is_on and before is None:
            self.since = timezone.now()


class ConversionEventQuerySet(TenantQuerySet):
    """The queue's verbs."""

    def claim(self, count: int) -> list["ConversionEvent"]:
        """Take some that are due, for this worker alone while LEASE lasts."""
        with transaction.atomic():
            due = self.filter(state="waiting", due_at__lte=Now())
            due = due.select_for_update(of=("self",), skip_locked=True)
            related = ("lead", "workspace__conversion_settings")
            found = list(due.select_related(*related).order_by("due_at", "id")[:count])
            self.filter(pk__in=[event.pk for event in found]).update(
                due_at=Now() + LEASE, attempts=models.F("attempts") + 1
            )
        return found

    def on(self, workspace: Workspace) -> Self:
        """Those of a workspace, the newest first."""
        return self.for_workspace(workspace).order_by("-id")


class ConversionEvent(WorkspaceRow):
    """One thing that happened to a lead, told once: `public_id` is Meta's `event_id`,
    by which it drops repeats, and `key` says what it is about here."""

    class Name(models.TextChoices):
        LEAD = "LeadSubmitted", "Lead"
        PURCHASE = "Purchase", "Purchase"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Told"
        SKIPPED = "skipped", "Left out"
        FAILED = "failed", "Refused"

    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    name = models.CharField(max_length=20, choices=Name.choices)
    key = models.CharField(max_length=100)
    at = models.DateTimeField()
    amount_paise = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    state = models.CharField(
        max_length=8, choices=State.choices, default=State.WAITING, db_default="waiting"
    )
    channel = models.CharField(max_length=20, blank=True, db_default="")
    said = models.CharField(max_length=300, blank=True, db_default="")
    trace_id = models.CharField(max_length=80, blank=True, db_default="")
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = ConversionEventQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = [
            TenantKey("lead", name="analytics_conversionevent_lead_whose"),
            models.UniqueConstraint(
                fields=["workspace", "key"], name="analytics_conversionevent_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "sent", "skipped", "failed"]),
                name="analytics_conversionevent_state_known",
            ),
            models.CheckConstraint(
                condition=Q(name__in=["LeadSubmitted", "Purchase"]),
                name="analytics_conversionevent_name_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                condition=Q(state="waiting"),
                name="analytics_conversion_due",
            ),
            models.Index(fields=["workspace", "-id"], name="analytics_conversion_list"),
        ]

    def __str__(self) -> str:
        return f"{self.get_name_display()} {self.public_id}"

    def end(self, state: str, said: str = "", trace_id: str = "") -> None:
        """It is over: told, left out or refused. What was told stays so."""
        mine = type(self).objects.filter(pk=self.pk, state=self.State.WAITING)
        is_sent = state == self.State.SENT
        mine.update(
            state=state,
            said=said[:300],
            trace_id=trace_id[:80],
            channel=self.channel,
            sent_at=Now() if is_sent else None,
        )

    def wait(self, pause: timedelta, said: str) -> None:
        """Later."""
        mine = type(self).objects.filter(pk=self.pk, state=self.State.WAITING)
        mine.update(due_at=Now() + pause, said=said[:300], channel=self.channel)
