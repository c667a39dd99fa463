"""What Messenger and Instagram check in a message before they accept it.

Sources: developers.facebook.com, Messenger Platform "send API"; Instagram Platform
"messaging API".
"""

import json
from typing import Any

from flexoraa.sandbox.graph_errors import (
    INSTAGRAM_NOBODY,
    INSTAGRAM_WINDOW,
    MESSENGER_NOBODY,
    MESSENGER_WINDOW,
    GraphError,
)
from flexoraa.sandbox.library import Library
from flexoraa.sandbox.outgoing import Outgoing, Parameters, wanted

ACTIONS = {"typing_on", "typing_off", "mark_seen", "react", "unreact"}
ATTACHMENTS = {
    "image",
    "video",
    "audio",
    "file",
    "template",
    "like_heart",
    "MEDIA_SHARE",
}
DAY = 24 * 3600.0
TEXT = {"facebook": 2000, "instagram": 1000}  # characters; bytes of UTF-8
REFUSED = {  # subcodes of 10 and of 100
    "facebook": (MESSENGER_WINDOW, MESSENGER_NOBODY),
    "instagram": (INSTAGRAM_WINDOW, INSTAGRAM_NOBODY),
}


def outgoing(channel: str, given: Parameters, library: Library) -> Outgoing:
    """Read a POST to /<page>/messages that holds a message."""
    message = _object(given.get("message"), "message")
    window = _window(given)
    text, attachment = message.get("text"), _attachment(message)
    if bool(text) == bool(attachment):
        raise GraphError(
            100, "Message must have either text or an attachment.", subcode=2018034
        )
    if text:
        _check_length(channel, text)
    metadata = message.get("metadata") or ""
    if len(metadata) > 1000:
        raise GraphError(100, "Param message[metadata] is over 1000 characters.")
    payload = attachment.get("payload") or {}
    media_id = str(payload.get("attachment_id") or "")
    if media_id and library.get(media_id) is None:
        raise GraphError(100, "The attachment id does not exist.", subcode=2018074)
    return Outgoing(
        to=recipient(given),
        kind="text" if text else str(attachment["type"]).lower(),
        text=text or _words(payload),
        media_id=media_id,
        link=payload.get("url") or "",
        choices=_quick_replies(message) + _buttons(payload),
        reply_to=str(_object(given.get("reply_to") or {}, "reply_to").get("mid", "")),
        ref=metadata,
        window=window,
    )


def recipient(given: Parameters) -> str:
    """Whom it is for; raises GraphError when nobody is named."""
    found = _object(given.get("recipient"), "recipient")
    name = found.get("id") or found.get("user_ref") or found.get("comment_id")
    return str(wanted(str(name or ""), str, "recipient"))


def action(given: Parameters) -> tuple[str, str, str]:
    """(sender_action, message id, reaction) of a call that holds one."""
    word = given.get("sender_action")
    if word not in ACTIONS:
        raise GraphError(100, f"Param sender_action must be one of {sorted(ACTIONS)}.")
    if given.get("message"):
        raise GraphError(100, "sender_action cannot be sent along with a message.")
    payload = _object(given.get("payload") or {}, "payload")
    if word in ("react", "unreact"):
        wanted(payload.get("message_id"), str, "payload[message_id]")
    return word, str(payload.get("message_id", "")), str(payload.get("reaction", ""))


def _object(value: Any, name: str) -> dict[str, Any]:
    """A parameter that may have come as text, in a form."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, dict):
        raise GraphError(100, f"The parameter {name} is required.")
    return value


def _window(given: Parameters) -> float:
    """Within how many seconds of the person's message this may be sent."""
    kind, tag = given.get("messaging_type", "RESPONSE"), given.get("tag")
    if kind not in ("RESPONSE", "UPDATE", "MESSAGE_TAG"):
        raise GraphError(100, f"Param messaging_type has an unknown value: {kind}.")
    if tag and tag != "HUMAN_AGENT":  # the others ended on 27 April 2026
        raise GraphError(100, f"Invalid parameter: the tag {tag} is not supported.")
    if kind == "MESSAGE_TAG" and not tag:
        raise GraphError(100, "MESSAGE_TAG needs a tag.")
    return 7 * DAY if tag else DAY


def _attachment(message: dict[str, Any]) -> dict[str, Any]:
    several = message.get("attachments") or []
    found = message.get("attachment") or (several[0] if several else {})
    if not isinstance(found, dict) or (found and found.get("type") not in ATTACHMENTS):
        raise GraphError(100, "Param message[attachment][type] is not known.")
    payload = found.get("payload") or {}
    if (
        found
        and found["type"] in ("image", "video", "audio", "file")
        and not (payload.get("url") or payload.get("attachment_id"))
    ):
        raise GraphError(100, "An attachment needs a url or an attachment_id.")
    return found


def _check_length(channel: str, text: Any) -> None:
    wanted(text, str, "message[text]")
    size = len(text.encode()) if channel == "instagram" else len(text)
    if size > TEXT[channel]:
        raise GraphError(
            100,
            f"Length of param message[text] must be less than or equal to "
            f"{TEXT[channel]}",
        )


def _words(payload: dict[str, Any]) -> str:
    elements = payload.get("elements") or [{}]
    return str(payload.get("text") or elements[0].get("title") or "")


def _quick_replies(message: dict[str, Any]) -> list[dict[str, str]]:
    replies = message.get("quick_replies") or []
    if len(replies) > 13:
        raise GraphError(100, "Param quick_replies has more than 13 elements.")
    for reply in replies:
        if reply.get("content_type") == "text" and not reply.get("title"):
            raise GraphError(100, "Quick replies of type text need a title.")
        if len(str(reply.get("title", ""))) > 20:
            raise GraphError(100, "The title of a quick reply is over 20 characters.")
    return [
        {
            "title": str(reply.get("title", "")),
            "payload": str(reply.get("payload", "")),
            "kind": "quick_reply",
        }
        for reply in replies
    ]


def _buttons(payload: dict[str, Any]) -> list[dict[str, str]]:
    buttons = payload.get("buttons") or []
    if len(buttons) > 3:
        raise GraphError(100, "A template has at most 3 buttons.")
    return [
        {
            "title": str(button.get("title", "")),
            "payload": str(button.get("payload", "")),
            "kind": "postback",
        }
        for button in buttons
        if button.get("type") == "postback"
    ]
