"""Payments with their refunds, invoices and credit notes with their papers."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import path, reverse
from django.utils.html import format_html
from unfold.decorators import display

from flexoraa.lib import spreadsheets
from flexoraa.lib.errors import Conflict
from payments import bookkeeping, clock, paper, settlement
from payments.admin.base import STATES, page, rupees
from payments.models import CreditNote, Customer, Invoice, Order, Payment
from teams.back_office import ReadOnly
from teams.roles import Action

LOOK = {"view": Action.READ_BILLING}


@admin.register(Payment)
class PaymentAdmin(ReadOnly):
    """What came in. Refunds ask twice; releasing a held one is for platform staff."""

    asks = LOOK | {"refund": Action.MANAGE_BILLING}
    list_display = ("razorpay_id", "workspace", "amount", "state", "method", "made_at")
    list_filter = ("status", "is_held", "workspace")
    list_select_related = ("workspace", "invoice")
    search_fields = ("razorpay_id__exact", "razorpay_invoice_id__exact")
    search_help_text = "A Razorpay id: pay_… or inv_…"
    hint = "Payments are listed here as soon as Razorpay tells of them."

    @display(description="Amount")
    def amount(self, payment: Payment) -> str:
        return rupees(payment.amount_paise, payment.currency)

    @display(description="State", label=STATES | {"held": "danger"})
    def state(self, payment: Payment) -> tuple[str, str]:
        if payment.is_held and payment.is_taken:
            return "held", "Held"
        return payment.status, payment.get_status_display()

    def get_urls(self) -> list:
        view = self.admin_site.admin_view
        mine = [
            path("<int:pk>/refund/", view(self.refund), name="payments_refund"),
            path("<int:pk>/release/", view(self.release), name="payments_release"),
        ]
        return mine + super().get_urls()

    def change_view(self, request: HttpRequest, object_id: str, **kwargs: Any) -> Any:
        payment = self.get_object(request, object_id)
        if payment is None:
            return super().change_view(request, object_id, **kwargs)
        if not self.has_view_permission(request, payment):
            raise PermissionDenied
        refunds = payment.refunds.select_related("requested_by", "credit_note")
        return page(
            self,
            request,
            "payment",
            f"Payment {payment.razorpay_id}",
            payment=payment,
            invoice=Invoice.objects.filter(payment=payment).first(),
            refunds=refunds.order_by("-id"),
            may_refund=payment.refundable_paise > 0
            and self.may(request, "refund", payment),
            may_release=payment.is_held and self.may(request, "release", payment),
        )

    def refund(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How much, why, and are you sure."""
        payment = self.get_or_404(request, pk, "refund")
        left, error = payment.refundable_paise, ""
        given = request.POST.get("amount", f"{left / 100:.2f}")
        reason = request.POST.get("reason", "")
        paise = paise_of(given)
        if request.method == "POST" and paise is None:
            error = "Write the amount in rupees, such as 499 or 499.50."
        elif request.method == "POST" and "confirmed" in request.POST:
            try:
                with transaction.atomic():
                    payment.ask_back(
                        paise, reason=reason, actor=request.user, at=clock.now()
                    )
            except Conflict as refusal:
                error = str(refusal.detail)
            else:
                messages.success(request, "The refund is on its way to Razorpay.")
                return self._back(pk)
        is_asking = request.method == "POST" and not error
        return page(
            self,
            request,
            "refund",
            f"Refund {payment.razorpay_id}",
            payment=payment,
            amount=given,
            reason=reason,
            error=error,
            paise=paise or 0,
            is_asking=is_asking,
        )

    def release(self, request: HttpRequest, pk: int) -> HttpResponse:
        """It is right after all: it counts, and has an invoice."""
        payment = self.get_or_404(request, pk, "release")
        if request.method == "POST":
            settlement.release(payment, request.user)
            messages.success(request, "The payment counts now.")
        return self._back(pk)

    def _back(self, pk: int) -> HttpResponse:
        url = reverse("admin:payments_payment_change", args=[pk])
        return HttpResponseRedirect(url)


