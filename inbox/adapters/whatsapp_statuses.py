"""How far WhatsApp messages of ours have come, why they failed and what they cost.

Source: developers.facebook.com, documentation/business-messaging/whatsapp,
webhooks/reference/messages/status.
"""

from collections.abc import Mapping
from typing import Any

from inbox.adapters.base import Event, Noted, Status, StatusUpdate
from inbox.adapters.meta import listed, mapping, string
from inbox.adapters.whatsapp_people import People

STATUSES = {
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.READ,
    "played": Status.PLAYED,
    "failed": Status.FAILED,
}
PAST_STATUSES = {
    "SENT": Status.SENT,
    "DELIVERED": Status.DELIVERED,
    "READ": Status.READ,
    "PLAYED": Status.PLAYED,
    "ERROR": Status.FAILED,
}


def status_event(item: Mapping[str, Any], people: People, **shared: Any) -> Event:
    """One of `statuses`; calls and payments come there too, and words yet unknown."""
    word, about = string(item.get("status")), string(item.get("type"))
    ids = item.get("recipient_user_id"), item.get("recipient_id")
    is_group = item.get("recipient_type") == "group"
    person = None if is_group else people.person(*ids)
    if about not in ("", "message") or word not in STATUSES:
        kind = f"{about}_status" if about else f"status:{word}"
        return Noted(**shared, kind=kind[:100], payload=item, person=person)
    return StatusUpdate(
        **shared,
        external_id=string(item["id"]),
        status=STATUSES[word],
        person=person,
        ref=string(item.get("biz_opaque_callback_data")),
        errors=errors(item.get("errors")),
        pricing=_pricing(item),
    )


def past_status(item: Mapping[str, Any]) -> Status | None:
    """What had become of a message of ours in the history."""
    context = mapping(item.get("history_context"))
    return PAST_STATUSES.get(string(context.get("status")))


def errors(value: Any) -> tuple[Mapping[str, Any], ...]:
    """Meta's error objects, as a status or a message has them."""
    if not value:
        return ()
    return tuple(error for error in listed(value) if isinstance(error, dict))


def _pricing(item: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The price, and until version 24 the conversation that it was counted in."""
    pricing = mapping(item.get("pricing"))
    if conversation := mapping(item.get("conversation")):
        told = {
            "conversation_id": conversation.get("id"),
            "origin": mapping(conversation.get("origin")).get("type"),
            "expiration_timestamp": conversation.get("expiration_timestamp"),
        }
        pricing = {**pricing, **{key: told[key] for key in told if told[key]}}
    return pricing or None
