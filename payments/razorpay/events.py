"""A webhook's body as one frozen event: its name, its time, the objects in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from payments.razorpay import entities
from payments.razorpay.entities import mapping, moment, text

KINDS: Mapping[str, type[entities.Entity]] = {
    "subscription": entities.Subscription,
    "payment": entities.Payment,
    "invoice": entities.Invoice,
    "order": entities.Order,
    "refund": entities.Refund,
    "dispute": entities.Dispute,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """What happened, with a snapshot of the objects at that moment, which may be old
    by the time it comes. Events of unknown name are read the same way."""

    name: str
    at: datetime | None
    account_id: str = ""
    subscription: entities.Subscription | None = None
    payment: entities.Payment | None = None
    invoice: entities.Invoice | None = None
    order: entities.Order | None = None
    refund: entities.Refund | None = None
    dispute: entities.Dispute | None = None


class NotAnEvent(ValueError):
    """Signed JSON that is no event of Razorpay's."""


def parse(document: Any) -> Event:
    """The event in a body; raises NotAnEvent.

    `contains` is not relied on: samples name less there than they carry. One has its
    `created_at` inside of `payload` (razorpay.com, "Subscriptions webhooks").
    """
    body = mapping(document)
    payload = mapping(body.get("payload"))
    name = text(body.get("event"))
    if not name:
        raise NotAnEvent("The body names no event.")
    found: dict[str, Any] = {}
    for key, kind in KINDS.items():
        entity = mapping(mapping(payload.get(key)).get("entity"))
        if entity.get("id"):
            found[key] = kind.of(entity)
    return Event(
        name=name,
        at=moment(body.get("created_at") or payload.get("created_at")),
        account_id=text(body.get("account_id")),
        **found,
    )