class PaperAdmin(ReadOnly):
    """Documents: a list, and each as its PDF."""

    asks = LOOK
    list_display = ("number", "workspace", "issued_on", "total", "tax", "pdf_link")
    list_filter = ("year", "workspace")
    list_select_related = ("workspace",)
    search_fields = ("number",)
    actions = ("as_csv",)

    @admin.action(description="Download as CSV", permissions=["view"])
    def as_csv(self, request: HttpRequest, rows: QuerySet) -> StreamingHttpResponse:
        """For the books and the GST return; credit notes have negative amounts."""
        is_invoices = self.model is Invoice
        lines = bookkeeping.lines_of(
            rows if is_invoices else Invoice.objects.none(),
            CreditNote.objects.none() if is_invoices else rows,
        )
        return spreadsheets.download(lines, f"{self.opts.model_name}s.csv")

    @display(description="Total")
    def total(self, document: Any) -> str:
        return rupees(document.total_paise, document.currency)

    @display(description="Tax")
    def tax(self, document: Any) -> str:
        return rupees(document.tax_paise, document.currency)

    @display(description="Paper")
    def pdf_link(self, document: Any) -> str:
        url = reverse(f"admin:{self._route}", args=[document.pk])
        return format_html('<a class="fx-link" href="{}" target="_blank">PDF</a>', url)

    @property
    def _route(self) -> str:
        return f"payments_{self.opts.model_name}_pdf"

    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.pdf)
        return [path("<int:pk>/pdf/", view, name=self._route), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, **kwargs: Any) -> Any:
        """The paper says it all."""
        found = self.get_object(request, object_id)
        if found is None:
            return super().change_view(request, object_id, **kwargs)
        return self.pdf(request, found.pk)

    def pdf(self, request: HttpRequest, pk: int) -> HttpResponse:
        document = self.get_or_404(request, pk, "view")
        name = document.number.replace("/", "-")
        return HttpResponse(
            self.drawn(document),
            content_type="application/pdf",
            headers={"Content-Disposition": f'inline; filename="{name}.pdf"'},
        )

    def drawn(self, document: Any) -> bytes:
        """The bytes of the paper."""
        raise NotImplementedError


@admin.register(Invoice)
class InvoiceAdmin(PaperAdmin):
    """Tax invoices of ours."""

    hint = "Each payment that comes in gets its invoice here."

    def drawn(self, document: Invoice) -> bytes:
        return paper.of_invoice(document)


@admin.register(CreditNote)
class CreditNoteAdmin(PaperAdmin):
    """What takes invoices back."""

    hint = "Each refund that goes through gets its credit note here."

    def drawn(self, document: CreditNote) -> bytes:
        return paper.of_credit_note(document)


@admin.register(Order)
class OrderAdmin(ReadOnly):
    """One-time payments."""

    asks = LOOK
    list_display = ("purpose", "workspace", "amount", "status", "razorpay_id")
    list_filter = ("status", "workspace")
    list_select_related = ("workspace",)
    hint = "Nobody was asked for a one-time payment yet."

    @display(description="Amount")
    def amount(self, order: Order) -> str:
        return rupees(order.amount_paise, order.currency)


@admin.register(Customer)
class CustomerAdmin(ReadOnly):
    """Billing details; edited on the billing page."""

    asks = LOOK
    list_display = ("legal_name", "workspace", "email", "gstin", "state")
    list_filter = ("workspace",)
    list_select_related = ("workspace",)
    search_fields = ("legal_name", "gstin__exact")
    hint = "Billing details are entered on a workspace's billing page."


def paise_of(text: str) -> int | None:
    """Rupees as somebody types them, in paise; None for what is no amount."""
    try:
        paise = Decimal(text.replace(",", "").replace("₹", "").strip()) * 100
    except InvalidOperation:
        return None
    is_whole = paise.is_finite() and paise == paise.to_integral_value()
    return int(paise) if is_whole and 0 < paise < 10**15 else None
