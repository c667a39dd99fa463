"""Webhook bodies as Meta documents them, built by somebody who plays Meta.

Sources: developers.facebook.com, documentation/business-messaging: WhatsApp "messages
webhooks reference", Messenger and Instagram "webhook events".
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flexoraa.lib import signatures

OBJECTS = {
    "whatsapp": "whatsapp_business_account",
    "instagram": "instagram",
    "facebook": "page",
}
Item = dict[str, Any]


@dataclass(frozen=True)
class Account:
    """A number, Instagram account or Page; `parent`: the number's business account."""

    channel: str
    external_id: str
    parent: str = ""
    name: str = ""


@dataclass(frozen=True)
class Person:
    """Somebody who writes: `id` is a phone number, an IGSID or a PSID; on WhatsApp the
    business may know them by a scoped name, too (since April 2026)."""

    id: str
    name: str = ""
    bsuid: str = ""

    @property
    def card(self) -> Item:
        """An entry of WhatsApp's `contacts`."""
        card: Item = {"profile": {"name": self.name}}
        ids = {"wa_id": self.id, "user_id": self.bsuid}
        return card | {name: value for name, value in ids.items() if value}


def sign(body: bytes, secret: str) -> str:
    """The value of X-Hub-Signature-256."""
    return "sha256=" + signatures.hex_hmac_sha256(secret, body)


def message(
    account: Account, person: Person, mid: str, at: datetime, **content: Any
) -> bytes:
    """One message: WhatsApp's `type` and its object, or what `message` holds."""
    if account.channel == "whatsapp":
        return whatsapp(account, written(person, mid, at, **content))
    return messaging(
        account, said(account, person, at, message={"mid": mid, **content})
    )


def text(account: Account, person: Person, mid: str, at: datetime, words: str) -> bytes:
    """One text message on any channel."""
    if account.channel == "whatsapp":
        return message(account, person, mid, at, type="text", text={"body": words})
    return message(account, person, mid, at, text=words)


def answer(
    account: Account, person: Person, mid: str, at: datetime, words: str
) -> bytes:
    """The business answered from its phone or the platform's own inbox."""
    if account.channel == "whatsapp":
        item = {
            "from": "15550100000",
            "to": person.id,
            "id": mid,
            "timestamp": str(int(at.timestamp())),
            "type": "text",
            "text": {"body": words},
        }
        return whatsapp(account, {"message_echoes": [item]}, "smb_message_echoes")
    echo = {"mid": mid, "text": words, "is_echo": True, "app_id": 26390203743090}
    return messaging(account, said(account, person, at, message=echo))


def seen(account: Account, person: Person, mid: str, at: datetime) -> bytes:
    """The person read our message (Messenger: everything until then)."""
    if account.channel == "whatsapp":
        return status(account, person, mid, at, "read")
    mark = {"mid": mid}
    if account.channel == "facebook":
        mark = {"watermark": str(milliseconds(at))}
    return messaging(account, said(account, person, at, read=mark))


def status(
    account: Account, person: Person, mid: str, at: datetime, word: str, **more: Any
) -> bytes:
    """WhatsApp: our message was sent, delivered, read, played, or failed."""
    update = {
        "id": mid,
        "status": word,
        "timestamp": str(int(at.timestamp())),
        "recipient_id": person.id,
        **more,
    }
    if not person.bsuid:
        return whatsapp(account, {"statuses": [update]})
    update["recipient_user_id"] = person.bsuid
    if not person.id:
        del update["recipient_id"]
    return whatsapp(account, {"contacts": [person.card], "statuses": [update]})


def written(person: Person, mid: str, at: datetime, **content: Any) -> Item:
    """The value of a WhatsApp change: one message and its sender's card."""
    item = {
        "from": person.id,
        "id": mid,
        "timestamp": str(int(at.timestamp())),
        **content,
    }
    if person.bsuid:
        item["from_user_id"] = person.bsuid
    if not person.id:
        del item["from"]
    return {"contacts": [person.card], "messages": [item]}


def whatsapp(account: Account, value: Item, field: str = "messages") -> bytes:
    """A WhatsApp POST around one change's value."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": "15550100000",
            "phone_number_id": account.external_id,
        },
        **value,
    }
    change = {"field": field, "value": value}
    return envelope("whatsapp", [{"id": account.parent, "changes": [change]}])


def said(account: Account, person: Person, at: datetime, **event: Any) -> Item:
    """A Messenger or Instagram item; from us when its message is an echo."""
    us, them = {"id": account.external_id}, {"id": person.id}
    is_ours = event.get("message", {}).get("is_echo")
    sender, recipient = (us, them) if is_ours else (them, us)
    stamp = milliseconds(at)
    return {"sender": sender, "recipient": recipient, "timestamp": stamp, **event}


def messaging(account: Account, *items: Item) -> bytes:
    """A Messenger or Instagram POST around these items."""
    entry = {
        "id": account.external_id,
        "time": items[0]["timestamp"] if items else 0,
        "messaging": list(items),
    }
    return envelope(account.channel, [entry])


def merge(*posts: bytes) -> bytes:
    """Several POSTs of one channel as one with all their entries."""
    documents = [json.loads(post) for post in posts]
    entries = [entry for document in documents for entry in document["entry"]]
    return dumps({"object": documents[0]["object"], "entry": entries})


def envelope(channel: str, entries: list[Item]) -> bytes:
    """A whole body."""
    return dumps({"object": OBJECTS[channel], "entry": entries})


def dumps(document: Any) -> bytes:
    """As Meta writes it: compact, everything beyond ASCII escaped."""
    return json.dumps(document, separators=(",", ":")).encode()


def milliseconds(at: datetime) -> int:
    """Messenger's and Instagram's clock."""
    return int(at.timestamp() * 1000)
