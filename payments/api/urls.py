"""Routes of payments inside a workspace."""

from django.urls import path

from payments.api.books import InvoiceViewSet, OrderViewSet, PaymentViewSet
from payments.api.viewsets import (
    BillingDetailsViewSet,
    PlanViewSet,
    SubscriptionViewSet,
)

app_name = "payments"
VERBS = ("subscribe", "verify", "cancel", "change", "pause", "resume")
urlpatterns = [
    path(
        "subscriptions/plans",
        PlanViewSet.as_view({"get": "list"}),
        name="plans",
    ),
    path(
        "subscriptions/current",
        SubscriptionViewSet.as_view({"get": "current"}),
        name="current",
    ),
    *(
        path(
            f"subscriptions/{verb}",
            SubscriptionViewSet.as_view({"post": verb}),
            name=verb,
        )
        for verb in VERBS
    ),
    path(
        "subscriptions/billing-details",
        BillingDetailsViewSet.as_view({"get": "retrieve", "put": "update"}),
        name="billing-details",
    ),
    path(
        "subscriptions/invoices",
        InvoiceViewSet.as_view({"get": "list"}),
        name="invoices",
    ),
    path(
        "subscriptions/invoices.csv",
        InvoiceViewSet.as_view({"get": "csv"}),
        name="invoices-csv",
    ),
    path(
        "subscriptions/invoices/<uuid:id>",
        InvoiceViewSet.as_view({"get": "retrieve"}),
        name="invoice",
    ),
    path(
        "subscriptions/invoices/<uuid:id>/pdf",
        InvoiceViewSet.as_view({"get": "pdf"}),
        name="invoice-pdf",
    ),
    path(
        "subscriptions/orders",
        OrderViewSet.as_view({"get": "list", "post": "create"}),
        name="orders",
    ),
    path(
        "subscriptions/orders/<uuid:id>",
        OrderViewSet.as_view({"get": "retrieve"}),
        name="order",
    ),
    path(
        "subscriptions/payments",
        PaymentViewSet.as_view({"get": "list"}),
        name="payments",
    ),
    path(
        "subscriptions/payments/<uuid:id>",
        PaymentViewSet.as_view({"get": "retrieve"}),
        name="payment",
    ),
    path(
        "subscriptions/payments/<uuid:id>/refund",
        PaymentViewSet.as_view({"post": "refund"}),
        name="refund",
    ),
]
