"""Meta's Conversions API for business messaging: an event's body, and its answer.

An adapter: it knows no rows. Sources: developers.facebook.com, docs/marketing-api/
conversions-api/business-messaging and .../parameters. `Lead` and other names of the
web are refused for messaging (subcode 2804066): a lead is a `LeadSubmitted`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.conf import settings

from flexoraa.lib import http
from inbox.adapters.meta import mapping, string
from inbox.adapters.meta_sending import app_secret, proof

OLDEST_DAYS = 7  # events that are older are refused, and earn no ad anything
RETRY_CODES = {1, 2, 4, 17, 32, 341, 613, 80000, 80004}
READ_SECONDS = 20.0


class Came(StrEnum):
    """What came of telling."""

    TOLD = "told"
    AGAIN = "again"  # not, or perhaps: the same event may be sent again, by its id
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What Meta said, in words that may be shown; `trace_id` is for its support."""

    came: Came
    said: str = ""
    trace_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """One event. `whose` names the person as the channel does, see `person`."""

    event_id: str
    name: str
    at: datetime
    channel: str
    whose: Mapping[str, str]
    amount_paise: int | None = None
    currency: str = ""


def person(
    channel: str, *, account: str, parent: str, name: str, click_id: str
) -> dict[str, str]:
    """Who it is, in each channel's words; {} when too little is known. On WhatsApp the
    click on the ad says it, elsewhere the person's id for the page or account."""
    if channel == "whatsapp" and parent and click_id:
        return {"whatsapp_business_account_id": parent, "ctwa_clid": click_id}
    if channel == "facebook" and account and name:
        return {"page_id": account, "page_scoped_user_id": name}
    if channel == "instagram" and account and name:
        return {"instagram_business_account_id": account, "ig_sid": name}
    return {}


def body_of(event: Told) -> dict[str, Any]:
    """The call's body."""
    data: dict[str, Any] = {
        "event_name": event.name,
        "event_time": int(event.at.timestamp()),
        "event_id": event.event_id,
        "action_source": "business_messaging",
        "messaging_channel": (
            "messenger" if event.channel == "facebook" else event.channel
        ),
        "user_data": dict(event.whose),
    }
    if event.amount_paise is not None:
        value = event.amount_paise / 100
        data["custom_data"] = {"currency": event.currency, "value": value}
    return {"data": [data], "partner_agent": "flexoraa"}


def tell(dataset_id: str, token: str, event: Told) -> Outcome:
    """Make the call."""
    url = (
        f"{settings.GRAPH_URL.rstrip('/')}/{settings.GRAPH_VERSION}/{dataset_id}/events"
    )
    secret = app_secret()
    params = {"appsecret_proof": proof(token, secret)} if secret else {}
    try:
        answer = http.call(
            "POST",
            url,
            json=body_of(event),
            params=params,
            headers={"Authorization": f"Bearer {token}"},
            read_seconds=READ_SECONDS,
        )
    except http.CallFailed as error:
        return Outcome(Came.AGAIN, str(error))
    return outcome(answer.status, answer.json())


def outcome(status: int, body: Any) -> Outcome:
    """What an answer says; `events_received` counts what was taken."""
    said = mapping(body)
    error = mapping(said.get("error"))
    trace = string(said.get("fbtrace_id") or error.get("fbtrace_id"))
    if status == 200 and said.get("events_received") == 1:
        return Outcome(Came.TOLD, "", trace)
    if not error:
        return Outcome(Came.AGAIN, f"Meta answered {status} without a reason.", trace)
    words = string(error.get("error_user_msg") or error.get("message"))
    code = error.get("code")
    is_passing = error.get("is_transient") is True or code in RETRY_CODES
    came = Came.AGAIN if is_passing or status >= 500 else Came.REFUSED
    return Outcome(came, f"{code}: {words}", trace)
