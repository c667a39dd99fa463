"""What WhatsApp checks in a message before it accepts it.

Source: developers.facebook.com, WhatsApp "send messages" and the page of each type.
"""

from collections.abc import Callable
from typing import Any

from flexoraa.sandbox import templates
from flexoraa.sandbox.graph_errors import GraphError
from flexoraa.sandbox.library import Library, kind_of
from flexoraa.sandbox.outgoing import Outgoing, Parameters, limited, wanted

COMMON = {
    "messaging_product",
    "recipient_type",
    "to",
    "recipient",
    "type",
    "context",
    "biz_opaque_callback_data",
    "access_token",
    "appsecret_proof",
}
TEXT, CAPTION, BODY, CALLBACK_DATA = 4096, 1024, 1024, 512
TITLES = {"button": 20, "row": 24, "description": 72}


def outgoing(
    given: Parameters, library: Library, known: list[templates.Template]
) -> Outgoing:
    """Read a POST to /<number>/messages; raises GraphError for what Meta refuses."""
    check_product(given)
    to = str(wanted(given.get("to") or given.get("recipient"), str, "to"))
    to = digits(to) if given.get("to") else to
    kind = given.get("type") or "text"
    if kind not in READERS:
        allowed = ", ".join(sorted(READERS)).upper()
        raise GraphError(
            100, f'Param type must be one of {{{allowed}}} - got "{kind}".'
        )
    if unknown := set(given) - COMMON - {kind}:
        raise GraphError(100, f'Unexpected key "{min(unknown)}" on param "{kind}".')
    content = wanted(given.get(kind), list if kind == "contacts" else dict, kind)
    ref = given.get("biz_opaque_callback_data") or ""
    if ref:
        limited(ref, CALLBACK_DATA, "biz_opaque_callback_data")
    found = READERS[kind](kind, content, library, known)
    return Outgoing(
        to=to,
        kind=kind,
        ref=ref,
        reply_to=str((given.get("context") or {}).get("message_id", "")),
        is_free=kind != "template",
        **found,
    )


def check_product(given: Parameters) -> None:
    """Every call names the product."""
    if given.get("messaging_product") != "whatsapp":
        raise GraphError(100, "The parameter messaging_product is required.")


def digits(phone: str) -> str:
    """A wa_id: the number without + and spaces; raises GraphError for what is none."""
    plain = "".join(character for character in phone if character.isdigit())
    if not 7 <= len(plain) <= 15 or any(c.isalpha() for c in phone):
        raise GraphError(131009, f"({phone}) is not a valid phone number.")
    return plain


Reader = Callable[[str, Any, Library, list[templates.Template]], dict[str, Any]]


def _text(kind: str, content: dict, *_: Any) -> dict[str, Any]:
    return {"text": limited(content.get("body"), TEXT, "text['body']")}


def _media(kind: str, content: dict, library: Library, *_: Any) -> dict[str, Any]:
    media_id, link = content.get("id"), content.get("link")
    if bool(media_id) == bool(link):
        raise GraphError(100, f"Param {kind} must have exactly one of id and link.")
    if kind in ("audio", "sticker") and content.get("caption"):
        raise GraphError(100, f'Unexpected key "caption" on param "{kind}".')
    if content.get("caption"):
        limited(content["caption"], CAPTION, f"{kind}['caption']")
    file = library.get(str(media_id)) if media_id else None
    if media_id and file is None:
        raise GraphError(
            100,
            f"Param {kind}['id'] is not a valid whatsapp business account media "
            "attachment ID",
        )
    if file and kind_of(file.mime_type) != kind:
        raise GraphError(
            131053, f"{file.mime_type} cannot be sent as a message of type {kind}."
        )
    return {
        "text": content.get("caption", ""),
        "media_id": str(media_id or ""),
        "link": link or "",
        "filename": content.get("filename", ""),
    }


def _reaction(kind: str, content: dict, *_: Any) -> dict[str, Any]:
    if "emoji" not in content:
        raise GraphError(100, "The parameter reaction['emoji'] is required.")
    target = wanted(content.get("message_id"), str, "reaction['message_id']")
    return {"text": content["emoji"], "reacts_to": target}


def _location(kind: str, content: dict, *_: Any) -> dict[str, Any]:
    for name, limit in (("latitude", 90), ("longitude", 180)):
        try:
            good = abs(float(content[name])) <= limit
        except (KeyError, TypeError, ValueError):
            good = False
        if not good:
            raise GraphError(100, f"Param location['{name}'] is not a valid number.")
    place = content.get("name") or content.get("address") or ""
    return {"text": f"{place} {content['latitude']}, {content['longitude']}".strip()}


def _contacts(kind: str, content: list, *_: Any) -> dict[str, Any]:
    names = []
    for card in content:
        name = (card.get("name") or {}).get("formatted_name")
        names.append(limited(name, 1024, "contacts['name']['formatted_name']"))
    return {"text": ", ".join(names)}


def _interactive(kind: str, content: dict, *_: Any) -> dict[str, Any]:
    body = (content.get("body") or {}).get("text")
    text = limited(body, BODY, "interactive['body']['text']")
    action = wanted(content.get("action"), dict, "interactive['action']")
    if content.get("type") == "button":
        choices = [_button(button) for button in action.get("buttons") or ()]
        if not 1 <= len(choices) <= 3:
            raise GraphError(
                131009,
                "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3",
            )
    elif content.get("type") == "list":
        limited(action.get("button"), 20, "action['button']")
        choices = [
            _row(row)
            for section in action.get("sections") or ()
            for row in section.get("rows") or ()
        ]
        if not 1 <= len(choices) <= 10:
            raise GraphError(131009, "Total row count exceed max allowed count: 10")
    elif content.get("type") in ("cta_url", "flow", "location_request_message"):
        choices = []
    else:
        raise GraphError(100, "Param interactive['type'] is not known.")
    ids = [choice["payload"] for choice in choices]
    if len(set(ids)) != len(ids):
        raise GraphError(131009, "Duplicated button or row ids.")
    return {"text": text, "choices": choices}


def _button(button: dict) -> dict[str, str]:
    reply = button.get("reply") or {}
    return {
        "title": limited(reply.get("title"), TITLES["button"], "reply['title']"),
        "payload": limited(reply.get("id"), 256, "reply['id']"),
        "kind": "button",
    }


def _row(row: dict) -> dict[str, str]:
    if row.get("description"):
        limited(row["description"], TITLES["description"], "row['description']")
    return {
        "title": limited(row.get("title"), TITLES["row"], "row['title']"),
        "payload": limited(row.get("id"), 200, "row['id']"),
        "kind": "list",
    }


def _template(
    kind: str, content: dict, library: Library, known: list[templates.Template]
) -> dict[str, Any]:
    found, text = templates.fill(known, content)
    return {
        "text": text,
        "choices": templates.choices(found),
        "category": found["category"].lower(),
    }


READERS: dict[str, Reader] = {
    "text": _text,
    **dict.fromkeys(("image", "video", "document", "audio", "sticker"), _media),
    "reaction": _reaction,
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "template": _template,
}
