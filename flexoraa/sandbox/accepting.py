"""Taking a message on: window, id, ledger, the person's chat, webhooks back."""

from datetime import UTC, datetime
from typing import Any

from flexoraa.sandbox import events, messaging, whatsapp
from flexoraa.sandbox.events import Person
from flexoraa.sandbox.graph_errors import GraphError
from flexoraa.sandbox.meta import APP_ID, Connected, Meta, message_id, now
from flexoraa.sandbox.outgoing import Outgoing, Parameters
from flexoraa.sandbox.people import Bubble, Chat

Document = dict[str, Any]
TYPING_SECONDS = 25.0  # WhatsApp's; the others last about as long


def send(meta: Meta, sender: Connected, given: Parameters) -> Document:
    """POST /<account>/messages: the answer, or GraphError and nothing has happened."""
    if sender.account.channel == "whatsapp":
        return _send_whatsapp(meta, sender, given)
    return _send_messaging(meta, sender, given)


def aim(given: Parameters) -> tuple[str, str]:
    """(to, kind) of a call, read without any checks: for faults to match."""
    recipient = given.get("recipient")
    named = recipient.get("id") if isinstance(recipient, dict) else recipient
    to = str(given.get("to") or named or "").lstrip("+")
    if given.get("status"):
        return to, "typing_on" if given.get("typing_indicator") else "read"
    message = given.get("message")
    if isinstance(message, dict):
        attachment = message.get("attachment")
        kind = attachment.get("type") if isinstance(attachment, dict) else "text"
        return to, str(kind)
    return to, str(given.get("sender_action") or given.get("type") or "text")


def _send_whatsapp(meta: Meta, sender: Connected, given: Parameters) -> Document:
    if "status" in given:
        return _mark_read(meta, sender, given)
    known = meta.templates.get(sender.account.parent, [])
    wanted = whatsapp.outgoing(given, meta.library, known)
    refusal = _refusal(meta, sender, wanted)
    if refusal and refusal.code not in meta.rules.late:
        raise refusal
    mid = _accept(meta, sender, wanted, given, is_lost=refusal is not None)
    if refusal:
        _tell_whatsapp(meta, sender, wanted, mid, "failed", refusal)
    else:
        for word in ("sent", "delivered", "read"):
            is_reaction = wanted.kind == "reaction"  # they only ever get `sent`
            if word in meta.manners.delays and not (is_reaction and word != "sent"):
                _tell_whatsapp(meta, sender, wanted, mid, word)
    named = "wa_id" if given.get("to") else "user_id"
    contact = {"input": given.get("to") or given.get("recipient"), named: wanted.to}
    status = {"message_status": "accepted"} if wanted.kind == "template" else {}
    return {
        "messaging_product": "whatsapp",
        "contacts": [contact],
        "messages": [{"id": mid, **status}],
    }


def _send_messaging(meta: Meta, sender: Connected, given: Parameters) -> Document:
    if "sender_action" in given:
        return _act(meta, sender, given)
    wanted = messaging.outgoing(sender.account.channel, given, meta.library)
    if refusal := _refusal(meta, sender, wanted):
        raise refusal
    mid = _accept(meta, sender, wanted, given)
    for word in ("sent", "delivered", "read"):
        if word in meta.manners.delays:
            _tell_messaging(meta, sender, wanted, mid, word)
    return {"recipient_id": wanted.to, "message_id": mid}


def _refusal(meta: Meta, sender: Connected, wanted: Outgoing) -> GraphError | None:
    """Why this person cannot be written to now."""
    account = sender.account
    chat = meta.people.look(account.external_id, wanted.to)
    have_met, is_open = chat.last_wrote > 0, chat.is_open(wanted.window)
    if not have_met and not meta.rules.strict:
        is_open = True
    if account.channel == "whatsapp":
        if wanted.to == sender.phone:
            return GraphError(131021)
        if not chat.reachable:
            return GraphError(131026, "Message Undeliverable.")
        if is_open or not wanted.is_free:
            return None
        return GraphError(
            131047,
            "Message failed to send because more than 24 hours have passed since the "
            "customer last replied to this number.",
        )
    if is_open:
        return None
    window, nobody = messaging.REFUSED[account.channel]
    if not have_met:
        return GraphError(100, "No matching user found.", subcode=nobody)
    return GraphError(
        10, "This message is sent outside of allowed window.", subcode=window
    )


def _accept(
    meta: Meta,
    sender: Connected,
    wanted: Outgoing,
    given: Parameters,
    *,
    is_lost: bool = False,
) -> str:
    """From here on it has happened; the message id."""
    account = sender.account
    mid = message_id(account.channel, wanted.to)
    meta.ledger.record(
        channel=account.channel,
        account=account.external_id,
        kind=wanted.kind,
        to=wanted.to,
        id=mid,
        ref=wanted.ref,
        text=wanted.text,
        body={name: value for name, value in given.items() if name != "access_token"},
    )
    if is_lost:
        return mid
    with meta.people.chat(account.external_id, wanted.to) as chat:
        if not meta.rules.strict:  # as if they had met just now
            chat.last_wrote = chat.last_wrote or now()
        chat.typing_until = 0
        if wanted.reacts_to:
            if bubble := chat.find(wanted.reacts_to):
                bubble.reactions["them"] = wanted.text
            return mid
        meta.people.say(account.external_id, wanted.to, _bubble(meta, wanted, mid))
    return mid


