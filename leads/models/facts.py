"""Facts about leads that reports count: touches and revenue."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from leads.models.campaigns import Campaign
from leads.models.leads import Lead
from teams.tenancy import WorkspaceRow
from teams.tenant_keys import TenantKey


class Touch(WorkspaceRow):
    """A campaign reached a lead: an ad was clicked, a message answered.

    `key` is what the touch is known by at its source, so that it is stored once.
    """

    class Kind(models.TextChoices):
        AD = "ad", "Ad clicked"
        MESSAGE = "message", "Message"
        FORM = "form", "Form"
        IMPORT = "import", "Import"
        MANUAL = "manual", "Noted by hand"

    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="touches", db_constraint=False
    )
    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="touches",
        db_constraint=False,
    )
    kind = models.CharField(max_length=7, choices=Kind.choices)
    at = models.DateTimeField()
    click_id = models.CharField(max_length=512, blank=True)
    ad_id = models.CharField(max_length=64, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    key = models.CharField(max_length=600, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "touches"
        constraints = [
            TenantKey("lead", name="leads_touch_lead_whose"),
            TenantKey("campaign", name="leads_touch_campaign_whose"),
            models.UniqueConstraint(
                fields=["workspace", "key"],
                condition=~Q(key=""),
                name="leads_touch_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["ad", "message", "form", "import", "manual"]),
                name="leads_touch_kind_known",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "at"], name="leads_touch_times"),
            models.Index(
                fields=["workspace", "ad_id"],
                condition=Q(campaign__isnull=True) & ~Q(ad_id=""),
                name="leads_touch_without_campaign",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} at {self.at}"


class Revenue(WorkspaceRow):
    """Money that a lead brought; a refund is a negative row dated at the refund."""

    class Source(models.TextChoices):
        MANUAL = "manual", "Typed in"
        RAZORPAY = "razorpay", "Razorpay"
        IMPORT = "import", "Import"

    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="revenue", db_constraint=False
    )
    amount_paise = models.BigIntegerField("amount in paise")
    currency = models.CharField(max_length=3, default="INR")
    at = models.DateTimeField()
    source = models.CharField(
        max_length=8, choices=Source.choices, default=Source.MANUAL
    )
    reference = models.CharField(
        max_length=120, blank=True, help_text="The payment or refund that it is."
    )
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "revenue"
        constraints = [
            TenantKey("lead", name="leads_revenue_lead_whose"),
            models.UniqueConstraint(
                fields=["workspace", "source", "reference"],
                condition=~Q(reference=""),
                name="leads_revenue_once",
            ),
            models.CheckConstraint(
                condition=~Q(amount_paise=0), name="leads_revenue_not_nothing"
            ),
            models.CheckConstraint(
                condition=Q(source__in=["manual", "razorpay", "import"]),
                name="leads_revenue_source_known",
            ),
        ]
        indexes = [models.Index(fields=["workspace", "at"], name="leads_revenue_times")]

    def __str__(self) -> str:
        return f"{self.amount_paise / 100:.2f} {self.currency}"
