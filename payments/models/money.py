"""Money that moves: orders, payments, refunds. Rows only go forward."""

import uuid
from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Now

from flexoraa.lib.errors import Conflict
from payments.models.subscriptions import Subscription
from teams.tenancy import TenantQuerySet, WorkspaceRow
from teams.tenant_keys import TenantKey


class OrderQuerySet(TenantQuerySet):
    """Sets of orders."""

    def due(self, at: datetime) -> Self:
        """Those to ask Razorpay about."""
        return self.filter(sync_due_at__lte=at).order_by("sync_due_at", "id")


class Order(WorkspaceRow):
    """An amount that is asked for once; its public id is the receipt at Razorpay."""

    class Status(models.TextChoices):
        CREATING = "creating", "Being created"
        CREATED = "created", "Waits for payment"
        ATTEMPTED = "attempted", "A payment failed"
        PAID = "paid", "Paid"
        FAILED = "failed", "Not created"

    RANK: ClassVar[dict[str, int]] = {
        status: rank
        for rank, status in enumerate("creating failed created attempted paid".split())
    }

    purpose = models.CharField(max_length=120)
    amount_paise = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="INR")
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.CREATING
    )
    razorpay_id = models.CharField("Razorpay id", max_length=40, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    created_at = models.DateTimeField(db_default=Now())
    sync_due_at = models.DateTimeField(null=True, blank=True)
    sync_failures = models.PositiveSmallIntegerField(default=0)

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["razorpay_id"],
                condition=~Q(razorpay_id=""),
                name="payments_order_one_per_razorpay_id",
            ),
            models.UniqueConstraint(
                fields=["workspace", "id"], name="payments_order_whose"
            ),
            models.CheckConstraint(
                condition=Q(amount_paise__gte=100), name="payments_order_chargeable"
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["creating", "created", "attempted", "paid", "failed"]
                ),
                name="payments_order_status_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["sync_due_at", "id"],
                condition=Q(sync_due_at__isnull=False),
                name="payments_order_due",
            )
        ]

    def __str__(self) -> str:
        return self.purpose


class PaymentQuerySet(TenantQuerySet):
    """Sets of payments."""

    def taken(self) -> Self:
        """Money that came in, also what went back later."""
        return self.filter(status__in=Payment.TAKEN)

    def counting(self) -> Self:
        """What pays for something: came in, and nothing is wrong with it."""
        return self.taken().filter(is_held=False)

    def held(self) -> Self:
        """What came in and is not what was asked for."""
        return self.taken().filter(is_held=True)


