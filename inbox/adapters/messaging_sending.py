"""Instagram and Messenger: what can be sent, and the calls that send it.

Sources: developers.facebook.com, documentation/business-messaging/messenger-platform,
"send messages"; instagram-platform, "messaging API". Tags: the platform's changelog,
27 April 2026 (of them only HUMAN_AGENT is left).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from flexoraa.lib.crypto import Secret
from inbox.adapters.base import Person
from inbox.adapters.meta import mapping, string
from inbox.adapters.meta_connecting import INSTAGRAM, api_of
from inbox.adapters.meta_sending import MetaSending, pick
from inbox.adapters.sending import (
    HUMAN_AGENT,
    Allowed,
    Call,
    Draft,
    File,
    Outgoing,
    Sent,
    Unsendable,
    pieces,
    size,
)
from inbox.adapters.whatsapp_sending import MB, check_titles
from inbox.adapters.words import Identity, IdKind

QUICK_REPLIES, QUICK_REPLY_TITLE = 13, 20
WORDS = {"document": "file", "sticker": "image"}  # Meta's own, where they differ
REACTION = "love"  # the one that Instagram documents; any emoji goes beside it


class MessagingSending(MetaSending):
    """The sending half of an adapter of `messaging` items."""

    label: ClassVar[str]
    channel: ClassVar[str]
    id_kind: ClassVar[IdKind]
    text_limit: ClassVar[int]
    counts_bytes: ClassVar[bool] = False
    files: ClassVar[Mapping[str, Allowed]]
    human_agent_days: float | None = 7
    has_watermarks = True
    tells_profiles = True
    profile_fields: ClassVar[tuple[str, ...]]

    def parts(self, draft: Draft, split: bool = False) -> tuple[Draft, ...]:
        """The messages that say it: a text and each file are messages of their own.
        Raises Unsendable."""
        if draft.template:
            raise Unsendable("no_templates", f"{self.label} has no templates.")
        for file in draft.files:
            self.allowed(file).check(file, self.label)
        if draft.choices:
            self._check_choices(draft)
        said = [Draft(text=text) for text in self._texts(draft.text, split)]
        if said:
            said[-1] = replace(said[-1], choices=draft.choices)
        said += [Draft(files=(file,)) for file in draft.files]
        if not said:
            raise Unsendable("empty", "Write something, or attach a file.")
        return (replace(said[0], reply_to=draft.reply_to), *said[1:])

    def allowed(self, file: File) -> Allowed:
        """What a file of this kind may be."""
        if file.kind not in self.files:
            raise Unsendable("file_type", f"{self.label} does not take a {file.kind}.")
        return self.files[file.kind]

    def message_call(self, outgoing: Outgoing) -> Call:
        draft, api = outgoing.draft, api_of(self.channel, outgoing.token)
        message: dict[str, Any] = {}
        if draft.files:
            file = draft.files[0]
            message["attachment"] = {
                "type": WORDS.get(file.kind, file.kind),
                "payload": {"attachment_id": file.external_id},
            }
        else:
            message["text"] = draft.text
        if draft.choices:
            message["quick_replies"] = [
                {"content_type": "text", "title": choice.title, "payload": choice.id}
                for choice in draft.choices
            ]
        body: dict[str, Any] = {"recipient": self._recipient(outgoing.to)}
        if outgoing.tag == HUMAN_AGENT:
            body |= {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
        elif api != INSTAGRAM:
            body["messaging_type"] = "RESPONSE"
        if api != INSTAGRAM:
            message["metadata"] = outgoing.ref
        body["message"] = message
        if draft.reply_to:
            body["reply_to"] = {"mid": draft.reply_to}
        return self._call(outgoing, body)

    def reaction_call(self, outgoing: Outgoing, target: str, emoji: str) -> Call:
        """Puts our reaction on a message; "" takes it off."""
        payload: dict[str, Any] = {"message_id": target}
        if emoji:
            payload["reaction"] = REACTION if emoji == "❤" else emoji
        action = "react" if emoji else "unreact"
        body = {"sender_action": action, "payload": payload}
        return self._call(outgoing, {**self._to(outgoing), **body})

    def seen_call(self, outgoing: Outgoing, target: str) -> Call:
        """Everything up to now was seen; sent by itself, without a message."""
        return self._call(
            outgoing, {**self._to(outgoing), "sender_action": "mark_seen"}
        )

    def typing_call(self, outgoing: Outgoing, target: str) -> Call | None:
        """Somebody writes; it ends by itself, or with the reply."""
        return self._call(
            outgoing, {**self._to(outgoing), "sender_action": "typing_on"}
        )

    def profile_call(self, person: str, token: Secret) -> Call:
        """Asks who that is (messenger-platform/identity/user-profile; the same page of
        instagram-platform, on the server of the token's login)."""
        params = {"fields": ",".join(self.profile_fields)}
        api = api_of(self.channel, token)
        return Call(method="GET", path=person, api=api, params=params)

    def profile(self, body: Any) -> Person | None:
        """An empty answer is a person whom the app may not know."""
        told = mapping(body)
        parts = [string(told.get(name)) for name in ("first_name", "last_name")]
        name = string(told.get("name")) or " ".join(part for part in parts if part)
        username = string(told.get("username"))
        if not (name or username):
            return None
        return Person(identities=(), name=name.strip(), username=username)

    def sent(self, body: Mapping[str, Any]) -> Sent | None:
        external_id = string(body.get("message_id"))
        return Sent(external_id=external_id) if external_id else None

    def _texts(self, text: str, split: bool) -> list[str]:
        used, unit = size(text, self.counts_bytes), "characters"
        if self.counts_bytes:
            unit = "bytes (letters beyond a-z, and emoji, take two to four)"
        if used > self.text_limit and not split:
            raise Unsendable(
                "text_too_long",
                f"{self.label} takes up to {self.text_limit} {unit}; these are {used}. "
                "Shorten it, or ask for it to be split.",
                self.text_limit,
            )
        return pieces(text, self.text_limit, self.counts_bytes)

    def _check_choices(self, draft: Draft) -> None:
        if not draft.text:
            raise Unsendable("empty", "Quick replies need a text above them.")
        if len(draft.choices) > QUICK_REPLIES:
            raise Unsendable(
                "too_many_choices",
                f"{self.label} takes up to {QUICK_REPLIES} choices.",
                QUICK_REPLIES,
            )
        check_titles(draft.choices, QUICK_REPLY_TITLE, self.label)

    def _call(self, outgoing: Outgoing, body: Mapping[str, Any]) -> Call:
        """A Page's token says whose messages they are; an Instagram account linked to
        it is not known by its own id there."""
        api = api_of(self.channel, outgoing.token)
        whose = "me" if self.channel == INSTAGRAM else outgoing.account
        return Call(path=f"{whose}/messages", json=body, api=api)

    def _to(self, outgoing: Outgoing) -> dict[str, Any]:
        return {"recipient": self._recipient(outgoing.to)}

    def _recipient(self, to: tuple[Identity, ...]) -> dict[str, str]:
        found = pick(to, self.id_kind, IdKind.USER_REF)
        if found is None:
            raise Unsendable("no_recipient", "No id of this person is known.")
        key = "user_ref" if found.kind == IdKind.USER_REF else "id"
        return {key: found.value}


MESSENGER_FILES = {
    kind: Allowed(max_bytes=25 * MB) for kind in ("image", "audio", "video", "document")
}
INSTAGRAM_FILES = {
    "image": Allowed(
        max_bytes=8 * MB, mime_types=frozenset(("image/jpeg", "image/png"))
    ),
    "audio": Allowed(
        max_bytes=25 * MB,
        mime_types=frozenset(
            ("audio/aac", "audio/mp4", "audio/x-m4a", "audio/wav", "audio/x-wav")
        ),
    ),
    "video": Allowed(
        max_bytes=25 * MB,
        mime_types=frozenset(
            (
                "video/mp4",
                "video/ogg",
                "video/x-msvideo",
                "video/quicktime",
                "video/webm",
            )
        ),
    ),
    "document": Allowed(max_bytes=25 * MB, mime_types=frozenset(("application/pdf",))),
}
