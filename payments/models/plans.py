"""Plans: what a workspace may buy, for how much, and what it may then do."""

from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models

from flexoraa.lib.ids import uuid7

LEAST_PAISE = 100  # razorpay.com, "Create a plan": at least INR 1.00
LIMITS = ("seats", "channels", "leads", "messages")
FROZEN = ("price_paise", "currency", "period", "razorpay_id")


class PlanQuerySet(models.QuerySet):
    """Sets of plans."""

    def on_sale(self) -> Self:
        """Those that anybody may choose, in their order."""
        return self.filter(is_public=True).exclude(razorpay_id="")

    def at_razorpay(self) -> Self:
        """Those that Razorpay knows."""
        return self.exclude(razorpay_id="")


class Plan(models.Model):
    """A price in paise, tax included, and limits; null is without limit.

    Razorpay can neither edit nor delete a plan (its FAQ on plans, 1), so price, period
    and currency are frozen once it has one, here and by a trigger in the database.
    A new price is a new plan.
    """

    class Period(models.TextChoices):
        MONTHLY = "monthly", "month"
        YEARLY = "yearly", "year"

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    name = models.CharField(max_length=60)
    description = models.CharField(max_length=200, blank=True)
    price_paise = models.BigIntegerField(
        "price in paise",
        validators=[MinValueValidator(LEAST_PAISE)],
        help_text="Tax included: what is debited in each period. 49900 is ₹499.",
    )
    currency = models.CharField(max_length=3, default="INR")
    period = models.CharField(max_length=10, choices=Period.choices)
    trial_days = models.PositiveSmallIntegerField(
        default=0, help_text="Before the first charge, for who never subscribed."
    )
    seats = models.PositiveIntegerField(null=True, blank=True)
    channels = models.PositiveIntegerField(null=True, blank=True)
    leads = models.PositiveIntegerField(null=True, blank=True)
    messages = models.PositiveIntegerField("messages a month", null=True, blank=True)
    position = models.SmallIntegerField(default=0, help_text="Small ones come first.")
    is_public = models.BooleanField("on sale", default=True)
    razorpay_id = models.CharField("Razorpay id", max_length=40, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ("position", "price_paise", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["razorpay_id"],
                condition=~models.Q(razorpay_id=""),
                name="payments_plan_one_per_razorpay_id",
            ),
            models.CheckConstraint(
                condition=models.Q(price_paise__gte=LEAST_PAISE),
                name="payments_plan_price_chargeable",
            ),
            models.CheckConstraint(
                condition=models.Q(period__in=["monthly", "yearly"]),
                name="payments_plan_period_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.get_period_display()}ly"

    @property
    def limits(self) -> dict[str, int | None]:
        """As they are written onto the workspace."""
        return {name: getattr(self, name) for name in LIMITS}

    @property
    def monthly_paise(self) -> int:
        """The price of a month; of a yearly plan a twelfth, rounded half up."""
        if self.period == self.Period.YEARLY:
            return (self.price_paise * 2 + 12) // 24
        return self.price_paise

    @property
    def total_count(self) -> int:
        """How many cycles a mandate is asked for: ten years, which is as far as
        checkout goes (razorpay.com, "Integrate subscriptions", troubleshooting)."""
        return 10 if self.period == self.Period.YEARLY else 120

    def clean(self) -> None:
        before: Any = Plan.objects.filter(pk=self.pk).first() if self.pk else None
        if before and before.razorpay_id:
            for name in FROZEN:
                if getattr(self, name) != getattr(before, name):
                    raise ValidationError(
                        {name: "At Razorpay plans cannot change: make a new one."}
                    )
