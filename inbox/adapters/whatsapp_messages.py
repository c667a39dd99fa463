"""What a WhatsApp message says: its kind, text, files and the rest, by its type.

Source: developers.facebook.com, documentation/business-messaging/whatsapp,
webhooks/reference/messages.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from flexoraa.lib import clean
from inbox.adapters.base import Attachment, Kind
from inbox.adapters.meta import listed, mapping, string

KINDS = {
    "text": Kind.TEXT,
    "image": Kind.IMAGE,
    "video": Kind.VIDEO,
    "audio": Kind.AUDIO,
    "voice": Kind.AUDIO,
    "document": Kind.DOCUMENT,
    "sticker": Kind.STICKER,
    "location": Kind.LOCATION,
    "contacts": Kind.CONTACTS,
    "interactive": Kind.INTERACTIVE,
    "button": Kind.BUTTON,
    "order": Kind.ORDER,
    "system": Kind.SYSTEM,
}

Said = tuple[str, Mapping[str, Any], tuple[Attachment, ...]]  # text, payload, files


class Content(NamedTuple):
    """What one message says, whoever wrote it."""

    kind: Kind
    text: str
    payload: Mapping[str, Any]
    attachments: tuple[Attachment, ...]
    reply_to: str


def content(item: Mapping[str, Any]) -> Content:
    """Read a message; types unknown or without their body keep the raw item."""
    word = string(item.get("type"))
    kind, body = KINDS.get(word, Kind.UNSUPPORTED), item.get(word)
    if not body or not isinstance(body, SHAPES.get(word, dict)):
        kind = Kind.UNSUPPORTED
    text, payload, attachments = READERS[kind](body, item)
    reply_to = ""
    if context := mapping(item.get("context")):
        reply_to = string(context.get("id"))
        rest = {key: context[key] for key in context if key not in ("id", "from")}
        payload = {**payload, "context": rest} if rest else payload
    return Content(kind, text, payload, attachments, reply_to)


def own_number(item: Mapping[str, Any]) -> Any:
    """The number a customer hands out on request; such a card is always their own."""
    if item.get("type") != "contacts":
        return None
    cards = listed(item.get("contacts"))
    card = mapping(cards[0]) if cards else {}
    if (item.get("origin") or card.get("origin")) != "contact_request":
        return None
    return _number(card)


def _text(body: Mapping[str, Any], item: Mapping[str, Any]) -> Said:
    return string(body.get("body")), {}, ()


def _media(body: Mapping[str, Any], item: Mapping[str, Any]) -> Said:
    word = item["type"]
    media_id, url = string(body.get("id")), string(body.get("url"))
    attachment = Attachment(
        kind=KINDS[word].value,
        external_id=media_id,
        url=url,
        mime_type=string(body.get("mime_type")),
        filename=string(body.get("filename")),
        sha256=string(body.get("sha256")),
        voice=word == "voice" or body.get("voice") is True,
    )
    payload = {"animated": True} if body.get("animated") is True else {}
    attachments = (attachment,) if media_id or url else ()
    return string(body.get("caption")), payload, attachments


def _location(body: Mapping[str, Any], item: Mapping[str, Any]) -> Said:
    lines = (string(body.get("name")), string(body.get("address")))
    return ", ".join(filter(None, lines)), body, ()


def _contacts(body: list[Any], item: Mapping[str, Any]) -> Said:
    payload: dict[str, Any] = {"contacts": body}
    if origin := item.get("origin"):
        payload["origin"] = origin
    names = (_name(mapping(card)) for card in body)
    return ", ".join(filter(None, names)), payload, ()


def _interactive(body: Mapping[str, Any], item: Mapping[str, Any]) -> Said:
    word = string(body.get("type"))
    reply = mapping(body.get(word))
    if word in ("button_reply", "list_reply"):
        named = {key: string(reply.get(key)) for key in ("id", "title", "description")}
        return named["title"], {"type": word, **named}, ()
    if word == "nfm_reply":
        response = _parsed(reply.get("response_json"))
        flow = {"type": "flow_reply", "name": string(reply.get("name"))}
        return string(reply.get("body")), {**flow, "response": response}, ()
    return "", body, ()


def _labelled(body: Mapping[str, Any], item: Mapping[str, Any]) -> Said:
    return string(body.get("text")), body, ()


def _system(body: Mapping[str, Any], item: Mapping[str, Any]) -> Said:
    if identity := item.get("identity"):
        body = {**body, "identity": identity}
    return string(body.get("body")), body, ()


def _unsupported(body: Any, item: Mapping[str, Any]) -> Said:
    return "", {"type": string(item.get("type")), "raw": item}, ()


def _name(card: Mapping[str, Any]) -> str:
    return string(mapping(card.get("name")).get("formatted_name") or _number(card))


def _number(card: Mapping[str, Any]) -> Any:
    phones = listed(card.get("phones"))
    phone = mapping(phones[0]) if phones else {}
    return phone.get("wa_id") or phone.get("phone")


def _parsed(value: Any) -> Any:
    """A flow's answers: JSON inside a string, and not always JSON."""
    if not isinstance(value, str):
        return value
    try:
        return clean.loads(value.encode())
    except clean.Unreadable:
        return value


SHAPES = {"contacts": list}  # all others are objects
READERS: dict[Kind, Callable[[Any, Mapping[str, Any]], Said]] = {
    Kind.TEXT: _text,
    Kind.IMAGE: _media,
    Kind.VIDEO: _media,
    Kind.AUDIO: _media,
    Kind.DOCUMENT: _media,
    Kind.STICKER: _media,
    Kind.LOCATION: _location,
    Kind.CONTACTS: _contacts,
    Kind.INTERACTIVE: _interactive,
    Kind.BUTTON: _labelled,
    Kind.ORDER: _labelled,
    Kind.SYSTEM: _system,
    Kind.UNSUPPORTED: _unsupported,
}
