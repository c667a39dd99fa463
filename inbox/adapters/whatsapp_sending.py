"""WhatsApp: what can be sent, and the calls that send it.

Source: developers.facebook.com, documentation/business-messaging/whatsapp, "send
messages", "media", "mark message as read", "typing indicators".
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from inbox.adapters.meta import listed, mapping, string
from inbox.adapters.meta_sending import MetaSending, first_id, pick
from inbox.adapters.phones import normal_form
from inbox.adapters.sending import (
    Allowed,
    Call,
    Choice,
    Draft,
    File,
    Outgoing,
    Sent,
    Unsendable,
    pieces,
)
from inbox.adapters.words import Identity, IdKind

MB = 1024 * 1024
TEXT = 4096
CAPTION = BODY = 1024
BUTTONS, BUTTON_TITLE = 3, 20
ROWS, ROW_TITLE = 10, 24
CHOICE_ID = 256
FILES = {
    "image": Allowed(
        max_bytes=5 * MB, mime_types=frozenset(("image/jpeg", "image/png"))
    ),
    "audio": Allowed(
        max_bytes=16 * MB,
        mime_types=frozenset(
            ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg")
        ),
    ),
    "video": Allowed(
        max_bytes=16 * MB, mime_types=frozenset(("video/mp4", "video/3gpp"))
    ),
    "document": Allowed(max_bytes=100 * MB),
    "sticker": Allowed(max_bytes=500 * 1024, mime_types=frozenset(("image/webp",))),
}
CAPTIONED = frozenset(("image", "video", "document"))


class WhatsAppSending(MetaSending):
    """The sending half of the WhatsApp adapter."""

    has_whole_seconds = True
    rate = 80.0  # in and out; 20 for numbers that are used in the app, too
    has_templates = True
    shown_fields = "id,verified_name,display_phone_number,quality_rating,status"
    knows_refs = True

    def parts(self, draft: Draft, split: bool = False) -> tuple[Draft, ...]:
        """The messages that say it: files one by one, the text as caption of the first
        that may have one. Raises Unsendable."""
        if draft.template:
            return (replace(draft, text="", files=(), choices=()),)
        for file in draft.files:
            self.allowed(file).check(file, "WhatsApp")
        if draft.choices:
            return self._with_choices(draft)
        captioned = bool(draft.files) and draft.files[0].kind in CAPTIONED
        captioned = captioned and len(draft.text) <= CAPTION
        texts = [] if captioned else self._texts(draft.text, split)
        said = [Draft(text=text) for text in texts]
        said += [
            Draft(text=draft.text if captioned and not place else "", files=(file,))
            for place, file in enumerate(draft.files)
        ]
        if not said:
            raise Unsendable("empty", "Write something, or attach a file.")
        return (replace(said[0], reply_to=draft.reply_to), *said[1:])

    def allowed(self, file: File) -> Allowed:
        """What a file of this kind may be."""
        if file.kind not in FILES:
            raise Unsendable("file_type", f"WhatsApp does not take a {file.kind}.")
        return FILES[file.kind]

    def message_call(self, outgoing: Outgoing) -> Call:
        draft = outgoing.draft
        body: dict[str, Any] = {
            "messaging_product": "whatsapp",
            **self._recipient(outgoing.to),
            **self._said(draft),
            "biz_opaque_callback_data": outgoing.ref,
        }
        if draft.reply_to:
            body["context"] = {"message_id": draft.reply_to}
        return Call(path=f"{outgoing.account}/messages", json=body)

    def reaction_call(self, outgoing: Outgoing, target: str, emoji: str) -> Call:
        """Puts our emoji on a message; "" takes it off."""
        body = {
            "messaging_product": "whatsapp",
            **self._recipient(outgoing.to),
            "type": "reaction",
            "reaction": {"message_id": target, "emoji": emoji},
        }
        return Call(path=f"{outgoing.account}/messages", json=body)

    def seen_call(self, outgoing: Outgoing, target: str, typing: bool = False) -> Call:
        """Blue ticks for this message and all before it; `typing` also shows that
        somebody writes, for 25 seconds or until the reply."""
        body: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": target,
        }
        if typing:
            body["typing_indicator"] = {"type": "text"}
        return Call(path=f"{outgoing.account}/messages", json=body)

    def typing_call(self, outgoing: Outgoing, target: str) -> Call | None:
        """Only in answer to a message, which is marked as read by it."""
        return self.seen_call(outgoing, target, typing=True) if target else None

    def sent(self, body: Mapping[str, Any]) -> Sent | None:
        external_id = first_id(body.get("messages"))
        if not external_id:
            return None
        learned = []
        for contact in map(mapping, listed(body.get("contacts"))[:1]):
            phone, user = string(contact.get("wa_id")), string(contact.get("user_id"))
            if phone.isdecimal():
                learned.append(Identity(IdKind.PHONE, phone, normal_form(phone)))
            if user:
                learned.append(Identity(IdKind.BSUID, user, user))
        return Sent(external_id=external_id, learned=tuple(learned))

    def _texts(self, text: str, split: bool) -> list[str]:
        if len(text) > TEXT and not split:
            raise Unsendable(
                "text_too_long",
                f"WhatsApp takes up to {TEXT} characters; these are {len(text)}. "
                "Shorten it, or ask for it to be split.",
                TEXT,
            )
        return pieces(text, TEXT)

    def _with_choices(self, draft: Draft) -> tuple[Draft, ...]:
        count = len(draft.choices)
        longest = BUTTON_TITLE if count <= BUTTONS else ROW_TITLE
        if draft.files:
            raise Unsendable("choices_with_file", "Send the file without buttons.")
        if not draft.text or len(draft.text) > BODY:
            raise Unsendable(
                "text_too_long" if draft.text else "empty",
                f"Buttons need a text of up to {BODY} characters.",
                BODY,
            )
        if count > ROWS:
            raise Unsendable(
                "too_many_choices", f"WhatsApp takes up to {ROWS} choices.", ROWS
            )
        check_titles(draft.choices, longest, "WhatsApp")
        return (draft,)

    def _recipient(self, to: tuple[Identity, ...]) -> dict[str, Any]:
        """By phone number, with "+", since else the business's own country code is put
        in front; by user id where no number is known."""
        if group := pick(to, IdKind.GROUP):
            return {"recipient_type": "group", "to": group.value}
        found = pick(to, IdKind.PHONE, IdKind.BSUID)
        if found is None:
            raise Unsendable("no_recipient", "No number or id of this person is known.")
        if found.kind == IdKind.BSUID:
            return {"recipient_type": "individual", "recipient": found.value}
        digits = re.sub(r"\D", "", found.value)
        return {"recipient_type": "individual", "to": f"+{digits}"}

    def _said(self, draft: Draft) -> dict[str, Any]:
        """`type`, and what belongs to it."""
        if template := draft.template:
            told: dict[str, Any] = {
                "name": template.name,
                "language": {"code": template.language},
            }
            if template.components:
                told["components"] = list(template.components)
            return {"type": "template", "template": told}
        if draft.files:
            return _file(draft.files[0], draft.text)
        if draft.choices:
            return {"type": "interactive", "interactive": _interactive(draft)}
        return {"type": "text", "text": {"body": draft.text, "preview_url": True}}


def _file(file: File, caption: str) -> dict[str, Any]:
    told: dict[str, Any] = {"id": file.external_id}
    if caption and file.kind in CAPTIONED:
        told["caption"] = caption
    if file.kind == "document" and file.filename:
        told["filename"] = file.filename
    return {"type": file.kind, file.kind: told}


def _interactive(draft: Draft) -> dict[str, Any]:
    """Up to three choices are buttons, more are a list behind one."""
    if len(draft.choices) <= BUTTONS:
        action: dict[str, Any] = {
            "buttons": [
                {"type": "reply", "reply": {"id": choice.id, "title": choice.title}}
                for choice in draft.choices
            ]
        }
        return {"type": "button", "body": {"text": draft.text}, "action": action}
    rows = [{"id": choice.id, "title": choice.title} for choice in draft.choices]
    action = {"button": "Choose", "sections": [{"rows": rows}]}
    return {"type": "list", "body": {"text": draft.text}, "action": action}


def check_titles(choices: tuple[Choice, ...], longest: int, channel: str) -> None:
    """Buttons that nobody could tell apart, or that are too long. Raises Unsendable."""
    titles = [choice.title for choice in choices]
    if any(not title or len(title) > longest for title in titles):
        raise Unsendable(
            "choice_too_long",
            f"{channel} shows up to {longest} characters on each choice.",
            longest,
        )
    ids = [choice.id for choice in choices]
    if len(set(titles)) < len(titles) or len(set(ids)) < len(ids):
        raise Unsendable("choices_alike", "Two choices are the same.")
    if any(len(key) > CHOICE_ID for key in ids):
        raise Unsendable(
            "choice_too_long", "The id of a choice is too long.", CHOICE_ID
        )
