"""Who pays: the billing details that invoices are made out to."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from payments import gst
from teams.tenancy import WorkspaceRow

PHONE = RegexValidator(
    re.compile(r"\A\+?[0-9]{8,15}\Z"), "Digits with the country's code, such as +9198…"
)


def is_gstin(value: str) -> None:
    """Refuse what cannot be a GSTIN: shape and check character."""
    if value and not gst.is_gstin(value):
        raise ValidationError(
            "This is no GSTIN: 15 characters that begin with the state's number and "
            "end with a check character."
        )


class Customer(WorkspaceRow):
    """A workspace's billing details. Each invoice keeps the copy of its day."""

    legal_name = models.CharField(max_length=120)
    email = models.EmailField("e-mail address", max_length=64)
    phone = models.CharField(max_length=16, blank=True, validators=[PHONE])
    address = models.CharField(max_length=300, blank=True)
    state = models.CharField(
        max_length=2,
        blank=True,
        choices=gst.STATES,
        help_text="The place of supply; with a GSTIN it is the GSTIN's.",
    )
    country = models.CharField(max_length=2, default="IN", help_text="ISO 3166")
    gstin = models.CharField("GSTIN", max_length=15, blank=True, validators=[is_gstin])
    razorpay_id = models.CharField("Razorpay id", max_length=40, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "billing details"
        verbose_name_plural = "billing details"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace"], name="payments_customer_one_per_workspace"
            )
        ]

    def __str__(self) -> str:
        return self.legal_name

    def clean(self) -> None:
        self.gstin = self.gstin.upper()
        if self.gstin:
            self.state = self.gstin[:2]
            if self.country != "IN":
                raise ValidationError({"country": "A GSTIN is of India."})
        elif self.country != "IN":
            self.state = ""
