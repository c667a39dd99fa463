"""What a workspace's reports go by: targets, look-back, and when the team works."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from analytics import opening_hours
from flexoraa.lib import sets
from teams.models import Workspace
from teams.tenancy import WorkspaceRow

AHEAD = timedelta(days=400)  # how far working time is written ahead
BACK = timedelta(days=731)  # and how far back when hours are first given


def is_week(hours: Any) -> None:
    """Refuse weekly hours that cannot be read; {} is around the clock."""
    try:
        opening_hours.read_week(hours)
    except opening_hours.BadHours as error:
        raise ValidationError(str(error)) from error


class ReportSettings(WorkspaceRow):
    """One row for each workspace that changed anything; `of` gives it or defaults."""

    class Ranking(models.TextChoices):
        OWN = "own", "Only themselves"
        TEAM = "team", "The whole team"

    public_id = None
    workspace = models.OneToOneField(
        Workspace, on_delete=models.CASCADE, related_name="report_settings"
    )
    hours = models.JSONField(
        "weekly hours",
        default=dict,
        blank=True,
        validators=[is_week],
        help_text='{"mon": [["09:30", "18:30"]], …} on the workspace\'s clocks; '
        "empty: around the clock.",
    )
    sla_seconds = models.PositiveIntegerField(
        "first response target in seconds",
        default=3_600,
        validators=[MinValueValidator(1)],
    )
    lookback_days = models.PositiveSmallIntegerField(
        default=90,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text="A touch earns revenue that comes within so many days.",
    )
    horizon_days = models.PositiveSmallIntegerField(
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text="A lead that gets further within so many days has converted; twice "
        "the usual time from new to won is a good choice.",
    )
    margin_percent = models.PositiveSmallIntegerField(
        "gross margin in percent",
        null=True,
        blank=True,
        validators=[MaxValueValidator(100)],
        help_text="For the payback time.",
    )
    sdr_sees = models.CharField(
        "SDRs see in the ranking",
        max_length=4,
        choices=Ranking.choices,
        default=Ranking.OWN,
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "report settings"
        constraints = [
            models.CheckConstraint(
                condition=Q(sla_seconds__gte=1)
                & Q(lookback_days__range=(1, 365))
                & Q(horizon_days__range=(1, 365)),
                name="analytics_reportsettings_sane",
            ),
        ]

    def __str__(self) -> str:
        return f"Report settings of {self.workspace}"

    @classmethod
    def of(cls, workspace: Workspace) -> Self:
        """The workspace's, or unsaved defaults."""
        found = cls.objects.filter(workspace=workspace).first()
        return found or cls(workspace=workspace)

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Working time follows; numbers that depend on settings are counted anew (a
        trigger marks them)."""
        super().save(*args, **kwargs)
        WorkingSpan.objects.rewrite(self, timezone.now())


class Holiday(WorkspaceRow):
    """Nobody works on this local day."""

    day = models.DateField()
    name = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ("day",)
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "day"],
                name="analytics_holiday_once",
                violation_error_message="This day is a holiday already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name or 'Holiday'} on {self.day}"


class WorkingSpanQuerySet(models.QuerySet):
    """Sets of spans."""

    def rewrite(self, settings: ReportSettings, now: datetime) -> None:
        """Write the spans from today on anew; what was worked before stays. Without
        any so far, the past is written too."""
        workspace = settings.workspace
        zone = ZoneInfo(workspace.timezone)
        mine = self.filter(workspace=workspace)
        today = now.astimezone(zone).date()
        first = today if mine.exists() else today - BACK
        start = datetime.combine(first, datetime.min.time(), zone)
        mine.filter(starts_at__gte=start).delete()
        if not any(settings.hours.values()):
            return
        days = [
            first + timedelta(days=n) for n in range((today - first).days + AHEAD.days)
        ]
        self._write(workspace.pk, settings.hours, days, zone)

    def _write(
        self, workspace_id: int, hours: Any, days: Iterable[date], zone: ZoneInfo
    ) -> None:
        holidays = set(
            Holiday.objects.filter(workspace=workspace_id).values_list("day", flat=True)
        )
        rows = [
            {"workspace_id": workspace_id, "starts_at": start, "ends_at": end}
            for start, end in opening_hours.spans_of(hours, days, zone, holidays)
        ]
        sets.insert(
            WorkingSpan, rows, on_conflict="(workspace_id, starts_at) DO NOTHING"
        )


class WorkingSpan(WorkspaceRow):
    """The team works from then to then; derived from hours and holidays."""

    public_id = None
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    objects = WorkingSpanQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "starts_at"], name="analytics_workingspan_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="analytics_workingspan_forward",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at} to {self.ends_at}"
