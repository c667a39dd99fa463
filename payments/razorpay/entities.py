"""Razorpay's objects as frozen facts: integers are paise, times are aware UTC.

Read leniently: notes are `[]` when empty, `captured` is true or "1", keys come and go,
`end_at` passes 2038. What is missing is None, "" or 0, never an error.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

Body = Mapping[str, Any]
OURS = "flx_sub"  # the note that carries our id
LAST_SECOND = 253_402_300_799  # of the year 9999


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """What every object has."""

    id: str
    notes: Mapping[str, str] = field(default_factory=dict)
    created_at: datetime | None = None

    @classmethod
    def of(cls, body: Body) -> Self:
        """The object that this JSON says."""
        return cls(
            id=text(body.get("id")),
            notes=notes(body.get("notes")),
            # samples of customers have the key with a space behind it
            created_at=moment(body.get("created_at", body.get("created_at "))),
            **cls.read(body),
        )

    @classmethod
    def read(cls, body: Body) -> dict[str, Any]:
        """The fields of its own."""
        return {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan(Entity):
    """A price and how often it is asked for; never changed once made."""

    amount_paise: int
    currency: str
    period: str
    interval: int

    @classmethod
    def read(cls, body: Body) -> dict[str, Any]:
        item = mapping(body.get("item"))
        return {
            "amount_paise": whole(item.get("amount")),
            "currency": text(item.get("currency")),
            "period": text(body.get("period")),
            "interval": whole(body.get("interval")),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Customer(Entity):
    """Who pays."""

    email: str

    @classmethod
    def read(cls, body: Body) -> dict[str, Any]:
        return {"email": text(body.get("email"))}


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription(Entity):
    """A mandate and where its cycles stand."""

    plan_id: str
    status: str
    quantity: int
    total_count: int
    paid_count: int
    current_start: datetime | None
    current_end: datetime | None
    charge_at: datetime | None
    start_at: datetime | None
    end_at: datetime | None
    ended_at: datetime | None
    expire_by: datetime | None
    short_url: str
    payment_method: str

    @property
    def our_id(self) -> uuid.UUID | None:
        """The public id of the row that asked for it, from our note on it."""
        try:
            return uuid.UUID(self.notes.get(OURS, ""))
        except ValueError:
            return None

    @classmethod
    def read(cls, body: Body) -> dict[str, Any]:
        times = (
            "current_start current_end charge_at start_at end_at ended_at expire_by"
        ).split()
        return {name: moment(body.get(name)) for name in times} | {
            "plan_id": text(body.get("plan_id")),
            "status": text(body.get("status")),
            "quantity": whole(body.get("quantity")) or 1,
            "total_count": whole(body.get("total_count")),
            "paid_count": whole(body.get("paid_count")),
            "short_url": text(body.get("short_url")),
            "payment_method": text(body.get("payment_method")),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Payment(Entity):
    """One attempt to pay. It names no subscription: its invoice does."""

    amount_paise: int
    currency: str
    status: str
    order_id: str
    invoice_id: str
    method: str
    refunded_paise: int
    fee_paise: int
    fee_tax_paise: int
    error_code: str
    error_description: str

    @classmethod
    def read(cls, body: Body) -> dict[str, Any]:
        return {
            "amount_paise": whole(body.get("amount")),
            "currency": text(body.get("currency")),
            "status": text(body.get("status")),
            "order_id": text(body.get("order_id")),
            "invoice_id": text(body.get("invoice_id")),
            "method": text(body.get("method")),
            "refunded_paise": whole(body.get("amount_refunded")),
            "fee_paise": whole(body.get("fee")),
            "fee_tax_paise": whole(body.get("tax", body.get("service_tax"))),
            "error_code": text(body.get("error_code")),
            "error_description": text(body.get("error_description")),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Invoice(Entity):
    """Razorpay's record of a cycle; not a tax invoice (its FAQ on invoices, 1)."""

    subscription_id: str
    payment_id: str
    status: str
    amount_paise: int
    currency: str
    billing_start: datetime | None
    billing_end: datetime | None

    @classmethod
    def read(cls, body: Body) -> dict[str, Any]:
        return {
            "subscription_id": text(body.get("subscription_id")),
            "payment_id": text(body.get("payment_id")),
            "status": text(body.get("status")),
            "amount_paise": whole(body.get("amount")),
            "currency": text(body.get("currency")),
            "billing_start": moment(body.get("billing_start")),
            "billing_end": moment(body.get("billing_end")),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Order(Entity):
    """An amount that is asked for once."""

    amount_paise: int
    paid_paise: int
    currency: str
    receipt: str
    status: str

    @classmethod
    def read(cls, body: Body) -> dict[str, Any]:
        return {
            "amount_paise": whole(body.get("amount")),
            "paid_paise": whole(body.get("amount_paid")),
            "currency": text(body.get("currency")),
            "receipt": text(body.get("receipt")),
            "status": text(body.get("status")),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Refund(Entity):
    """Money on its way back. Old bodies have no status."""

    payment_id: str
    amount_paise: int
    currency: str
    status: str

    @classmethod
    def read(cls, body: Body) -> dict[str, Any]:
        return {
            "payment_id": text(body.get("payment_id")),
            "amount_paise": whole(body.get("amount")),
            "currency": text(body.get("currency")),
            "status": text(body.get("status")),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Dispute(Entity):
    """The payer's bank asks for the money back."""

    payment_id: str
    amount_paise: int
    status: str
    phase: str
    reason_code: str
    respond_by: datetime | None

    @classmethod
    def read(cls, body: Body) -> dict[str, Any]:
        return {
            "payment_id": text(body.get("payment_id")),
            "amount_paise": whole(body.get("amount")),
            "status": text(body.get("status")),
            "phase": text(body.get("phase")),
            "reason_code": text(body.get("reason_code")),
            "respond_by": moment(body.get("respond_by")),
        }


def text(value: Any) -> str:
    """A string as it is; anything else that stands for one as one."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def whole(value: Any) -> int:
    """An integer, also out of a string; 0 for what is none."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.lstrip("-").isascii():
        return int(value) if value.lstrip("-").isdigit() and len(value) < 19 else 0
    return int(value) if isinstance(value, float) and value.is_integer() else 0


def moment(value: Any) -> datetime | None:
    """Unix seconds as a time in UTC; None for null, 0 and what is no time."""
    seconds = whole(value)
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds <= LAST_SECOND else None


def notes(value: Any) -> dict[str, str]:
    """Our pairs; Razorpay sends `[]` for none."""
    return {str(key): text(item) for key, item in mapping(value).items()}


def mapping(value: Any) -> Body:
    """An object, or an empty one for what is none."""
    return value if isinstance(value, Mapping) else {}
