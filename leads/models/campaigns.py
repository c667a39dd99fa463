"""Campaigns, what they cost, which leads they touched, and what came of it."""

from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from flexoraa.lib.errors import Conflict
from teams.tenancy import TenantQuerySet, WorkspaceRow
from teams.tenant_keys import TenantKey


class CampaignQuerySet(TenantQuerySet):
    """Sets of campaigns."""

    def of_ad(self, ad_id: str) -> Self:
        """Those that an ad of Meta belongs to; no ad, no campaign."""
        return self.filter(ad_ids__contains=[ad_id]) if ad_id else self.none()


class Campaign(WorkspaceRow):
    """Something that costs money and should bring leads."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        ENDED = "ended", "Ended"

    class Channel(models.TextChoices):
        WHATSAPP = "whatsapp", "WhatsApp"
        INSTAGRAM = "instagram", "Instagram"
        FACEBOOK = "facebook", "Facebook"
        EMAIL = "email", "E-mail"
        CALL = "call", "Calls"
        EVENT = "event", "Event"
        OTHER = "other", "Other"

    code = models.SlugField(max_length=60, help_text="Short and lasting: diwali-2026.")
    name = models.CharField(max_length=120)
    status = models.CharField(
        max_length=6, choices=Status.choices, default=Status.ACTIVE
    )
    channel = models.CharField(
        max_length=10, choices=Channel.choices, default=Channel.OTHER
    )
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    budget_paise = models.BigIntegerField("budget in paise", default=0)
    currency = models.CharField(max_length=3, default="INR")
    ad_ids = ArrayField(
        models.CharField(max_length=64),
        default=list,
        blank=True,
        help_text="Ids of Meta's ads, separated by commas; who writes after clicking "
        "one of them is a lead of this campaign.",
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = CampaignQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "code"],
                name="leads_campaign_one_per_code",
                violation_error_message="There is a campaign with this code already.",
            ),
            models.UniqueConstraint(
                fields=["workspace", "id"], name="leads_campaign_whose"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "active", "paused", "ended"]),
                name="leads_campaign_status_known",
            ),
            models.CheckConstraint(
                condition=Q(budget_paise__gte=0),
                name="leads_campaign_budget_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True)
                | Q(ends_on__isnull=True)
                | Q(ends_on__gte=F("starts_on")),
                name="leads_campaign_ends_after_start",
                violation_error_message="It cannot end before it starts.",
            ),
        ]
        indexes = [
            GinIndex(
                fields=["ad_ids"],
                name="leads_campaign_ads",
                condition=~Q(ad_ids=[]),
            )
        ]

    def __str__(self) -> str:
        return self.name


class SpendEntryQuerySet(TenantQuerySet):
    """Sets of spend entries."""

    def current(self) -> Self:
        """Without those that a later entry replaced."""
        return self.filter(replaced_by__isnull=True)


class SpendEntry(WorkspaceRow):
    """What a campaign cost on one day. Corrections replace an entry and keep it."""

    class Kind(models.TextChoices):
        AD = "ad", "Ads"
        MESSAGE = "message", "Messages"
        OTHER = "other", "Other"

    class Source(models.TextChoices):
        MANUAL = "manual", "Typed in"
        CSV = "csv", "From a file"
        META = "meta", "From Meta"

    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="spend", db_constraint=False
    )
    day = models.DateField(help_text="In the ad account's time zone.")
    kind = models.CharField(max_length=7, choices=Kind.choices, default=Kind.AD)
    amount_paise = models.BigIntegerField("amount in paise")
    currency = models.CharField(max_length=3, default="INR")
    account_tz = models.CharField(
        "time zone of the ad account", max_length=64, blank=True
    )
    source = models.CharField(
        max_length=6, choices=Source.choices, default=Source.MANUAL, editable=False
    )
    reference = models.CharField(
        max_length=120, blank=True, help_text="Ad, invoice or line that says so."
    )
    replaced_by = models.OneToOneField(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="replaces",
        db_constraint=False,
        editable=False,
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = SpendEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "spend entries"
        constraints = [
            TenantKey("campaign", name="leads_spendentry_campaign_whose"),
            TenantKey("replaced_by", name="leads_spendentry_replaced_by_whose"),
            models.UniqueConstraint(
                fields=["workspace", "id"], name="leads_spendentry_whose"
            ),
            models.UniqueConstraint(
                fields=["campaign", "day", "kind", "source", "reference"],
                condition=Q(replaced_by__isnull=True) & ~Q(source="manual"),
                name="leads_spendentry_one_current",
            ),
            models.CheckConstraint(
                condition=Q(amount_paise__gte=0),
                name="leads_spendentry_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["ad", "message", "other"]),
                name="leads_spendentry_kind_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "campaign", "-day"], name="leads_spendentry_days"
            )
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} on {self.day}"

    @transaction.atomic
    def revise(
        self, amount_paise: int, by: Any = None, currency: str = ""
    ) -> "SpendEntry":
        """The entry that replaces this one. Raises Conflict if another did already."""
        locked = type(self).objects.select_for_update().get(pk=self.pk)
        if locked.replaced_by_id:
            raise Conflict("A later entry has replaced this one: change that.")
        currency = currency or locked.currency
        if (locked.amount_paise, locked.currency) == (amount_paise, currency):
            return locked
        new = type(self)(
            **{
                field.attname: getattr(locked, field.attname)
                for field in self._meta.concrete_fields
                if field.name not in ("id", "public_id", "created_at", "replaced_by")
            }
        )
        new.amount_paise, new.currency, new.by = amount_paise, currency, by
        # out of the way of the unique key first
        type(self).objects.filter(pk=self.pk).update(replaced_by=self.pk)
        new.save()
        type(self).objects.filter(pk=self.pk).update(replaced_by=new)
        return new
