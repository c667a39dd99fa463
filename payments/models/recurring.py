"""When a workspace's monthly recurring revenue changed: the facts behind its report."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from payments.models.plans import Plan
from payments.models.subscriptions import Subscription
from teams.tenancy import TenantQuerySet, WorkspaceRow
from teams.tenant_keys import TenantKey


class RevenueChangeQuerySet(TenantQuerySet):
    """Sets of changes."""

    def in_time(self) -> Self:
        """Each workspace's in the order in which they happened."""
        return self.order_by("workspace_id", "at", "id")


class RevenueChange(WorkspaceRow):
    """From `at` on (Razorpay's time where it said one) the workspace was worth
    `mrr_paise` a month, without tax. `status` is its subscription's: a halted one is
    worth nothing and not yet lost. Rows are only ever added, later ones at the end."""

    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="+"
    )
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=15)
    currency = models.CharField(max_length=3)
    mrr_paise = models.BigIntegerField()
    at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    objects = RevenueChangeQuerySet.as_manager()

    class Meta:
        constraints = [
            TenantKey("subscription", name="payments_revenuechange_subscription_whose"),
            models.CheckConstraint(
                condition=Q(mrr_paise__gte=0),
                name="payments_revenuechange_not_negative",
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "at", "id"], name="payments_revenuechange_line"
            )
        ]

    def __str__(self) -> str:
        return f"{self.mrr_paise} from {self.at:%Y-%m-%d}"
