"""What a person does on a phone, and the webhooks that Meta makes of it."""

import hashlib
import secrets
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

from flexoraa.sandbox import events
from flexoraa.sandbox.events import Account
from flexoraa.sandbox.library import kind_of
from flexoraa.sandbox.meta import Meta, message_id, now
from flexoraa.sandbox.people import Bubble
from flexoraa.sandbox.story import Post

Document = dict[str, Any]
REACTIONS = {"❤️": "love", "👍": "like", "👎": "dislike", "😆": "smile", "😮": "wow"}
MESSENGER_KINDS = ("image", "video", "audio")


class Phone:
    """One person in the chat with one account; everything happens now."""

    def __init__(self, meta: Meta, account: str, person: str) -> None:
        connected = meta.account(account)
        if connected is None:
            raise LookupError(f"Nobody connected the account {account}.")
        self.meta = meta
        self.account: Account = connected.account
        self.person = meta.people.person(account, person)

    def write(self, text: str, reply_to: str = "") -> int:
        """Send words; what the door answered (0: nothing)."""
        bubble = self._bubble("text", text=text, reply_to=reply_to)
        if self._is_whatsapp:
            content = {"type": "text", "text": {"body": text}}
            return self._say(bubble, **content, **self._context(reply_to))
        return self._say(bubble, text=text, **self._context(reply_to))

    def send_file(self, body: bytes, mime_type: str, name: str, caption: str) -> int:
        """Send a picture, or any other file."""
        plain = mime_type.split(";")[0]
        file = self.meta.library.store(self.account.external_id, body, plain, name)
        kind = kind_of(plain) or "document"
        bubble = self._bubble(
            kind,
            text=caption,
            media=f"/_phone/files/{file.id}",
            mime_type=plain,
            filename=name,
        )
        if self._is_whatsapp:
            digest = b64encode(hashlib.sha256(body).digest()).decode()
            content = {"id": file.id, "mime_type": plain, "sha256": digest}
            if caption:
                content["caption"] = caption
            if kind == "document":
                content["filename"] = name
            return self._say(bubble, type=kind, **{kind: content})
        url = f"{self.meta.url}{self.meta.library.link(file, is_private=False)}"
        kind = kind if kind in MESSENGER_KINDS else "file"
        attachment = {"type": kind, "payload": {"url": url}}
        words = {"text": caption} if caption else {}
        return self._say(bubble, attachments=[attachment], **words)

    def react(self, target: str, emoji: str) -> int:
        """React to a message; an empty emoji takes it back."""
        with self._chat() as chat:
            if bubble := chat.find(target):
                bubble.reactions["me"] = emoji
            chat.last_wrote = now()
        if self._is_whatsapp:
            reaction = {"message_id": target, "emoji": emoji}
            return self._post(self._message(type="reaction", reaction=reaction))
        reaction = {"mid": target, "action": "react" if emoji else "unreact"}
        if emoji:
            reaction |= {"reaction": REACTIONS.get(emoji, "other"), "emoji": emoji}
        return self._post(self._item(reaction=reaction))

    def tap(self, target: str, number: int) -> int:
        """Tap one of the choices that a message offers."""
        chat = self.meta.people.look(self.account.external_id, self.person.id)
        offered = chat.find(target)
        if offered is None or not 0 <= number < len(offered.choices):
            raise LookupError("That message offers no such choice.")
        choice = offered.choices[number]
        title, payload, kind = choice["title"], choice["payload"], choice["kind"]
        bubble = self._bubble("button", text=title, reply_to=target)
        if kind == "template":
            button = {"type": "button", "button": {"text": title, "payload": payload}}
            return self._say(bubble, **button, **self._context(target))
        if self._is_whatsapp:
            name = f"{kind}_reply"
            reply = {"type": name, name: {"id": payload, "title": title}}
            return self._say(
                bubble, type="interactive", interactive=reply, **self._context(target)
            )
        if kind == "postback":
            postback = {"mid": bubble.id, "title": title, "payload": payload}
            self._note(bubble)
            return self._settle(bubble, self._post(self._item(postback=postback)))
        return self._say(bubble, text=title, quick_reply={"payload": payload})

    def read(self) -> int:
        """Open the chat: what the business said is read now; how many that were."""
        with self._chat() as chat:
            unread = [b for b in chat.bubbles if not b.mine and b.status != "read"]
            for bubble in unread:
                bubble.status = "read"
        at = datetime.fromtimestamp(now(), UTC)
        bodies = []
        if self._is_whatsapp:
            for bubble in unread:
                ref = {"biz_opaque_callback_data": bubble.ref} if bubble.ref else {}
                bodies.append(
                    events.status(
                        self.account, self.person, bubble.id, at, "read", **ref
                    )
                )
        elif unread:
            last = max(unread, key=lambda bubble: bubble.at)
            bodies.append(events.seen(self.account, self.person, last.id, at))
        for body in bodies:
            self.meta.callbacks.plan(self.account.channel, body)
        return len(unread)

    @property
    def _is_whatsapp(self) -> bool:
        return self.account.channel == "whatsapp"

    def _chat(self) -> Any:
        return self.meta.people.chat(self.account.external_id, self.person.id)

    def _bubble(self, kind: str, **fields: Any) -> Bubble:
        name = message_id(self.account.channel, self.person.id)
        return Bubble(id=name, mine=True, kind=kind, **fields)

    def _context(self, reply_to: str) -> Document:
        if not reply_to:
            return {}
        if self._is_whatsapp:
            return {"context": {"from": self.account.external_id, "id": reply_to}}
        return {"reply_to": {"mid": reply_to}}

    def _say(self, bubble: Bubble, **content: Any) -> int:
        """Show it in the chat, tell the business, show how that went."""
        self._note(bubble)
        at = datetime.fromtimestamp(bubble.at, UTC)
        body = events.message(self.account, self.person, bubble.id, at, **content)
        return self._settle(bubble, self._post(body))

    def _note(self, bubble: Bubble) -> None:
        account, person = self.account.external_id, self.person.id
        self.meta.people.wrote(account, person)
        self.meta.people.say(account, person, bubble)

    def _settle(self, bubble: Bubble, code: int) -> int:
        with self._chat():
            if not bubble.status:
                bubble.status = "delivered" if code == 200 else "failed"
        return code

    def _message(self, **content: Any) -> bytes:
        at = datetime.fromtimestamp(now(), UTC)
        name = message_id(self.account.channel, self.person.id)
        return events.message(self.account, self.person, name, at, **content)

    def _item(self, **event: Any) -> bytes:
        at = datetime.fromtimestamp(now(), UTC)
        item = events.said(self.account, self.person, at, **event)
        return events.messaging(self.account, item)

    def _post(self, body: bytes) -> int:
        return self.meta.callbacks.post_now(Post(self.account.channel, body))


def newcomer(meta: Meta, account: str, name: str) -> str:
    """Somebody who never wrote before; their id on the account's channel."""
    connected = meta.account(account)
    if connected is None:
        raise LookupError(f"Nobody connected the account {account}.")
    is_whatsapp = connected.account.channel == "whatsapp"
    prefix = "9199" if is_whatsapp else "99"
    person = prefix + format(secrets.randbelow(10**8), "08d")
    person += "" if is_whatsapp else "000000"
    with meta.people.chat(account, person) as chat:
        chat.name = name
    return person
