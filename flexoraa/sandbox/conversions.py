"""The stand-in's Conversions API for business messaging: `POST /{dataset}/events`.

Takes what Meta takes and refuses what it refuses (docs/marketing-api/conversions-api/
business-messaging): the names of messaging alone, nothing older than seven days, a
person named as the channel does. A repeat of an event's id is answered like the first
and counted once.
"""

from typing import Any

from flexoraa.sandbox.graph_errors import GraphError, trace_id
from flexoraa.sandbox.meta import Meta, now
from flexoraa.sandbox.outgoing import Parameters

NAMES = set(
    "AddToCart CartAbandoned InitiateCheckout LeadSubmitted OrderCanceled OrderCreated "
    "OrderDelivered OrderReturned OrderShipped Purchase QualifiedLead RatingProvided "
    "ReviewProvided ViewContent".split()
)
WRONG_NAME, TOO_OLD, NOBODY = 2804066, 2804003, 2804008  # subcodes of 100
OLDEST = 7 * 86_400  # seconds
PEOPLE = {
    "whatsapp": ("whatsapp_business_account_id", "ctwa_clid"),
    "messenger": ("page_id", "page_scoped_user_id"),
    "instagram": ("instagram_business_account_id", "ig_sid"),
}


def accept(meta: Meta, dataset: str, given: Parameters) -> dict[str, Any]:
    """All events of a call or none; raises GraphError."""
    events = given.get("data")
    if not isinstance(events, list) or not 0 < len(events) <= 1_000:
        raise GraphError(100, "Param data must be a list of 1 to 1,000 events")
    for event in events:
        _check(event)
    for event in events:
        known = meta.datasets[dataset]
        known.setdefault((event["event_name"], event["event_id"]), event)
        meta.ledger.record(
            channel=event["messaging_channel"],
            account=dataset,
            kind=event["event_name"],
            ref=event["event_id"],
            body=event,
        )
    return {
        "events_received": len(events),
        "messages": [],
        "fbtrace_id": trace_id(),
    }


def _check(event: Any) -> None:
    if not isinstance(event, dict):
        raise GraphError(100, "Param data[0] must be an object")
    channel, at = event.get("messaging_channel"), event.get("event_time")
    if event.get("action_source") != "business_messaging" or channel not in PEOPLE:
        raise GraphError(100, "Messaging events name action_source and channel")
    if event.get("event_name") not in NAMES:
        raise GraphError(100, "Messaging Event Invalid Event Type", subcode=WRONG_NAME)
    if not isinstance(at, int) or not now() - OLDEST <= at <= now() + 600:
        raise GraphError(
            100, "Event Timestamp Too Old: within the last 7 days", subcode=TOO_OLD
        )
    person = event.get("user_data") or {}
    if not all(person.get(name) for name in PEOPLE[channel]):
        words = f"Name {' and '.join(PEOPLE[channel])} in user_data"
        raise GraphError(100, words, subcode=NOBODY)
    if event["event_name"] == "Purchase":
        custom = event.get("custom_data") or {}
        if not custom.get("currency") or not isinstance(
            custom.get("value"), int | float
        ):
            raise GraphError(100, "A Purchase needs value and currency")
