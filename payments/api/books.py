"""Invoices, payments, refunds and orders: what was paid, and for what."""

from typing import Any

import django_filters
from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import renderers, status
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from flexoraa.lib import spreadsheets
from flexoraa.lib.rows import Child, Lists, ReadsRows
from payments import bookkeeping, clock, offering, ordering, paper
from payments.api import serializers
from payments.models import CreditNote, Invoice, InvoiceLine, Order, Payment, Refund
from teams.api.idempotency import idempotent
from teams.api.scoping import WorkspaceScoped
from teams.roles import Action


class InvoiceFilter(django_filters.FilterSet):
    """By day of issue, both ends included, and by financial year such as 26-27."""

    issued_from = django_filters.DateFilter("issued_on", "gte")
    issued_to = django_filters.DateFilter("issued_on", "lte")
    year = django_filters.CharFilter()


class PaymentFilter(django_filters.FilterSet):
    """By state, and those that wait for a person."""

    class Meta:
        model = Payment
        fields = ("status", "is_held")


class PdfRenderer(renderers.BaseRenderer):
    """What the route of a paper can answer."""

    media_type = "application/pdf"
    format = "pdf"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        return data


def _lines_of(invoices: Any) -> dict[str, Child]:
    rows = InvoiceLine.objects.filter(invoice__in=invoices).order_by("id")
    return {"lines": Child(rows, serializers.InvoiceLineSerializer, "invoice")}


class InvoiceViewSet(WorkspaceScoped, ReadsRows, GenericViewSet):
    """Our tax invoices, the newest first."""

    queryset = Invoice.objects.all()
    serializer_class = serializers.InvoiceSerializer
    filterset_class = InvoiceFilter
    ordering = "-id"
    actions = {
        "list": Action.READ_BILLING,
        "retrieve": Action.READ_BILLING,
        "pdf": Action.READ_BILLING,
        "csv": Action.READ_BILLING,
    }
    again = ("csv",)
    lists = Lists(_lines_of)

    @extend_schema(
        responses={
            (200, "application/pdf"): OpenApiResponse(
                OpenApiTypes.BINARY, description="The paper."
            )
        }
    )
    def pdf(self, request: Any, **kwargs: Any) -> HttpResponse:
        """The invoice as a PDF."""
        invoice = self.get_object()
        name = invoice.number.replace("/", "-")
        return HttpResponse(
            paper.of_invoice(invoice),
            content_type="application/pdf",
            headers={
                "Content-Disposition": f'inline; filename="{name}.pdf"',
                "X-Content-Type-Options": "nosniff",
            },
        )

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    def csv(self, request: Any, **kwargs: Any) -> StreamingHttpResponse:
        """Invoices, then credit notes with negative amounts, under the filters of the
        list: for the books and the GST return."""
        notes = CreditNote.objects.for_workspace(self.workspace)
        found = bookkeeping.lines_of(
            self.filter_queryset(self.get_queryset()), self.filter_queryset(notes)
        )
        name = f"invoices-{self.workspace.slug}.csv"
        return spreadsheets.download(found, name)


def _refunds_of(payments: Any) -> dict[str, Child]:
    rows = Refund.objects.filter(payment__in=payments).order_by("id")
    return {"refunds": Child(rows, serializers.RefundSerializer, "payment")}


class PaymentViewSet(WorkspaceScoped, ReadsRows, GenericViewSet):
    """Every attempt to pay, the newest first."""

    queryset = Payment.objects.all()
    serializer_class = serializers.PaymentSerializer
    filterset_class = PaymentFilter
    ordering = "-id"
    actions = {
        "list": Action.READ_BILLING,
        "retrieve": Action.READ_BILLING,
        "refund": Action.MANAGE_BILLING,
    }
    lists = Lists(_refunds_of)

    @extend_schema(
        request=serializers.NewRefundSerializer,
        responses={201: serializers.RefundSerializer},
    )
    @idempotent()
    def refund(self, request: Any, **kwargs: Any) -> Response:
        """Send money back: decided on here, sent by the worker."""
        given = serializers.NewRefundSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        payment = self.get_object()
        with transaction.atomic():
            refund = payment.ask_back(
                given.validated_data.get("amount_paise", payment.refundable_paise),
                reason=given.validated_data["reason"],
                actor=request.user,
                at=clock.now(),
            )
        answer = serializers.RefundSerializer(refund).data
        return Response(answer, status.HTTP_201_CREATED)


class OrderViewSet(WorkspaceScoped, ReadsRows, GenericViewSet):
    """One-time payments, the newest first."""

    queryset = Order.objects.all()
    serializer_class = serializers.OrderSerializer
    ordering = "-id"
    actions = {
        "list": Action.READ_BILLING,
        "retrieve": Action.READ_BILLING,
        "create": Action.MANAGE_BILLING,
    }

    @extend_schema(
        request=serializers.OrderSerializer,
        responses={201: serializers.OrderedSerializer},
    )
    @idempotent(atomic=False)
    def create(self, request: Any, **kwargs: Any) -> Response:
        """An order to be paid in checkout."""
        given = serializers.OrderSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        order = ordering.create(
            self.workspace, **given.validated_data, actor=request.user
        )
        found = {"order": order, "checkout": offering.checkout(order, request.user)}
        answer = serializers.OrderedSerializer(found).data
        return Response(answer, status.HTTP_201_CREATED)
