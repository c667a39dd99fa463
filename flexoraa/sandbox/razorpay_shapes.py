"""Razorpay's objects and errors in their documented shapes (razorpay.com, "API")."""

import calendar
from datetime import UTC, datetime
from typing import Any

Entity = dict[str, Any]
TOKEN_PAISE = 500  # authorises a mandate that starts later, and goes back by itself


class ApiError(Exception):
    """What the API answers instead."""

    def __init__(
        self, description: str, status: int = 400, code: str = "BAD_REQUEST_ERROR"
    ) -> None:
        super().__init__(description)
        self.status = status
        self.body = {
            "error": {
                "code": code,
                "description": description,
                "source": "business",
                "step": "payment_initiation",
                "reason": "input_validation_failed",
                "metadata": {},
            }
        }


def plan(id: str, now: int, given: Entity) -> Entity:
    """A plan as it was asked for."""
    item = {
        "id": id.replace("plan_", "item_"),
        "active": True,
        "name": given["item"]["name"],
        "description": given["item"].get("description"),
        "amount": given["item"]["amount"],
        "unit_amount": given["item"]["amount"],
        "currency": given["item"]["currency"],
        "type": "plan",
        "unit": None,
        "tax_inclusive": False,
        "hsn_code": None,
        "sac_code": None,
        "tax_rate": None,
        "tax_id": None,
        "tax_group_id": None,
        "created_at": now,
        "updated_at": now,
    }
    return {
        "id": id,
        "entity": "plan",
        "interval": given["interval"],
        "period": given["period"],
        "item": item,
        "notes": given.get("notes") or [],
        "created_at": now,
    }


def subscription(id: str, now: int, given: Entity, url: str) -> Entity:
    """A subscription that waits for its mandate."""
    return {
        "id": id,
        "entity": "subscription",
        "plan_id": given["plan_id"],
        "customer_id": None,
        "status": "created",
        "current_start": None,
        "current_end": None,
        "ended_at": None,
        "quantity": given.get("quantity", 1),
        "notes": given.get("notes") or [],
        "charge_at": given.get("start_at"),
        "start_at": given.get("start_at"),
        "end_at": None,
        "auth_attempts": 0,
        "total_count": given["total_count"],
        "paid_count": 0,
        "customer_notify": bool(given.get("customer_notify", True)),
        "created_at": now,
        "expire_by": given.get("expire_by"),
        "short_url": f"{url}/i/{id}",
        "has_scheduled_changes": False,
        "change_scheduled_at": None,
        "source": "api",
        "offer_id": None,
        "remaining_count": given["total_count"],
        "payment_method": None,
    }


def payment(id: str, now: int, **fields: Any) -> Entity:
    """One attempt to pay."""
    return {
        "id": id,
        "entity": "payment",
        "amount": 0,
        "currency": "INR",
        "status": "created",
        "order_id": None,
        "invoice_id": None,
        "international": False,
        "method": "card",
        "amount_refunded": 0,
        "refund_status": None,
        "captured": False,
        "description": None,
        "card_id": None,
        "bank": None,
        "wallet": None,
        "vpa": None,
        "email": "payer@example.com",
        "contact": "+919000000000",
        "customer_id": None,
        "token_id": None,
        "notes": [],
        "fee": None,
        "tax": None,
        "error_code": None,
        "error_description": None,
        "error_source": None,
        "error_step": None,
        "error_reason": None,
        "acquirer_data": {},
        "created_at": now,
        **fields,
    }


def invoice(id: str, now: int, **fields: Any) -> Entity:
    """The record of a cycle."""
    return {
        "id": id,
        "entity": "invoice",
        "receipt": None,
        "invoice_number": None,
        "customer_id": None,
        "customer_details": {},
        "order_id": None,
        "subscription_id": None,
        "line_items": [],
        "payment_id": None,
        "status": "issued",
        "expire_by": None,
        "issued_at": now,
        "paid_at": None,
        "cancelled_at": None,
        "expired_at": None,
        "sms_status": None,
        "email_status": None,
        "date": now,
        "terms": None,
        "partial_payment": False,
        "gross_amount": fields.get("amount", 0),
        "tax_amount": 0,
        "taxable_amount": 0,
        "amount_paid": 0,
        "amount_due": fields.get("amount", 0),
        "currency": "INR",
        "description": None,
        "notes": [],
        "comment": None,
        "short_url": None,
        "view_less": True,
        "billing_start": None,
        "billing_end": None,
        "type": "invoice",
        "group_taxes_discounts": False,
        "created_at": now,
        "idempotency_key": None,
        **fields,
    }


def order(id: str, now: int, given: Entity) -> Entity:
    """An amount that is asked for once."""
    return {
        "id": id,
        "entity": "order",
        "amount": given["amount"],
        "amount_paid": 0,
        "amount_due": given["amount"],
        "currency": given["currency"],
        "receipt": given.get("receipt"),
        "offer_id": None,
        "status": "created",
        "attempts": 0,
        "notes": given.get("notes") or [],
        "created_at": now,
    }


def refund(id: str, now: int, of: Entity, amount: int, notes: Any) -> Entity:
    """Money on its way back."""
    return {
        "id": id,
        "entity": "refund",
        "amount": amount,
        "currency": of["currency"],
        "payment_id": of["id"],
        "notes": notes or [],
        "receipt": None,
        "acquirer_data": {"arn": None},
        "created_at": now,
        "batch_id": None,
        "status": "processed",
        "speed_processed": "normal",
        "speed_requested": "normal",
    }


def later(start: int, period: str, cycles: int) -> int:
    """The time so many months or years after, on the same day where there is one."""
    moment = datetime.fromtimestamp(start, UTC)
    months = moment.month - 1 + cycles * (12 if period == "yearly" else 1)
    year, month = moment.year + months // 12, months % 12 + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return int(moment.replace(year=year, month=month, day=day).timestamp())
