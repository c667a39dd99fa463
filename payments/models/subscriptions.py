"""Subscriptions: a mandate at Razorpay, and where it stands between it and us."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from payments.models.plans import Plan
from teams.tenancy import TenantQuerySet, WorkspaceRow
from teams.tenant_keys import TenantKey

LIVE = ["creating", "created", "authenticated", "active", "pending", "halted", "paused"]
TERMINAL = ["cancelled", "completed", "expired", "failed"]
EXPIRY_LAG = timedelta(minutes=6)  # Razorpay expires late: 188 to 322 s were seen


class SubscriptionQuerySet(TenantQuerySet):
    """Sets of subscriptions."""

    def live(self) -> Self:
        """Those that can still charge, or are being made."""
        return self.filter(status__in=Subscription.LIVE)

    def current(self) -> Self:
        """The one of each workspace that counts."""
        return self.live().filter(place=Subscription.Place.CURRENT)

    def due(self, at: datetime) -> Self:
        """Those to ask Razorpay about, which nobody is asking about just now."""
        free = Q(sync_leased_until=None) | Q(sync_leased_until__lt=Now())
        return self.filter(free, sync_due_at__lte=at).order_by("sync_due_at", "id")


class Subscription(WorkspaceRow):
    """One mandate. Its states are Razorpay's (razorpay.com, "Subscription states"),
    and two of ours: `creating` before Razorpay answered, `failed` when it never did.

    `place` says which of a workspace's mandates counts: one is current; a change of
    plan that needs a new mandate is its successor until that is given; then the old
    one is past, and is cancelled.
    """

    class Status(models.TextChoices):
        CREATING = "creating", "Being created"
        CREATED = "created", "Waits for the mandate"
        AUTHENTICATED = "authenticated", "Authorised, starts later"
        ACTIVE = "active", "Active"
        PENDING = "pending", "Payment failed, being retried"
        HALTED = "halted", "Halted: retries failed"
        PAUSED = "paused", "Paused"
        CANCELLED = "cancelled", "Cancelled"
        COMPLETED = "completed", "Completed"
        EXPIRED = "expired", "Expired"
        FAILED = "failed", "Not created"

    class Place(models.TextChoices):
        CURRENT = "current", "Current"
        SUCCESSOR = "successor", "Successor"
        PAST = "past", "Past"

    LIVE = LIVE
    TERMINAL = TERMINAL
    # of two snapshots of the same second, the later in a mandate's life wins
    RANK = {
        status: rank
        for rank, status in enumerate(
            "creating created authenticated active pending halted paused failed "
            "expired completed cancelled".split()
        )
    }

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    previous_plan = models.ForeignKey(
        Plan, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    next_plan = models.ForeignKey(
        Plan, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    place = models.CharField(
        max_length=10, choices=Place.choices, default=Place.CURRENT
    )
    replaces = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    status = models.CharField(
        max_length=15, choices=Status.choices, default=Status.CREATING
    )
    razorpay_id = models.CharField("Razorpay id", max_length=40, blank=True)
    quantity = models.PositiveIntegerField(default=1)
    total_count = models.PositiveIntegerField(default=0)
    paid_count = models.PositiveIntegerField(default=0)
    current_start = models.DateTimeField(null=True, blank=True)
    current_end = models.DateTimeField(null=True, blank=True)
    charge_at = models.DateTimeField(null=True, blank=True)
    start_at = models.DateTimeField(null=True, blank=True)
    end_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    expire_by = models.DateTimeField(null=True, blank=True)
    short_url = models.CharField(max_length=300, blank=True)
    payment_method = models.CharField(max_length=30, blank=True)
    # Razorpay shows in no field that a cancel at the end of the cycle was asked for
    cancel_at_period_end = models.BooleanField(default=False)
    cancel_asked_at = models.DateTimeField(null=True, blank=True)
    trouble_since = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    created_at = models.DateTimeField(db_default=Now())
    asked_at = models.DateTimeField("create asked at", null=True, blank=True)
    # settlement's: what was applied last, by Razorpay's clock and by ours
    observed_at = models.DateTimeField(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    # reconciling's queue
    synced_at = models.DateTimeField(null=True, blank=True)
    sync_due_at = models.DateTimeField(null=True, blank=True)
    sync_reason = models.CharField(max_length=20, blank=True)
    sync_leased_until = models.DateTimeField(null=True, blank=True)
    sync_failures = models.PositiveSmallIntegerField(default=0)
    sync_error = models.CharField(max_length=300, blank=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = [
            TenantKey("replaces", name="payments_subscription_replaces_whose"),
            models.UniqueConstraint(
                fields=["workspace"],
                condition=Q(
                    place="current",
                    status__in=LIVE,
                ),
                name="payments_subscription_one_live",
            ),
            models.UniqueConstraint(
                fields=["workspace"],
                condition=Q(
                    place="successor",
                    status__in=LIVE,
                ),
                name="payments_subscription_one_successor",
            ),
            models.UniqueConstraint(
                fields=["razorpay_id"],
                condition=~Q(razorpay_id=""),
                name="payments_subscription_one_per_razorpay_id",
            ),
            models.UniqueConstraint(
                fields=["workspace", "id"], name="payments_subscription_whose"
            ),
            models.CheckConstraint(
                condition=Q(status__in=LIVE + TERMINAL),
                name="payments_subscription_status_known",
            ),
            models.CheckConstraint(
                condition=Q(place__in=["current", "successor", "past"]),
                name="payments_subscription_place_known",
            ),
            models.CheckConstraint(
                condition=Q(razorpay_id="", status__in=["creating", "failed"])
                | ~Q(razorpay_id=""),
                name="payments_subscription_known_at_razorpay",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=1), name="payments_subscription_some"
            ),
        ]
        indexes = [
            models.Index(
                fields=["sync_due_at", "id"],
                condition=Q(sync_due_at__isnull=False),
                name="payments_subscription_due",
            ),
            models.Index(
                fields=["workspace", "-id"], name="payments_subscription_list"
            ),
        ]

    def __str__(self) -> str:
        return self.razorpay_id or f"subscription {self.public_id}"

    @property
    def is_live(self) -> bool:
        return self.status in self.LIVE

    @property
    def is_terminal(self) -> bool:
        return self.status in self.TERMINAL

    @property
    def price_paise(self) -> int:
        """What a period costs, tax included."""
        return self.plan.price_paise * self.quantity

    @property
    def expected_paise(self) -> set[int]:
        """What a cycle's payment may be; the plan before counts for late ones."""
        plans = [self.plan, self.previous_plan, self.next_plan]
        return {plan.price_paise * self.quantity for plan in plans if plan}

    def is_newer(self, status: str, at: datetime) -> bool:
        """Whether a snapshot of Razorpay's goes beyond what was applied: the end of a
        mandate does always, else the later one, of the same second the higher rank."""
        if self.is_terminal:
            return False
        if status in self.TERMINAL:
            return True
        seen = (self.observed_at or at, self.RANK[self.status])
        return (at, self.RANK[status]) >= seen

    def ask_again(self, reason: str, at: datetime) -> None:
        """Have the worker ask Razorpay from then on, or earlier if it would anyway."""
        if self.sync_due_at is None or at < self.sync_due_at:
            self.sync_due_at, self.sync_reason = at, reason
            self.save(update_fields=["sync_due_at", "sync_reason"])

    def note(self, kind: str, said: str, source: str, **details: Any) -> None:
        """Write a line of its timeline."""
        from payments.models.ledger import TimelineEntry

        TimelineEntry.objects.create(
            workspace_id=self.workspace_id,
            subscription=self,
            kind=kind,
            said=said[:200],
            source=source,
            actor=details.pop("actor", None),
            details=details,
        )
