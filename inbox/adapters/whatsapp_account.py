"""WhatsApp fields about an account and not a message: templates, bans, limits.

Source: developers.facebook.com, documentation/business-messaging/whatsapp,
webhooks/reference: account_update, message_template_status_update and neighbours.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from inbox.adapters.base import AccountUpdate, Event, TemplateUpdate
from inbox.adapters.meta import mapping, moment, string

TEMPLATES = ("message_template_", "template_")  # how such fields begin
PHONE_NUMBERS = "phone_number_"
ACCOUNTS = frozenset(
    {
        "account_alerts",
        "account_review_update",
        "account_settings_update",
        "account_update",
        "business_capability_update",
        "partner_solutions",
        "payment_configuration_update",
        "security",
    }
)
DISCONNECTED = {
    "ACCOUNT_DELETED": True,
    "ACCOUNT_OFFBOARDED": True,
    "PARTNER_APP_UNINSTALLED": True,
    "PARTNER_REMOVED": True,
    "ACCOUNT_RECONNECTED": False,
    "PARTNER_ADDED": False,
    "PARTNER_APP_INSTALLED": False,
}
BANS = {"DISABLE": True, "REINSTATE": False}  # SCHEDULE_FOR_DISABLE is a warning


def is_about_account(field: str) -> bool:
    """Whether a change of this field has no message in it."""
    return field in ACCOUNTS or field.startswith((*TEMPLATES, PHONE_NUMBERS))


def account_events(
    field: str, value: Mapping[str, Any], parent: str, at: datetime | None
) -> Iterator[Event]:
    """The one event of such a change.

    News for partners has the partner's portfolio as entry id; the WhatsApp Business
    Account that it is about stands in `waba_info`.
    """
    shared: dict[str, Any] = {
        "account": "",
        "parent": string(mapping(value.get("waba_info")).get("waba_id")) or parent,
        "at": moment(value.get("timestamp"), at),
        "kind": field,
        "payload": value,
        "event": _event(value),
    }
    if field.startswith(TEMPLATES):
        reason = string(value.get("reason"))
        yield TemplateUpdate(
            **shared,
            name=string(value.get("message_template_name")),
            language=string(value.get("message_template_language")).replace("-", "_"),
            reason="" if reason == "NONE" else reason,
        )
    else:
        gone = _disconnected(value) if field == "account_update" else None
        yield AccountUpdate(**shared, disconnected=gone)


def _event(value: Mapping[str, Any]) -> str:
    """The word that says what happened; every field has its own key for it."""
    return string(
        value.get("event")
        or value.get("decision")
        or value.get("new_quality_score")
        or value.get("new_category")
        or mapping(value.get("alert_info")).get("alert_type")
        or value.get("status")
        or value.get("type")
    )


def _disconnected(value: Mapping[str, Any]) -> bool | None:
    event = string(value.get("event"))
    if event == "DISABLED_UPDATE":
        return BANS.get(string(mapping(value.get("ban_info")).get("waba_ban_state")))
    return DISCONNECTED.get(event)
