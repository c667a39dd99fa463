"""Invoices and credit notes as PDF: one page of A4, the same for the same row.

The font comes with the code, since PDF's own have no ₹. It has no Indian scripts:
names in those would need shaping, which reportlab does not do.
"""

import io
from functools import cache
from pathlib import Path
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, Table

from payments import gst
from payments.models import CreditNote, Invoice
from payments.models.invoices import TaxDocument

FONTS = Path(__file__).parent / "fonts"
REGULAR, BOLD = "DejaVuSans", "DejaVuSans-Bold"
INK, SOFT, LINE, TINT = map(HexColor, ("#18181b", "#71717a", "#e4e4e7", "#f4f4f5"))
LEFT, RIGHT, TOP = 48.0, A4[0] - 48.0, A4[1] - 56.0
WIDTH = RIGHT - LEFT
SIGNS = {"INR": "₹"}
ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen "
    "fourteen fifteen sixteen seventeen eighteen nineteen"
).split()
TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()
SCALES = ((10**7, "crore"), (10**5, "lakh"), (1000, "thousand"), (100, "hundred"))


def of_invoice(invoice: Invoice) -> bytes:
    """The invoice as a PDF."""
    sold = list(invoice.lines.all())
    lines = [
        [
            line.description,
            line.sac,
            str(line.quantity),
            f"{line.rate_percent} %",
            money(line.taxable_paise, invoice.currency),
        ]
        for line in sold
    ]
    is_taxed = invoice.tax_paise > 0
    facts = [("Invoice number", invoice.number), ("Date", _day(invoice.issued_on))]
    facts += [("Payment", invoice.payment.razorpay_id)]
    title = "Tax invoice" if is_taxed else "Invoice"
    return _page(title, invoice, facts, lines, sold[0].rate_percent)


def of_credit_note(note: CreditNote) -> bytes:
    """The credit note as a PDF."""
    facts = [
        ("Credit note number", note.number),
        ("Date", _day(note.issued_on)),
        ("For invoice", f"{note.invoice.number} of {_day(note.invoice.issued_on)}"),
    ]
    rate = note.invoice.lines.all()[0].rate_percent
    said = note.reason or "Refund"
    taxable = money(note.taxable_paise, note.currency)
    lines = [[said, note.supplier["sac"], "1", f"{rate} %", taxable]]
    return _page("Credit note", note, facts, lines, rate)


def money(paise: int, currency: str) -> str:
    """₹12,34,567.89: grouped as in India."""
    rupees, rest = divmod(abs(paise), 100)
    digits = str(rupees)
    head, tail = digits[:-3], digits[-3:]
    groups = []
    while head:
        groups.append(head[-2:])
        head = head[:-2]
    whole = ",".join([*reversed(groups), tail])
    sign = SIGNS.get(currency, f"{currency} ")
    return f"{'-' if paise < 0 else ''}{sign}{whole}.{rest:02}"


def in_words(paise: int) -> str:
    """Rupees and paise in words, with lakh and crore."""
    rupees, rest = divmod(paise, 100)
    words = f"{_words(rupees)} rupee{'' if rupees == 1 else 's'}"
    if rest:
        words += f" and {_words(rest)} paise"
    return f"{words[0].upper()}{words[1:]} only"


def _words(number: int) -> str:
    for size, name in SCALES:
        if number >= size:
            rest = f" {_words(number % size)}" if number % size else ""
            return f"{_words(number // size)} {name}{rest}"
    if number < 20:
        return ONES[number]
    return TENS[number // 10] + (f"-{ONES[number % 10]}" if number % 10 else "")


@cache
def _fonts() -> None:
    """Made known to reportlab once in a process."""
    for name in (REGULAR, BOLD):
        pdfmetrics.registerFont(TTFont(name, FONTS / f"{name}.ttf"))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD)


def _page(
    title: str,
    document: TaxDocument,
    facts: list[tuple[str, str]],
    lines: list[list[str]],
    rate: int,
) -> bytes:
    _fonts()
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True)
    canvas.setTitle(f"{title} {document.number}")
    canvas.setAuthor(document.supplier["name"])
    canvas.setFillColor(INK)
    canvas.setFont(BOLD, 22)
    canvas.drawString(LEFT, TOP - 16, title)
    y = _facts(canvas, facts, TOP - 2)
    y = min(y, TOP - 48) - 18
    below = [
        _party(canvas, "From", document.supplier, LEFT, y),
        _party(canvas, "To", document.recipient, LEFT + WIDTH / 2, y),
    ]
    y = _lines(canvas, lines, min(below) - 20)
    y = _totals(canvas, document, rate, y - 12)
    _words_and_foot(canvas, document, y - 24)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _facts(canvas: Canvas, facts: list[tuple[str, str]], y: float) -> float:
    """Number, date and the like, at the right."""
    for label, value in facts:
        canvas.setFillColor(SOFT)
        canvas.setFont(REGULAR, 8)
        canvas.drawRightString(RIGHT - 150, y, label)
        canvas.setFillColor(INK)
        canvas.setFont(BOLD, 9)
        canvas.drawRightString(RIGHT, y, value)
        y -= 15
    return y


