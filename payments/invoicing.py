"""Our GST tax invoices and credit notes: one for each payment, one for each refund."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from payments import clock, gst
from payments.models import (
    CreditNote,
    Customer,
    Invoice,
    InvoiceLine,
    NumberSeries,
    Payment,
    Refund,
)
from payments.models.invoices import TaxDocument

INDIA = ZoneInfo("Asia/Kolkata")
DIGITS = 6
Parties = dict[str, Any]


def issue(payment: Payment) -> Invoice | None:
    """The invoice of a payment that came in, made once; None where none is due.

    Inside the transaction that settles the payment, which then holds the series: the
    next number is taken only when this one is stored.
    """
    if not payment.is_taken or payment.is_held:
        return None
    if payment.subscription_id and not payment.razorpay_invoice_id:
        return None  # the authorisation of a mandate
    if known := Invoice.objects.filter(payment=payment).first():
        return known
    recipient = recipient_of(payment)
    day = payment.made_at.astimezone(INDIA).date()
    parts = split(payment.amount_paise, recipient)
    invoice = Invoice.objects.create(
        payment=payment,
        period_start=payment.period_start,
        period_end=payment.period_end,
        **_numbered(settings.INVOICE_PREFIX, day),
        **_common(payment, recipient, parts),
    )
    subscription, order = payment.subscription, payment.order
    InvoiceLine.objects.create(
        workspace_id=payment.workspace_id,
        invoice=invoice,
        description=_description(payment),
        sac=settings.SELLER["sac"],
        quantity=subscription.quantity if subscription else 1,
        rate_percent=rate_for(recipient),
        taxable_paise=parts.taxable,
        total_paise=parts.total,
    )
    if subscription:
        subscription.note("money", f"Invoice {invoice.number}", "invoicing")
    elif order is None:
        raise ValueError(f"{payment} is for nothing")
    return invoice


def credit(refund: Refund) -> CreditNote | None:
    """The credit note of a refund that went through, made once; it splits as its
    invoice did. None when the payment never had an invoice."""
    if known := CreditNote.objects.filter(refund=refund).first():
        return known
    invoice = Invoice.objects.filter(payment=refund.payment_id).first()
    if invoice is None:
        return None
    parts = gst.split(
        refund.amount_paise,
        rate=invoice.lines.values_list("rate_percent", flat=True)[0],
        within_state=invoice.cgst_paise > 0,
    )
    day = clock.now().astimezone(INDIA).date()
    return CreditNote.objects.create(
        invoice=invoice,
        refund=refund,
        reason=refund.reason,
        supplier=invoice.supplier,
        recipient=invoice.recipient,
        place_of_supply=invoice.place_of_supply,
        **_numbered(settings.CREDIT_NOTE_PREFIX, max(day, invoice.issued_on)),
        **_amounts(refund.workspace_id, invoice.currency, parts),
    )


def recipient_of(payment: Payment) -> Parties:
    """The billing details as they are now; the workspace's name without any."""
    customer = Customer.objects.filter(workspace=payment.workspace_id).first()
    if customer is None:
        return {
            "name": payment.workspace.name,
            "address": "",
            "gstin": "",
            "state": "",
            "country": "IN",
            "email": "",
        }
    return {
        "name": customer.legal_name,
        "address": customer.address,
        "gstin": customer.gstin,
        "state": customer.state,
        "country": customer.country,
        "email": customer.email,
    }


def place_of(recipient: Parties) -> str:
    """The place of supply: the recipient's state; without an address on record the
    supplier's (IGST Act, section 12(2)); abroad none."""
    if recipient["country"] != "IN":
        return ""
    return recipient["state"] or settings.SELLER["state"]


def rate_for(recipient: Parties) -> int:
    """In whole percent: none without a GSTIN of ours, none abroad (under LUT)."""
    if not settings.SELLER["gstin"] or recipient["country"] != "IN":
        return 0
    return settings.SELLER["gst_percent"]


def split(total: int, recipient: Parties) -> gst.Split:
    """A price in paise into its taxable value and taxes, for this recipient."""
    return gst.split(
        total,
        rate=rate_for(recipient),
        within_state=place_of(recipient) == settings.SELLER["state"],
    )


def _common(payment: Payment, recipient: Parties, parts: gst.Split) -> dict[str, Any]:
    return {
        "supplier": dict(settings.SELLER),
        "recipient": recipient,
        "place_of_supply": place_of(recipient),
        **_amounts(payment.workspace_id, payment.currency, parts),
    }


def _amounts(workspace_id: int, currency: str, parts: gst.Split) -> dict[str, Any]:
    return {
        "workspace_id": workspace_id,
        "currency": currency,
        "taxable_paise": parts.taxable,
        "cgst_paise": parts.cgst,
        "sgst_paise": parts.sgst,
        "igst_paise": parts.igst,
        "total_paise": parts.total,
    }


def _numbered(prefix: str, day: date) -> dict[str, Any]:
    """The next number of the series: FX/26-27/000001, at most 16 characters."""
    year = gst.financial_year(day)
    serial = NumberSeries.take(prefix, year)
    number = f"{prefix}/{year}/{serial:0{DIGITS}}"
    length = TaxDocument._meta.get_field("number").max_length or 0
    if len(number) > length:
        raise ValueError(f"{number} is longer than {length} characters")
    return {"number": number, "year": year, "serial": serial, "issued_on": day}


def _description(payment: Payment) -> str:
    if payment.order:
        return payment.order.purpose
    assert payment.subscription is not None  # noqa: S101 (a CHECK says so)
    plan = payment.subscription.plan
    if payment.period_start and payment.period_end:
        span = f"{_day(payment.period_start)} to {_day(payment.period_end)}"
        return f"{plan.name}, {span}"
    return str(plan)


def _day(at: datetime) -> str:
    return f"{at.astimezone(INDIA):%d %b %Y}"
