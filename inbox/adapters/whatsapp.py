"""WhatsApp Cloud API: its envelope, messages, statuses, echoes and history.

Sources: developers.facebook.com, documentation/business-messaging/whatsapp, the pages
"webhooks" and "onboarding business app users" (numbers that also use the app).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from inbox.adapters.base import (
    ConsentChanged,
    Echo,
    Edited,
    Event,
    Identity,
    IdentityChanged,
    IdKind,
    InboundMessage,
    Kind,
    Noted,
    Person,
    Reacted,
    StatusUpdate,
    Unknown,
    Unsent,
)
from inbox.adapters.meta import MetaAdapter, listed, mapping, moment, string
from inbox.adapters.meta_errors import OPTED_OUT
from inbox.adapters.meta_files import WhatsAppFiles
from inbox.adapters.whatsapp_account import account_events, is_about_account
from inbox.adapters.whatsapp_messages import content, own_number
from inbox.adapters.whatsapp_people import Card, People, identities
from inbox.adapters.whatsapp_sending import WhatsAppSending
from inbox.adapters.whatsapp_statuses import errors, past_status, status_event

Item = tuple[str, Any, Iterable[Event]]

FIELDS = frozenset(
    (
        "automatic_events",
        "business_username_update",
        "business_username_updates",
        "calls",
        "history",
        "messages",
        "smb_app_state_sync",
        "smb_message_echoes",
        "tracking",
        "user_actions",
        "user_id_update",
        "user_preferences",
    )
)
NOTED = frozenset(  # lists whose items are only kept
    (
        "automatic_events",
        "calls",
        "groups",
        "state_sync",
        "tracking",
        "user_actions",
    )
)
PREFERENCES = {"stop": False, "resume": True}
GROUPS = "group_"  # how the fields about groups begin
ENVELOPE = frozenset(("messaging_product", "metadata", "contacts", "errors"))


class WhatsAppAdapter(WhatsAppSending, WhatsAppFiles, MetaAdapter):
    """WhatsApp Business numbers, in the cloud alone or together with the app."""

    channel = "whatsapp"
    label = "WhatsApp"
    object = "whatsapp_business_account"
    opted_out_codes = OPTED_OUT

    def entry_items(self, where: str, entry: Mapping[str, Any]) -> Iterator[Item]:
        for position, change in enumerate(listed(entry.get("changes"))):
            place = f"{where}.changes[{position}]"
            if isinstance(change, dict):
                yield from Change(entry, change).items(place)
            else:
                yield place, change, Change(entry, {}).noted(change, "change")


class Change:
    """One change of an entry: what its items share, and how each kind is read."""

    def __init__(self, entry: Mapping[str, Any], change: Mapping[str, Any]) -> None:
        value = change.get("value")
        self.raw = change
        self.field = string(change.get("field"))
        if not isinstance(value, dict):
            value = {} if value is None else {self.field: value}
        self.value: Mapping[str, Any] = value
        self.people = People(value)
        self.account = string(mapping(value.get("metadata")).get("phone_number_id"))
        self.parent = string(entry.get("id"))
        self.at = moment(entry["time"]) if "time" in entry else None

    def items(self, where: str) -> Iterator[Item]:
        """Every item of this change, or the change itself where it has none."""
        if self.field in FIELDS or self.field.startswith(GROUPS):
            yield from self._lists(where)
        elif is_about_account(self.field):
            events = account_events(self.field, self.value, self.parent, self.at)
            yield where, self.raw, events
        elif self.field or self.value:
            yield where, self.raw, self.unknown()

    def _lists(self, where: str) -> Iterator[Item]:
        value, known = self.value, False
        for key, found in value.items():
            if key == "history":
                yield from self._history(where)
            elif key in READERS or key in NOTED:
                for position, item in enumerate(listed(found)):
                    events = self._read(key, item)
                    yield f"{where}.{key}[{position}]", item, events
            else:
                continue
            known = True
        if not known and not ENVELOPE.issuperset(value):
            yield where, self.raw, self.noted(value, self.field)
        if value.get("errors") and not (value.get("messages") or value.get("statuses")):
            problems = {"errors": value["errors"]}
            yield f"{where}.errors", problems, self.noted(problems, "errors")

    def _history(self, where: str) -> Iterator[Item]:
        """Messages older than the connection; also chunks that hold none."""
        for number, chunk in enumerate(listed(self.value["history"])):
            threads = listed(mapping(chunk).get("threads"))
            if not threads:
                yield f"{where}.history[{number}]", chunk, self.noted(chunk, "history")
            for second, thread in enumerate(threads):
                place = f"{where}.history[{number}].threads[{second}]"
                if not isinstance(thread, dict):
                    yield place, thread, self.noted(thread, "history")
                    continue
                for third, item in enumerate(listed(thread.get("messages"))):
                    events = self.remembered(item, thread)
                    yield f"{place}.messages[{third}]", item, events

    def _read(self, key: str, item: Any) -> Iterator[Event]:
        if key in READERS:
            return READERS[key](self, item)
        return self.noted(item, key if self.field == "messages" else self.field)

    def message(self, item: Any, card: Card | None = None) -> Iterator[Event]:
        """A person wrote, or did something to an earlier message."""
        shared, word = self._identified(item), item.get("type")
        if word in ("edit", "revoke"):
            yield _altered(item, shared)
            return
        person: Person | None
        if renamed := self.people.renamed(item) if word == "system" else None:
            person, olds = renamed
            for old in olds:
                yield IdentityChanged(**shared, old=old, person=person)
        else:
            phone = item.get("from") or own_number(item)
            person = self.people.person(item.get("from_user_id"), phone, card)
        if person is None:
            raise ValueError("a message from nobody")
        if word == "reaction":
            yield _reacted(item, shared, person)
        elif word == "request_welcome":
            yield Noted(**shared, kind=word, payload=item, person=person)
        else:
            yield InboundMessage(**shared, **self._said(item), person=person)

    def echo(self, item: Any, card: Card | None = None) -> Iterator[Event]:
        """The business wrote with the app on its phone."""
        shared, word = self._identified(item), item.get("type")
        if word in ("edit", "revoke"):
            yield _altered(item, shared)
            return
        if word == "reaction":
            yield _reacted(item, shared, None)
            return
        person = self.people.person(item.get("to_user_id"), item.get("to"), card)
        if person is None and (group := string(item.get("group_id"))):
            person = Person(identities=(Identity(IdKind.GROUP, group, group),))
        if person is None:
            raise ValueError("a message to nobody")
        yield Echo(**shared, **self._said(item), person=person)

    def remembered(self, item: Any, thread: Mapping[str, Any]) -> Iterator[Event]:
        """A message of the history: theirs, or ours with what became of it."""
        shared, context = self._identified(item), mapping(thread.get("context"))
        card = {
            "user_id": context.get("user_id"),
            "wa_id": thread.get("id") or context.get("wa_id"),
            "profile": context,
        }
        if not self.people.is_own(item, card):
            yield from self.message(item, card)
            return
        yield from self.echo(item, card)
        if status := past_status(item):
            ours = string(item["id"])
            yield StatusUpdate(**shared, external_id=ours, status=status)

    def status(self, item: Any) -> Iterator[Event]:
        """A message of ours got somewhere, or failed."""
        yield status_event(item, self.people, **self._identified(item))

    def user_id_update(self, item: Any) -> Iterator[Event]:
        """A person has another BSUID."""
        shared, told = self._shared(item), mapping(item.get("user_id"))
        olds = identities(string(told.get("previous")), "")
        person = self.people.person(told.get("current"), item.get("wa_id"))
        if not olds or person is None:
            raise ValueError("an id changed, but not from what to what")
        yield IdentityChanged(**shared, old=olds[0], person=person)

    def noted(self, item: Any, kind: str) -> Iterator[Event]:
        """Kept; it changes no message."""
        shared, person = self._shared(item), self.people.involved(item)
        yield Noted(**shared, kind=kind[:100], payload=item, person=person)

    def preference(self, item: Any) -> Iterator[Event]:
        """A person stopped or resumed marketing (webhooks/reference/user_preferences).
        Of another category, or with another word, it is kept only."""
        wants = PREFERENCES.get(string(mapping(item).get("value")).lower())
        category = string(mapping(item).get("category"))
        if wants is None or category != "marketing_messages":
            yield from self.noted(item, "user_preferences")
            return
        shared, person = self._shared(item), self.people.involved(item)
        yield ConsentChanged(
            **shared,
            kind="user_preferences",
            payload=item,
            person=person,
            wants=wants,
        )

    def unknown(self) -> Iterator[Event]:
        """Kept as it came: a field that Meta had not told of."""
        kind = self.field[:100] or "change"
        yield Unknown(**self._shared(self.value), kind=kind, payload=self.value)

    def _said(self, item: Mapping[str, Any]) -> dict[str, Any]:
        said, problems = content(item), item.get("errors")
        if said.kind is Kind.UNSUPPORTED and not problems:
            problems = self.value.get("errors")
        return {
            **said._asdict(),
            "external_id": string(item["id"]),
            "referral": mapping(item.get("referral")) or None,
            "group": string(item.get("group_id")),
            "errors": errors(problems),
        }

    def _identified(self, item: Any) -> dict[str, Any]:
        shared = self._shared(item)
        _required(item, "id")
        return shared

    def _shared(self, item: Any) -> dict[str, Any]:
        if not isinstance(item, dict):
            raise ValueError(f"not an object: {item!r:.80}")
        time = item.get("timestamp") or mapping(item.get("metadata")).get("timestamp")
        at = moment(time, self.at)
        return {"account": self.account, "parent": self.parent, "at": at}


def _required(item: Mapping[str, Any], key: str) -> str:
    found = string(item.get(key))
    if not found:
        raise ValueError(f"it has no {key}")
    return found


def _altered(item: Mapping[str, Any], shared: dict[str, Any]) -> Event:
    """An edit or a revocation: each has an id of its own and names another message."""
    word = item["type"]
    body = mapping(item.get(word))
    target = _required(body, "original_message_id")
    if word == "revoke":
        return Unsent(**shared, target=target)
    said = content(mapping(body.get("message")))
    if said.kind is Kind.UNSUPPORTED:  # never blank a text that we cannot replace
        return Noted(**shared, kind=word, payload=item)
    return Edited(**shared, target=target, text=said.text)


def _reacted(
    item: Mapping[str, Any], shared: dict[str, Any], person: Person | None
) -> Event:
    body = mapping(item.get("reaction"))
    target, emoji = _required(body, "message_id"), string(body.get("emoji"))
    return Reacted(**shared, target=target, emoji=emoji, person=person)


READERS: dict[str, Callable[[Change, Any], Iterator[Event]]] = {
    "messages": Change.message,
    "message_echoes": Change.echo,
    "statuses": Change.status,
    "user_id_update": Change.user_id_update,
    "user_preferences": Change.preference,
}