def _party(
    canvas: Canvas, label: str, party: dict[str, Any], x: float, y: float
) -> float:
    state = party.get("state") or ""
    told = [f"<b>{_safe(party['name'])}</b>", _safe(party.get("address") or "")]
    if party.get("gstin"):
        told.append(f"GSTIN {_safe(party['gstin'])}")
    if state:
        told.append(f"{_safe(gst.STATE_NAMES.get(state, ''))} ({_safe(state)})")
    elif party.get("country", "IN") != "IN":
        told.append(_safe(party["country"]))
    told.append(_safe(party.get("email") or ""))
    canvas.setFillColor(SOFT)
    canvas.setFont(REGULAR, 8)
    canvas.drawString(x, y, label.upper())
    style = ParagraphStyle(label, fontName=REGULAR, fontSize=9.5, leading=14)
    text = Paragraph("<br/>".join(filter(None, told)), style)
    _, height = text.wrap(WIDTH / 2 - 24, 200)
    text.drawOn(canvas, x, y - 6 - height)
    return y - 6 - height


def _lines(canvas: Canvas, lines: list[list[str]], y: float) -> float:
    head = ["Description", "SAC", "Quantity", "Tax", "Taxable value"]
    style = ParagraphStyle("line", fontName=REGULAR, fontSize=9.5, leading=13)
    body = [[Paragraph(_safe(line[0]), style), *line[1:]] for line in lines]
    table = Table(
        [head, *body],
        colWidths=[WIDTH - 290, 60, 60, 50, 120],
        style=[
            ("FONT", (0, 0), (-1, 0), BOLD, 8.5),
            ("FONT", (0, 1), (-1, -1), REGULAR, 9.5),
            ("TEXTCOLOR", (0, 0), (-1, -1), INK),
            ("BACKGROUND", (0, 0), (-1, 0), TINT),
            ("LINEBELOW", (0, 1), (-1, -1), 0.6, LINE),
            ("ALIGN", (2, 0), (-1, -1), "RIGHT"),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("TOPPADDING", (0, 0), (-1, -1), 8),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 8),
        ],
    )
    _, height = table.wrap(WIDTH, 400)
    table.drawOn(canvas, LEFT, y - height)
    return y - height


def _totals(canvas: Canvas, document: TaxDocument, rate: int, y: float) -> float:
    """The parts, and what they add up to."""
    parts = [("Taxable value", document.taxable_paise)]
    if document.igst_paise:
        parts.append((f"IGST {rate} %", document.igst_paise))
    if document.cgst_paise:
        parts += [
            (f"CGST {rate / 2:g} %", document.cgst_paise),
            (f"SGST {rate / 2:g} %", document.sgst_paise),
        ]
    for label, paise in parts:
        y -= 16
        canvas.setFillColor(SOFT)
        canvas.setFont(REGULAR, 9.5)
        canvas.drawRightString(RIGHT - 130, y, label)
        canvas.setFillColor(INK)
        canvas.drawRightString(RIGHT - 6, y, money(paise, document.currency))
    y -= 30
    canvas.setFillColor(TINT)
    canvas.roundRect(RIGHT - 260, y - 8, 260, 26, 4, stroke=0, fill=1)
    canvas.setFillColor(INK)
    canvas.setFont(BOLD, 11)
    canvas.drawRightString(RIGHT - 130, y, "Total")
    total = money(document.total_paise, document.currency)
    canvas.drawRightString(RIGHT - 6, y, total)
    return y


def _words_and_foot(canvas: Canvas, document: TaxDocument, y: float) -> None:
    place = document.place_of_supply
    told = [f"<b>Amount in words</b>  {in_words(document.total_paise)}"]
    if place:
        told.append(f"<b>Place of supply</b>  {gst.STATE_NAMES[place]} ({place})")
    elif document.supplier["gstin"]:
        told.append("Supply meant for export under LUT without payment of IGST")
    told.append("<b>Tax payable on reverse charge</b>  No")
    style = ParagraphStyle("foot", fontName=REGULAR, fontSize=9, leading=15)
    text = Paragraph("<br/>".join(told), style)
    _, height = text.wrap(WIDTH, 200)
    text.drawOn(canvas, LEFT, y - height)
    canvas.setFillColor(SOFT)
    canvas.setFont(REGULAR, 8)
    canvas.drawString(LEFT, 48, "Issued electronically; valid without a signature.")
    canvas.drawRightString(RIGHT, 48, document.number)


def _safe(text: str) -> str:
    """As the text of a Paragraph, which reads markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _day(day: Any) -> str:
    return f"{day.day} {day:%B %Y}"