def _bubble(meta: Meta, wanted: Outgoing, mid: str) -> Bubble:
    file = meta.library.get(wanted.media_id) if wanted.media_id else None
    return Bubble(
        id=mid,
        mine=False,
        kind=wanted.kind,
        text=wanted.text,
        media=f"/_phone/files/{file.id}" if file else wanted.link,
        mime_type=file.mime_type if file else "",
        filename=wanted.filename or (file.filename if file else ""),
        choices=wanted.choices,
        reply_to=wanted.reply_to,
        ref=wanted.ref,
        status="sent",
    )


def _tell_whatsapp(
    meta: Meta,
    sender: Connected,
    wanted: Outgoing,
    mid: str,
    word: str,
    refusal: GraphError | None = None,
) -> None:
    """Plan one status."""
    seconds = meta.manners.delays.get(word, 0.0)
    more: Document = {}
    if wanted.ref:
        more["biz_opaque_callback_data"] = wanted.ref
    if refusal:
        more["errors"] = [refusal.as_status()]
    elif word == "sent":
        is_service = wanted.category == "service"
        more["pricing"] = {
            "billable": not is_service,
            "pricing_model": "PMP",
            "type": "free_customer_service" if is_service else "regular",
            "category": wanted.category,
        }
    at = datetime.fromtimestamp(now() + seconds, UTC)
    person = meta.people.person(sender.account.external_id, wanted.to)
    body = events.status(sender.account, person, mid, at, word, **more)
    _plan(meta, sender, body, seconds)
    meta.people.progress(sender.account.external_id, wanted.to, mid, word)


def _tell_messaging(
    meta: Meta, sender: Connected, wanted: Outgoing, mid: str, word: str
) -> None:
    """Plan the echo, the delivery (Messenger alone) or the reading of a message."""
    account, person = sender.account, Person(wanted.to)
    seconds = meta.manners.delays[word]
    at = datetime.fromtimestamp(now() + seconds, UTC)
    if word == "read":
        body = events.seen(account, person, mid, at)
    elif word == "delivered":
        if account.channel == "instagram":
            return
        mark = {"mids": [mid], "watermark": events.milliseconds(at)}
        body = events.messaging(
            account, events.said(account, person, at, delivery=mark)
        )
    else:
        at = datetime.fromtimestamp(now(), UTC)
        echo = _echo(meta, account.channel, wanted, mid)
        body = events.messaging(account, events.said(account, person, at, message=echo))
    _plan(meta, sender, body, seconds)
    meta.people.progress(account.external_id, wanted.to, mid, word)


def _echo(meta: Meta, channel: str, wanted: Outgoing, mid: str) -> Document:
    echo: Document = {"mid": mid, "is_echo": True, "app_id": APP_ID}
    if wanted.ref and channel in meta.rules.echoes_metadata:
        echo["metadata"] = wanted.ref
    if wanted.kind == "text":
        return echo | {"text": wanted.text}
    file = meta.library.get(wanted.media_id) if wanted.media_id else None
    link = meta.library.link(file, is_private=False) if file else ""
    url = f"{meta.url}{link}" if link else wanted.link
    return echo | {"attachments": [{"type": wanted.kind, "payload": {"url": url}}]}


def _plan(meta: Meta, sender: Connected, body: bytes, seconds: float) -> None:
    if sender.subscribed or not meta.rules.subscribed_by_hand:
        meta.callbacks.plan(sender.account.channel, body, seconds)


def _mark_read(meta: Meta, sender: Connected, given: Parameters) -> Document:
    """WhatsApp: the person sees blue ticks, and perhaps that somebody types."""
    whatsapp.check_product(given)
    mid = given.get("message_id")
    if given["status"] != "read" or not isinstance(mid, str) or not mid:
        raise GraphError(131009, "status must be read, and message_id name a message.")
    kind = "typing_on" if given.get("typing_indicator") else "read"
    account, chat = sender.account.external_id, meta.people.owner(mid)
    if chat is None and meta.rules.strict:
        raise GraphError(131009, "message_id is not a message that you received.")
    if chat:
        _see(meta, chat, mid, types=kind == "typing_on")
    meta.ledger.record(
        channel="whatsapp",
        account=account,
        kind=kind,
        to=chat.person if chat else "",
        body=dict(given),
    )
    return {"success": True}


def _see(meta: Meta, chat: Chat, until: str = "", *, types: bool = False) -> None:
    """The business read what the person wrote, up to a message or all of it."""
    with meta.people.chat(chat.account, chat.person):
        for bubble in chat.bubbles:
            if bubble.mine:
                bubble.status = "read"
            if bubble.id == until:
                break
        if types:
            chat.typing_until = now() + TYPING_SECONDS


def _act(meta: Meta, sender: Connected, given: Parameters) -> Document:
    """Messenger and Instagram: typing, seen, reactions."""
    word, mid, reaction = messaging.action(given)
    account, to = sender.account, messaging.recipient(given)
    with meta.people.chat(account.external_id, to) as chat:
        if meta.rules.strict and not chat.last_wrote:
            nobody = messaging.REFUSED[account.channel][1]
            raise GraphError(100, "No matching user found.", subcode=nobody)
        if word.startswith("typing"):
            chat.typing_until = now() + TYPING_SECONDS if word == "typing_on" else 0
        elif bubble := chat.find(mid):
            bubble.reactions["them"] = reaction if word == "react" else ""
        if word == "mark_seen":
            _see(meta, chat)
    meta.ledger.record(
        channel=account.channel,
        account=account.external_id,
        kind=word,
        to=to,
        body={name: value for name, value in given.items() if name != "access_token"},
    )
    return {"recipient_id": to}