class Payment(WorkspaceRow):
    """One attempt to pay, by Razorpay's id; every source of news writes to this row.

    `is_held` when amount or currency are not what was asked for: it then buys nothing
    and has no invoice until a person releases or refunds it.
    """

    class Status(models.TextChoices):
        CREATED = "created", "Begun"
        FAILED = "failed", "Failed"
        AUTHORIZED = "authorized", "Authorised"
        CAPTURED = "captured", "Paid"
        REFUNDED = "refunded", "Refunded"

    # failed may still become authorized or captured (razorpay.com, "Late
    # authorisation"); captured never goes back
    RANK: ClassVar[dict[str, int]] = {
        status: rank
        for rank, status in enumerate(
            "created failed authorized captured refunded".split()
        )
    }
    TAKEN = ("captured", "refunded")

    razorpay_id = models.CharField("Razorpay id", max_length=40, unique=True)
    subscription = models.ForeignKey(
        Subscription,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="payments",
    )
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, null=True, blank=True, related_name="payments"
    )
    razorpay_invoice_id = models.CharField(max_length=40, blank=True)
    amount_paise = models.BigIntegerField()
    refunded_paise = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=10, choices=Status.choices)
    method = models.CharField(max_length=30, blank=True)
    fee_paise = models.BigIntegerField(default=0)
    fee_tax_paise = models.BigIntegerField(default=0)
    error_code = models.CharField(max_length=60, blank=True)
    error_description = models.CharField(max_length=300, blank=True)
    period_start = models.DateTimeField(null=True, blank=True)
    period_end = models.DateTimeField(null=True, blank=True)
    made_at = models.DateTimeField(help_text="By Razorpay's clock.")
    is_held = models.BooleanField("held", default=False)
    held_reason = models.CharField(max_length=200, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    dispute_status = models.CharField(max_length=30, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = [
            TenantKey("subscription", name="payments_payment_subscription_whose"),
            TenantKey("order", name="payments_payment_order_whose"),
            models.UniqueConstraint(
                fields=["workspace", "id"], name="payments_payment_whose"
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "created",
                        "failed",
                        "authorized",
                        "captured",
                        "refunded",
                    ]
                ),
                name="payments_payment_status_known",
            ),
            models.CheckConstraint(
                condition=Q(amount_paise__gte=0)
                & Q(refunded_paise__gte=0)
                & Q(refunded_paise__lte=F("amount_paise")),
                name="payments_payment_amounts_sane",
            ),
            models.CheckConstraint(
                condition=Q(subscription=None) | Q(order=None),
                name="payments_payment_for_one_thing",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="payments_payment_list"),
            models.Index(
                fields=["id"], condition=Q(is_held=True), name="payments_payment_held"
            ),
        ]

    def __str__(self) -> str:
        return self.razorpay_id

    @property
    def is_taken(self) -> bool:
        return self.status in self.TAKEN

    @property
    def refundable_paise(self) -> int:
        """What is left, without what is being asked back already."""
        if not self.is_taken:
            return 0
        asked = self.refunds.filter(status=Refund.Status.CREATING).aggregate(
            paise=Sum("amount_paise", default=0)
        )["paise"]
        return max(0, self.amount_paise - self.refunded_paise - asked)

    def ask_back(
        self, amount_paise: int, *, reason: str, actor: Any, at: datetime
    ) -> "Refund":
        """Decide on a refund, in the caller's transaction; the worker sends it.

        Raises Conflict when less than that is left.
        """
        row = Payment.objects.select_for_update().get(pk=self.pk)
        left = row.refundable_paise
        if not 0 < amount_paise <= left:
            raise Conflict(
                f"Between 1 and {left} paise of this payment can be refunded."
                if left > 0
                else "Nothing of this payment is left to refund.",
                code="not_refundable",
            )
        refund = Refund.objects.create(
            workspace_id=row.workspace_id,
            payment=row,
            amount_paise=amount_paise,
            key=uuid.uuid4().hex,
            reason=reason[:200],
            requested_by=actor,
            due_at=at,
        )
        if row.subscription:
            said = f"Refund of {row.currency} {amount_paise / 100:,.2f} asked for"
            row.subscription.note("money", said, "admin", actor=actor, reason=reason)
        return refund


class Refund(WorkspaceRow):
    """Money on its way back. `key` makes asking again safe."""

    class Status(models.TextChoices):
        CREATING = "creating", "Being asked for"
        PENDING = "pending", "On its way"
        PROCESSED = "processed", "Refunded"
        FAILED = "failed", "Failed"

    RANK: ClassVar[dict[str, int]] = {
        status: rank
        for rank, status in enumerate("creating pending failed processed".split())
    }

    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="refunds"
    )
    amount_paise = models.BigIntegerField()
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.CREATING
    )
    razorpay_id = models.CharField("Razorpay id", max_length=40, blank=True)
    key = models.CharField(max_length=40, unique=True)
    reason = models.CharField(max_length=200, blank=True)
    error = models.CharField(max_length=300, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("-id",)
        constraints = [
            TenantKey("payment", name="payments_refund_payment_whose"),
            models.UniqueConstraint(
                fields=["razorpay_id"],
                condition=~Q(razorpay_id=""),
                name="payments_refund_one_per_razorpay_id",
            ),
            models.UniqueConstraint(
                fields=["workspace", "id"], name="payments_refund_whose"
            ),
            models.CheckConstraint(
                condition=Q(amount_paise__gt=0), name="payments_refund_some"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["creating", "pending", "processed", "failed"]),
                name="payments_refund_status_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                condition=Q(due_at__isnull=False),
                name="payments_refund_due",
            )
        ]

    def __str__(self) -> str:
        return self.razorpay_id or f"refund of {self.payment_id}"
