"""Invoices and credit notes as a table for the bookkeeper and the GST return."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from payments.models import CreditNote, Invoice

COLUMNS = (
    "kind number issued_on financial_year of_invoice recipient gstin place_of_supply "
    "sac taxable cgst sgst igst total currency period_start period_end payment"
).split()
AMOUNTS = ("taxable", "cgst", "sgst", "igst", "total")


def lines_of(
    invoices: QuerySet[Invoice], notes: QuerySet[CreditNote]
) -> Iterator[list[Any]]:
    """The headings, the invoices, then the credit notes with what they take back as
    negative amounts, so that a column's sum is what was sold. Amounts are in units of
    the currency with two places; periods are UTC."""
    yield COLUMNS
    rows = invoices.select_related("payment").order_by("id")
    for invoice in rows.iterator(chunk_size=1_000):
        payment = invoice.payment.razorpay_id
        span = [invoice.period_start, invoice.period_end]
        yield [*_line(invoice, "invoice", "", 1), *span, payment]
    found = notes.select_related("invoice__payment").order_by("id")
    for note in found.iterator(chunk_size=1_000):
        payment = note.invoice.payment.razorpay_id
        yield [
            *_line(note, "credit note", note.invoice.number, -1),
            note.invoice.period_start,
            note.invoice.period_end,
            payment,
        ]


def _line(document: Invoice | CreditNote, kind: str, of: str, sign: int) -> list[Any]:
    amounts = [getattr(document, f"{name}_paise") for name in AMOUNTS]
    return [
        kind,
        document.number,
        document.issued_on,
        document.year,
        of,
        document.recipient.get("name"),
        document.recipient.get("gstin"),
        document.place_of_supply,
        document.supplier.get("sac"),
        *(Decimal(sign * paise).scaleb(-2) for paise in amounts),
        document.currency,
    ]
