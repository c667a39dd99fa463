"""The rows of payments."""

from payments.models.alarms import WebhookAlarm
from payments.models.customers import Customer
from payments.models.invoices import CreditNote, Invoice, InvoiceLine, NumberSeries
from payments.models.ledger import (
    Drift,
    Notice,
    RefusedWebhook,
    TimelineEntry,
    WebhookDelivery,
)
from payments.models.money import Order, Payment, Refund
from payments.models.plans import Plan
from payments.models.recurring import RevenueChange
from payments.models.subscriptions import Subscription

__all__ = [
    "CreditNote",
    "Customer",
    "Drift",
    "Invoice",
    "InvoiceLine",
    "Notice",
    "NumberSeries",
    "Order",
    "Payment",
    "Plan",
    "Refund",
    "RefusedWebhook",
    "RevenueChange",
    "Subscription",
    "TimelineEntry",
    "WebhookAlarm",
    "WebhookDelivery",
]
