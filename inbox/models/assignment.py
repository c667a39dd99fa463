"""Who works on what: intervals with their receipts, desks, and the workspace's rule."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from inbox.models.conversations import Conversation
from teams.tenancy import TenantQuerySet, WorkspaceRow
from teams.tenant_keys import TenantKey

CAPACITY = 20  # open conversations of one agent, unless a rule or desk says otherwise


class Strategy(models.TextChoices):
    """How somebody was, or is to be, found."""

    MANUAL = "manual", "By hand"
    ROUND_ROBIN = "round_robin", "Round robin"
    LEAST_LOADED = "least_loaded", "Least loaded"


class AssignmentRule(WorkspaceRow):
    """How conversations that nobody has find somebody; without a row, by hand."""

    strategy = models.CharField(
        max_length=12, choices=Strategy.choices, default=Strategy.MANUAL
    )
    capacity = models.PositiveSmallIntegerField(
        default=CAPACITY,
        validators=[MaxValueValidator(1000)],
        help_text="Open conversations that one agent is given at most.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace"], name="inbox_assignmentrule_one"
            ),
            models.CheckConstraint(
                condition=Q(strategy__in=Strategy.values),
                name="inbox_assignmentrule_strategy_known",
            ),
            models.CheckConstraint(
                condition=Q(capacity__lte=1000),
                name="inbox_assignmentrule_capacity_sane",
            ),
        ]

    def __str__(self) -> str:
        return self.get_strategy_display()


class Desk(WorkspaceRow):
    """A member at work: whether new conversations may come, and how many.

    Made when somebody first sets it; who has none is not available to a machine.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="desks"
    )
    is_available = models.BooleanField(default=False)
    capacity = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(1000)],
        help_text="Empty: as the workspace's rule says.",
    )
    given_at = models.DateTimeField(null=True, blank=True, editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "user"], name="inbox_desk_one_per_member"
            ),
            models.CheckConstraint(
                condition=Q(capacity__isnull=True) | Q(capacity__lte=1000),
                name="inbox_desk_capacity_sane",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}'s desk"


class AssignmentIntervalQuerySet(TenantQuerySet):
    """Sets of intervals."""

    def running(self) -> "AssignmentIntervalQuerySet":
        """Those that have not ended."""
        return self.filter(ended_at__isnull=True)

    def during(self, start: datetime, end: datetime) -> "AssignmentIntervalQuerySet":
        """Those that share a moment with [start, end)."""
        has_end_after = Q(ended_at__isnull=True) | Q(ended_at__gt=start)
        return self.filter(has_end_after, started_at__lt=end)


class AssignmentInterval(WorkspaceRow):
    """A user had a conversation from then to then, and the receipt that says why.

    `receipt`: {"rule": strategy, "reason": words, "capacity": n, "candidates":
    [{"user": public id, "name", "open": n, "capacity": n, "skipped": words or ""}]}.
    Written by inbox/assignment.py alone.
    """

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="intervals", db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    strategy = models.CharField(max_length=12, choices=Strategy.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        help_text="Who assigned it; nobody if a rule did.",
    )
    receipt = models.JSONField(default=dict)
    started_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
    )

    objects: Any = AssignmentIntervalQuerySet.as_manager()

    class Meta:
        constraints = [
            TenantKey(
                "conversation", name="inbox_assignmentinterval_conversation_whose"
            ),
            models.UniqueConstraint(
                fields=["conversation"],
                condition=Q(ended_at__isnull=True),
                name="inbox_assignmentinterval_one_runs",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True)
                | Q(ended_at__gte=models.F("started_at")),
                name="inbox_assignmentinterval_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(strategy__in=Strategy.values),
                name="inbox_assignmentinterval_strategy_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["conversation", "started_at"],
                name="inbox_assignmentinterval_of",
            ),
            models.Index(
                fields=["workspace", "started_at"],
                name="inbox_assignmentinterval_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_strategy_display()})"
