"""What Instagram and Messenger share: the entries that hold their `messaging` items.

Sources: developers.facebook.com, documentation/business-messaging/messenger-platform,
"webhooks"; instagram-platform/webhooks/examples.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from inbox.adapters.base import Event, IdKind, Noted, Person, Unknown
from inbox.adapters.messaging_items import FIELDS, READERS, STANDBY, Item
from inbox.adapters.messaging_sending import MessagingSending
from inbox.adapters.meta import MetaAdapter, listed, mapping, moment, string
from inbox.adapters.meta_files import MessagingFiles

Items = Iterator[tuple[str, Any, Iterable[Event]]]

LISTS = ("messaging", STANDBY)
HOLDERS = frozenset((*LISTS, "changes", "field"))
FRAME = frozenset(("id", "time"))
SIDES = frozenset(("recipient", "sender"))


class MessagingAdapter(MessagingSending, MessagingFiles, MetaAdapter):
    """A channel of `messaging` items: say how it names people, and what else it tells.

    `fields` are the documented ones of `changes` that hold no such item.
    """

    id_kind: ClassVar[IdKind]
    fields: ClassVar[frozenset[str]]

    def entry_items(self, where: str, entry: Mapping[str, Any]) -> Items:
        for key in LISTS:
            for position, item in enumerate(listed(entry.get(key))):
                events = self._events(entry, item, key)
                yield f"{where}.{key}[{position}]", item, events
        for position, change in enumerate(listed(entry.get("changes"))):
            yield from self._change(f"{where}.changes[{position}]", entry, change)
        if "field" in entry:  # a change without its list: Instagram login
            yield from self._change(where, entry, entry)
        if HOLDERS.isdisjoint(entry) and entry.keys() - FRAME:
            yield where, entry, self._strange(entry)

    def author(self, account: str, value: Mapping[str, Any]) -> Person | None:
        """Who did what a change tells; None if us, or by ids of another kind."""
        return None

    def _change(self, where: str, entry: Mapping[str, Any], change: Any) -> Items:
        if not isinstance(change, dict):
            yield where, change, self._events(entry, change, "")
            return
        field, value = string(change.get("field")), change.get("value")
        if _is_item(value):
            yield where, value, self._events(entry, value, field)
        elif field or value:
            yield where, change, self._noted(entry, field, value)

    def _events(
        self, entry: Mapping[str, Any], item: Any, source: str
    ) -> Iterator[Event]:
        yield from Item(self.id_kind, entry, item, source).events()

    def _noted(
        self, entry: Mapping[str, Any], field: str, value: Any
    ) -> Iterator[Event]:
        if not isinstance(value, dict):
            value = {} if value is None else {field: value}
        account = string(entry.get("id"))
        is_known = field in self.fields or field in FIELDS
        yield (Noted if is_known else Unknown)(
            account=account,
            at=moment(value.get("timestamp"), moment(entry.get("time"))),
            kind=field[:100] or "change",
            payload=value,
            person=self.author(account, value),
        )

    def _strange(self, entry: Mapping[str, Any]) -> Iterator[Event]:
        """Kept as it came: an entry whose items are where Meta has not told us of."""
        keys = ",".join(sorted(entry.keys() - FRAME))
        yield Unknown(
            account=string(entry.get("id")),
            at=moment(entry.get("time")),
            kind=f"entry:{keys}"[:100],
            payload=entry,
        )


def _is_item(value: Any) -> bool:
    """Whether a change's value is what elsewhere stands in `messaging`."""
    if not isinstance(value, dict):
        return False
    return not SIDES.isdisjoint(value) or any(mapping(value.get(k)) for k in READERS)
