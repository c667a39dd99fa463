"""WhatsApp's message templates: listing them, and filling one in.

Source: developers.facebook.com, documentation/business-messaging/whatsapp, "message
templates" (the edge message_templates of a WhatsApp Business Account) and "template
messages". Parameters are numbered from 1 or named, in one template never both.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from inbox.adapters.meta import listed, mapping, string
from inbox.adapters.sending import Call

FIELDS = "id,name,language,status,category,components,rejected_reason"
PAGE = "100"


class Listed(NamedTuple):
    """One template as the provider lists it."""

    external_id: str
    name: str
    language: str
    status: str
    category: str
    reason: str
    components: Sequence[Any]


def templates_call(parent: str, after: str = "") -> Call:
    """A page of the templates of a business account; `after` is where to go on."""
    params = {"fields": FIELDS, "limit": PAGE, **({"after": after} if after else {})}
    return Call(method="GET", path=f"{parent}/message_templates", params=params)


def templates_page(body: Any) -> tuple[list[Listed], str]:
    """The templates of a page, and where the next begins; "" at the end."""
    told = mapping(body)
    found = []
    for item in map(mapping, listed(told.get("data"))):
        reason = string(item.get("rejected_reason"))
        row = Listed(
            string(item.get("id"))[:64],
            string(item.get("name"))[:512],
            string(item.get("language"))[:20],
            (string(item.get("status")) or "PENDING").upper()[:20],
            string(item.get("category"))[:40],
            "" if reason == "NONE" else reason[:500],
            listed(item.get("components")),
        )
        if row.name and row.language:
            found.append(row)
    paging = mapping(told.get("paging"))
    after = string(mapping(paging.get("cursors")).get("after"))
    return found, after if paging.get("next") else ""


def body_component(names: Iterable[str], values: Mapping[str, str]) -> dict[str, Any]:
    """The BODY of a template message with a value for each parameter."""
    parameters = []
    for name in names:
        told = {"type": "text", "text": values[name]}
        if not name.isdecimal():
            told["parameter_name"] = name
        parameters.append(told)
    return {"type": "body", "parameters": parameters}


def body_values(components: Iterable[Any]) -> dict[str, str]:
    """The values that a template message has for its BODY, by parameter."""
    values: dict[str, str] = {}
    for component in map(mapping, components):
        if string(component.get("type")).lower() != "body":
            continue
        for place, told in enumerate(listed(component.get("parameters")), 1):
            name = string(mapping(told).get("parameter_name")) or str(place)
            values[name] = string(mapping(told).get("text"))
    return values
