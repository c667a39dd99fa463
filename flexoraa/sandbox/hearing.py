"""What the stand-in learns from webhooks that somebody else posted in Meta's name."""

import json
from typing import Any

from flexoraa.sandbox.meta import Meta
from flexoraa.sandbox.people import RANKS, Bubble

Item = dict[str, Any]


def hear(meta: Meta, body: bytes) -> int:
    """Take note of who wrote, when, and what was said; how many messages it knew.

    What it does not understand it leaves alone: garbage is part of a story, too.
    """
    try:
        document = json.loads(body)
        entries = [entry for entry in document["entry"] if isinstance(entry, dict)]
    except (ValueError, KeyError, TypeError):
        return 0
    count = 0
    for entry in entries:
        for change in entry.get("changes") or ():
            count += _hear_whatsapp(meta, change.get("value") or {})
        for item in entry.get("messaging") or ():
            count += _hear_messaging(meta, str(entry.get("id")), item)
    return count


def _hear_whatsapp(meta: Meta, value: Item) -> int:
    account = str((value.get("metadata") or {}).get("phone_number_id", ""))
    for card in value.get("contacts") or ():
        if card.get("wa_id"):
            with meta.people.chat(account, str(card["wa_id"])) as chat:
                chat.name = (card.get("profile") or {}).get("name") or chat.name
    count = 0
    for item in value.get("messages") or ():
        if isinstance(item, dict) and item.get("from"):
            count += _note(meta, account, item["from"], _whatsapp_bubble(item, True))
    for item in value.get("message_echoes") or ():
        count += _note(meta, account, item["to"], _whatsapp_bubble(item, False))
    for item in value.get("statuses") or ():
        word, person = item.get("status"), item.get("recipient_id")
        if person and word in RANKS:
            meta.people.progress(account, str(person), str(item.get("id")), word)
    return count


def _whatsapp_bubble(item: Item, mine: bool) -> Bubble:
    kind = str(item.get("type"))
    content = item.get(kind)
    content = content if isinstance(content, dict) else {}
    inner = content.get(content.get("type", ""), {})
    text = content.get("body") or content.get("caption") or content.get("text")
    title = inner.get("title") if isinstance(inner, dict) else ""
    return Bubble(
        id=str(item.get("id")),
        mine=mine,
        kind=kind,
        text=str(text or title or content.get("emoji") or ""),
        filename=str(content.get("filename") or ""),
        reply_to=str((item.get("context") or {}).get("id") or ""),
        at=float(item.get("timestamp") or 0),
    )


def _hear_messaging(meta: Meta, account: str, item: Item) -> int:
    message = item.get("message") or {}
    is_echo = bool(message.get("is_echo"))
    person = str((item.get("recipient" if is_echo else "sender") or {}).get("id", ""))
    at = int(item.get("timestamp") or 0) / 1000
    if not person or message.get("is_deleted"):
        return 0
    if message or item.get("postback"):
        attachment = (message.get("attachments") or [{}])[0]
        bubble = Bubble(
            id=str((message or item["postback"]).get("mid")),
            mine=not is_echo,
            kind=str(attachment.get("type") or "text"),
            text=str(
                message.get("text") or (item.get("postback") or {}).get("title") or ""
            ),
            reply_to=str((message.get("reply_to") or {}).get("mid") or ""),
            at=at,
        )
        return _note(meta, account, person, bubble)
    if item.get("reaction"):
        meta.people.wrote(account, person, at)
    return 0


def _note(meta: Meta, account: str, person: str, bubble: Bubble) -> int:
    if bubble.mine:
        meta.people.wrote(account, str(person), bubble.at)
    if bubble.kind == "reaction":
        return 0
    bubble.status = "delivered" if bubble.mine else "sent"
    return int(meta.people.say(account, str(person), bubble))
