"""Accounts at an ad platform whose spend is fetched."""

from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now

from flexoraa.lib.crypto import SecretField
from teams import audit
from teams.tenancy import WorkspaceRow


class AdAccount(WorkspaceRow):
    """One of Meta's ad accounts, whose figures are fetched once a day. `unclaimed` are
    ads that cost something and are no campaign's: [{"ad_id", "name", "paise"}]."""

    external_id = models.CharField(
        "ad account ID",
        max_length=30,
        validators=[RegexValidator(r"^\d{5,30}\Z", "Digits only, without act_.")],
        help_text="The digits behind act_ in Meta's Ads Manager.",
    )
    token: Any = SecretField(
        "access token",
        blank=True,
        default="",
        help_text="With the permission ads_read. Kept encrypted and never shown again.",
    )
    name = models.CharField(max_length=120, blank=True, editable=False)
    currency = models.CharField(max_length=3, blank=True, editable=False)
    timezone = models.CharField(max_length=64, blank=True, editable=False)
    is_active = models.BooleanField("fetch daily", default=True)
    due_at = models.DateTimeField(db_default=Now(), editable=False)
    fetched_at = models.DateTimeField(null=True, editable=False)
    problem = models.CharField(max_length=200, blank=True, editable=False)
    unclaimed = models.JSONField(default=list, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "external_id"],
                name="leads_adaccount_one_per_id",
                violation_error_message="This ad account is connected already.",
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(is_active=True),
                name="leads_adaccount_due",
            )
        ]
        triggers = audit.tracked(
            "ad account", "external_id", "is_active", label="r.external_id"
        )

    def __str__(self) -> str:
        return self.name or f"act_{self.external_id}"
