"""One `messaging` item of Instagram or Messenger: whose it is, and what happened.

Sources: developers.facebook.com, documentation/business-messaging/messenger-platform,
"webhook events"; instagram-platform/webhooks/examples and self-messaging.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from inbox.adapters.base import (
    UNTIMED,
    Echo,
    Edited,
    Event,
    Identity,
    IdKind,
    InboundMessage,
    Kind,
    Noted,
    Person,
    Reacted,
    Status,
    StatusUpdate,
    Unknown,
    Unsent,
    Watermark,
)
from inbox.adapters.messaging_content import Content, content
from inbox.adapters.meta import derived_id, listed, mapping, moment, string

STANDBY = "standby"  # the list of conversations that another app leads
ECHOES = "message_echoes"
FIELDS = frozenset(  # of `changes`, whose values are such items
    """
    call_permission_reply message_deliveries message_echoes message_edit message_edits
    message_reactions message_reads messages messaging_account_linking
    messaging_checkout_updates messaging_customer_information messaging_feedback
    messaging_game_plays messaging_handover messaging_handovers messaging_optins
    messaging_optouts messaging_payments messaging_policy_enforcement
    messaging_postbacks messaging_pre_checkouts messaging_referral messaging_referrals
    messaging_seen response_feedback send_cart standby
    """.split()
)
NOTED = (  # what changes no message
    """
    optin optout account_linking policy_enforcement policy-enforcement
    pass_thread_control take_thread_control request_thread_control app_roles game_play
    payment pre_checkout checkout_update call_permission_reply
    messaging_customer_information messaging_feedback response_feedback
    """.split()
)
FRAME = frozenset(("is_self", "recipient", "sender", "timestamp"))
EMOJI = {
    "angry": "😠",
    "dislike": "👎",
    "laugh": "😆",
    "like": "👍",
    "love": "❤",
    "sad": "😢",
    "smile": "😆",
    "wow": "😮",
}


class Item:
    """An item with what all kinds of event share.

    `source` is the list, or the field of `changes`, that it came by. An echo has our
    side as its sender; so has what the business wrote to itself.
    """

    def __init__(
        self, id_kind: IdKind, entry: Mapping[str, Any], item: Any, source: str
    ) -> None:
        if not isinstance(item, dict):
            raise ValueError(f"not an object: {item!r:.80}")
        self.id_kind, self.raw, self.source = id_kind, item, source
        self.sender = mapping(item.get("sender"))
        self.recipient = mapping(item.get("recipient"))
        message = mapping(item.get("message"))
        self.is_self = bool(message.get("is_self") or item.get("is_self"))
        is_echo = message.get("is_echo") or self.is_self or source == ECHOES
        sender_id = string(self.sender.get("id"))
        self.account = string(entry.get("id"))
        if self.account in ("", "0"):  # a test from the dashboard
            ours = self.sender if is_echo else self.recipient
            self.account = string(ours.get("id")) or self.account
        self.is_ours = bool(is_echo) or sender_id == self.account != ""
        self.stamp = item.get("timestamp") or entry.get("time")
        self.at = moment(item.get("timestamp"))
        if self.at is UNTIMED:
            self.at = moment(entry.get("time"))

    def events(self) -> Iterator[Event]:
        """What happened; of several kinds in one item the first of READERS leads."""
        for key, read in READERS.items():
            if key in self.raw:
                body = self.raw[key]
                if not isinstance(body, dict):
                    raise ValueError(f"its {key} is not an object: {body!r:.80}")
                return read(self, body)
        return self._rest()

    def message(self, body: Mapping[str, Any]) -> Iterator[Event]:
        """Somebody wrote, or took it back."""
        mid = _required(body, "mid")
        if body.get("is_deleted"):
            yield Unsent(account=self.account, at=self.at, target=mid)
        else:
            yield self._said(body, mid, content(body))

    def postback(self, body: Mapping[str, Any]) -> Iterator[Event]:
        """Somebody tapped a button; its payload is not told to apps in standby."""
        title, payload = string(body.get("title")), body.get("payload", "")
        external_id = string(body.get("mid")) or self._derived("postback", payload)
        told = {"payload": payload, "title": title}
        yield self._said(body, external_id, Content(Kind.POSTBACK, title, told))

    def order(self, body: Mapping[str, Any]) -> Iterator[Event]:
        """Somebody sent the cart of a shop."""
        said = Content(Kind.ORDER, string(body.get("note")), body)
        yield self._said(body, self._derived("order", body), said)

    def referral(self, body: Mapping[str, Any]) -> Iterator[Event]:
        """Somebody came by an ad or link, and said nothing yet."""
        parts = (body.get(key) for key in ("ref", "source", "ad_id"))
        said = Content(Kind.REFERRAL, "", {})
        yield self._said({}, self._derived("referral", *parts), said)

    def reaction(self, body: Mapping[str, Any]) -> Iterator[Event]:
        """An emoji was put on a message, or taken off."""
        target, word = _required(body, "mid"), string(body.get("reaction"))
        emoji = string(body.get("emoji")) or EMOJI.get(word, word)
        if body.get("action") == "unreact":
            emoji = ""
        elif not emoji:
            raise ValueError("a reaction without an emoji")
        person = None if self.is_ours else self._somebody()
        yield Reacted(
            account=self.account, at=self.at, target=target, emoji=emoji, person=person
        )

    def message_edit(self, body: Mapping[str, Any]) -> Iterator[Event]:
        """A text changed. Without text it is Instagram telling of a new message, which
        comes by itself too: `num_edit` is 0 then, and often nobody is the sender."""
        target, text = _required(body, "mid"), body.get("text")
        if not isinstance(text, str):
            yield self._noted("message_edit")
            return
        count = string(body.get("num_edit"))
        number = int(count[:9]) if count.isdecimal() else 0
        yield Edited(
            account=self.account, at=self.at, target=target, text=text, number=number
        )

    def delivery(self, body: Mapping[str, Any]) -> Iterator[Event]:
        """Messenger says which messages, until when, or both."""
        return self._progress(Status.DELIVERED, body.get("mids"), body.get("watermark"))

    def read(self, body: Mapping[str, Any]) -> Iterator[Event]:
        """Instagram says up to which message, Messenger until when."""
        return self._progress(Status.READ, body.get("mid"), body.get("watermark"))

    def _progress(
        self, status: Status, targets: Any, watermark: Any
    ) -> Iterator[Event]:
        """How far messages of ours have come; that we read theirs is only noted."""
        if self.is_ours:
            yield self._noted(status.value)
            return
        mids = [mid for mid in map(string, listed(targets)) if mid]
        if not mids and watermark is None:
            raise ValueError(f"{status.value}, but not which message or until when")
        for mid in mids:
            yield StatusUpdate(
                account=self.account,
                at=self.at,
                external_id=mid,
                status=status,
                person=self._person(),
                covers_earlier=status is Status.READ,
            )
        if watermark is not None:
            yield Watermark(
                account=self.account,
                at=self.at,
                person=self._somebody(),
                status=status,
                until=moment(watermark, self.at),
            )

    def _rest(self) -> Iterator[Event]:
        for key in NOTED:
            if key in self.raw:
                yield self._noted(key)
                return
        if self.source in FIELDS and self.source != STANDBY:
            yield self._noted(self.source)
            return
        keys = ",".join(sorted(self.raw.keys() - FRAME))
        yield Unknown(
            account=self.account,
            at=self.at,
            kind=f"messaging:{keys}"[:100],
            payload=self.raw,
            person=self._person(),
        )

    def _noted(self, kind: str) -> Noted:
        return Noted(
            account=self.account,
            at=self.at,
            kind=kind,
            payload=self.raw,
            person=self._person(),
        )

    def _said(
        self, body: Mapping[str, Any], external_id: str, said: Content
    ) -> InboundMessage | Echo:
        """By us or by a person; what else is in the item goes to the payload."""
        payload = said.payload
        if beside := self.raw.keys() - READ:
            payload = {**{key: self.raw[key] for key in sorted(beside)}, **payload}
        if self.source == STANDBY:
            payload = {**payload, "standby": True}
        if self.is_self:
            payload = {**payload, "self": True}
        referral = body.get("referral") or self.raw.get("referral")
        shared: dict[str, Any] = {
            "account": self.account,
            "at": self.at,
            "person": self._somebody(),
            "external_id": external_id,
            "kind": said.kind,
            "text": said.text,
            "payload": payload,
            "attachments": said.attachments,
            "reply_to": said.reply_to,
            "referral": mapping(referral) or None,
        }
        if not self.is_ours:
            return InboundMessage(**shared)
        ref, app_id = string(body.get("metadata")), string(body.get("app_id"))
        return Echo(**shared, ref=ref, app_id=app_id)

    def _derived(self, kind: str, *parts: object) -> str:
        who = self.sender.get("id") or self.sender.get("user_ref")
        return derived_id(kind, who, self.stamp, *parts)

    def _somebody(self) -> Person:
        person = self._person()
        if person is None:
            raise ValueError("it does not say whose it is")
        return person

    def _person(self) -> Person | None:
        """Whoever is not us: by scoped id, or until they write by a plugin's ref."""
        who, other = self.sender, self.recipient
        if self.is_ours:
            who, other = other, who
        found = string(who.get("id"))
        if found == self.account:
            found = string(other.get("id")) or found
        if found:
            return Person(identities=(Identity(self.id_kind, found, found),))
        ref = who.get("user_ref") or mapping(self.raw.get("optin")).get("user_ref")
        if not ref:
            return None
        return Person(identities=(Identity(IdKind.USER_REF, string(ref), string(ref)),))


def _required(body: Mapping[str, Any], key: str) -> str:
    found = string(body.get(key))
    if not found:
        raise ValueError(f"it has no {key}")
    return found


READERS: dict[str, Callable[[Item, Mapping[str, Any]], Iterator[Event]]] = {
    "message": Item.message,
    "postback": Item.postback,
    "order": Item.order,
    "reaction": Item.reaction,
    "message_edit": Item.message_edit,
    "delivery": Item.delivery,
    "read": Item.read,
    "referral": Item.referral,
}
READ = FRAME.union(READERS)
