"""Webhook bodies that tests vary: ids, people, times, and several items in one POST."""

import json

WHATSAPP = {"account": "200000000000001", "parent": "300000000000001"}
PAGE = "100000000000001"
INSTAGRAM = "17840000000000001"
BASE = 1_763_900_000  # unix seconds: 23 November 2025


def whatsapp(*values: dict, account: str = WHATSAPP["account"]) -> bytes:
    """One POST with a change for each value (`messages` or `statuses`)."""
    metadata = {"display_phone_number": "15550100000", "phone_number_id": account}
    changes = [
        {
            "field": "messages",
            "value": {"messaging_product": "whatsapp", "metadata": metadata, **value},
        }
        for value in values
    ]
    entry = [{"id": WHATSAPP["parent"], "changes": changes}]
    return json.dumps({"object": "whatsapp_business_account", "entry": entry}).encode()


def text(number: int, person: int = 1, at: int | None = None, **fields) -> dict:
    """The value of a change: one text message."""
    phone = f"155501{person:05d}"
    message = {
        "from": phone,
        "id": f"wamid.in{number}",
        "timestamp": str(BASE + (number if at is None else at)),
        "type": "text",
        "text": {"body": f"message {number}"},
        **fields,
    }
    contact = {"profile": {"name": f"Person {person}"}, "wa_id": phone}
    return {"contacts": [contact], "messages": [message]}


def status(target: str, word: str, at: int = 0, person: int = 1, **fields) -> dict:
    """The value of a change: one status of a message of ours."""
    update = {
        "id": target,
        "status": word,
        "timestamp": str(BASE + at),
        "recipient_id": f"155501{person:05d}",
        **fields,
    }
    return {"statuses": [update]}


def echo(number: int, person: int = 1, at: int | None = None) -> bytes:
    """One POST: the business wrote from its phone (coexistence)."""
    message = {
        "from": "15550100000",
        "to": f"155501{person:05d}",
        "id": f"wamid.out{number}",
        "timestamp": str(BASE + (number if at is None else at)),
        "type": "text",
        "text": {"body": f"answer {number}"},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"phone_number_id": WHATSAPP["account"]},
        "message_echoes": [message],
    }
    change = {"field": "smb_message_echoes", "value": value}
    entry = [{"id": WHATSAPP["parent"], "changes": [change]}]
    return json.dumps({"object": "whatsapp_business_account", "entry": entry}).encode()


def messaging(*items: dict, page: str = PAGE, kind: str = "page") -> bytes:
    """One POST of Messenger (or Instagram) with these messaging items."""
    entry = [{"id": page, "time": BASE * 1000, "messaging": list(items)}]
    return json.dumps({"object": kind, "entry": entry}).encode()


def instagram(*items: dict) -> bytes:
    """One POST of Instagram with these messaging items."""
    return messaging(*items, page=INSTAGRAM, kind="instagram")


def item(person: str = "5550001", at: int = 0, page: str = PAGE, **content) -> dict:
    """A messaging item from a person to the page; ours when it is an echo."""
    sender, recipient = {"id": person}, {"id": page}
    if content.get("message", {}).get("is_echo"):
        sender, recipient = recipient, sender
    return {
        "sender": sender,
        "recipient": recipient,
        "timestamp": (BASE + at) * 1000,
        **content,
    }
