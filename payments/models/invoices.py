"""Tax invoices and credit notes of ours, numbered without gaps.

They are copies of their day: nothing on them follows later changes.
"""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from flexoraa.lib import sets
from payments.models.money import Payment, Refund
from teams.tenancy import WorkspaceRow
from teams.tenant_keys import TenantKey


class NumberSeries(models.Model):
    """The last number of a kind of document in a financial year."""

    kind = models.CharField(max_length=3)
    year = models.CharField("financial year", max_length=5)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "number series"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "year"], name="payments_numberseries_one"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.year}: {self.last}"

    @classmethod
    def take(cls, kind: str, year: str) -> int:
        """The next number. The row is locked until the transaction ends, which either
        stores the document or gives the number back: no gaps."""
        return sets.fetch(
            "INSERT INTO payments_numberseries AS s (kind, year, last) "
            "VALUES (%s, %s, 1) ON CONFLICT (kind, year) "
            "DO UPDATE SET last = s.last + 1 RETURNING last",
            [kind, year],
        )[0][0]


class TaxDocument(WorkspaceRow):
    """What invoices and credit notes share. Amounts are paise; the parts add up."""

    number = models.CharField(max_length=16, unique=True)
    year = models.CharField("financial year", max_length=5)
    serial = models.PositiveIntegerField()
    issued_on = models.DateField()
    supplier = models.JSONField()
    recipient = models.JSONField()
    place_of_supply = models.CharField(max_length=2, blank=True)
    currency = models.CharField(max_length=3)
    taxable_paise = models.BigIntegerField()
    cgst_paise = models.BigIntegerField()
    sgst_paise = models.BigIntegerField()
    igst_paise = models.BigIntegerField()
    total_paise = models.BigIntegerField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        abstract = True
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    total_paise=F("taxable_paise")
                    + F("cgst_paise")
                    + F("sgst_paise")
                    + F("igst_paise")
                ),
                name="%(app_label)s_%(class)s_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(cgst_paise=F("sgst_paise"))
                & (Q(igst_paise=0) | Q(cgst_paise=0)),
                name="%(app_label)s_%(class)s_one_kind_of_tax",
            ),
            models.UniqueConstraint(
                fields=["year", "serial"], name="%(app_label)s_%(class)s_no_doubles"
            ),
            models.UniqueConstraint(
                fields=["workspace", "id"], name="%(app_label)s_%(class)s_whose"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def tax_paise(self) -> int:
        return self.cgst_paise + self.sgst_paise + self.igst_paise


class Invoice(TaxDocument):
    """The tax invoice of one payment."""

    payment = models.OneToOneField(
        Payment, on_delete=models.PROTECT, related_name="invoice"
    )
    period_start = models.DateTimeField(null=True, blank=True)
    period_end = models.DateTimeField(null=True, blank=True)

    class Meta(TaxDocument.Meta):
        abstract = False
        constraints = [
            *TaxDocument.Meta.constraints,
            TenantKey("payment", name="payments_invoice_payment_whose"),
        ]


class InvoiceLine(WorkspaceRow):
    """What was sold."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    description = models.CharField(max_length=200)
    sac = models.CharField("SAC", max_length=8)
    quantity = models.PositiveIntegerField(default=1)
    rate_percent = models.PositiveSmallIntegerField()
    taxable_paise = models.BigIntegerField()
    total_paise = models.BigIntegerField()

    class Meta:
        constraints = [
            TenantKey("invoice", name="payments_invoiceline_invoice_whose"),
        ]
        ordering = ("id",)
        indexes = [models.Index(fields=["invoice"], name="payments_invoiceline_of")]

    def __str__(self) -> str:
        return self.description


class CreditNote(TaxDocument):
    """What takes back a part of an invoice, for one refund."""

    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="credit_notes"
    )
    refund = models.OneToOneField(
        Refund, on_delete=models.PROTECT, related_name="credit_note"
    )
    reason = models.CharField(max_length=200, blank=True)

    class Meta(TaxDocument.Meta):
        abstract = False
        constraints = [
            *TaxDocument.Meta.constraints,
            TenantKey("invoice", name="payments_creditnote_invoice_whose"),
            TenantKey("refund", name="payments_creditnote_refund_whose"),
        ]
