"""Events become rows: the order in which the kinds of event are applied, and why.

People first (advisory locks), then conversations, then messages, then facts about
messages: the one lock order of the project. Runs inside the caller's transaction.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

import orjson

from flexoraa.lib import sets
from flexoraa.lib.ids import uuid7
from inbox import announcing, burying, confirming, consents, effects, people, threads
from inbox.adapters.base import (
    UNTIMED,
    AccountUpdate,
    ConsentChanged,
    Echo,
    Edited,
    Event,
    IdentityChanged,
    InboundMessage,
    Noted,
    Person,
    Reacted,
    Said,
    StatusUpdate,
    TemplateUpdate,
    Unknown,
    Unsent,
    Watermark,
)
from inbox.models import ChannelAccount, ChannelEvent, Template
from inbox.routing import Routed

E = TypeVar("E", bound=Event)


class Sorted:
    """The events of a batch, by their kind."""

    def __init__(self, routed: Sequence[Routed[Event]]) -> None:
        self._by_type: dict[type[Event], list[Any]] = defaultdict(list)
        for item in routed:
            self._by_type[type(item.event)].append(item)

    def of(self, *kinds: type[E]) -> list[Routed[E]]:
        """Those of exactly these kinds."""
        return [item for kind in kinds for item in self._by_type[kind]]


def apply(routed: Sequence[Routed[Event]]) -> list[Routed[Event]]:
    """Write everything these events say; what is written already stays as it is. Those
    about people who were erased are left out, and given back."""
    sifted = burying.sift(routed)
    events = Sorted(sifted.living)
    echoes, statuses = events.of(Echo), events.of(StatusUpdate)
    arrived: list[threads.Arrived] = [*events.of(InboundMessage), *echoes]
    ours = confirming.match(echoes, statuses)
    fresh = threads.unseen(arrived)
    everybody = people.resolve(
        [(item.account, person) for item in fresh for person in _who_said(item.event)]
        + [(item.account, _renamed(item.event)) for item in events.of(IdentityChanged)]
        + [(item.account, item.event.person) for item in events.of(Watermark)]
        + [
            (item.account, item.event.person)
            for item in events.of(Reacted)
            if item.event.person
        ]
    )
    new = threads.store(fresh, everybody)
    people.note_inbound(
        (item.account, threads.counterpart(item.event), item.event.at)
        for item in fresh
        if threads.is_inbound(item)
    )
    consents.hear(fresh, everybody)
    consents.follow(events.of(ConsentChanged))
    changed = effects.adopt(new) if new else set()
    changed |= effects.record_statuses(statuses)
    changed |= effects.record_revisions([*events.of(Edited), *events.of(Unsent)])
    reacted = effects.record_reactions(events.of(Reacted), everybody)
    moved = effects.raise_watermarks(events.of(Watermark), everybody)
    moved |= effects.recount(changed)
    announcing.messages_created(new)
    changed |= reacted | moved | ours.messages
    announcing.messages_updated(changed.difference(new))
    _note(events.of(Noted, ConsentChanged, TemplateUpdate, AccountUpdate, Unknown))
    _follow(events.of(AccountUpdate))
    _follow_templates(events.of(TemplateUpdate))
    ChannelAccount.objects.heard_from(
        {item.account.pk for item in routed}, ours.accounts
    )
    return sifted.buried


def _who_said(event: Said) -> Iterator[Person]:
    """Who wrote, and the group if it was in one."""
    yield event.person
    if event.group:
        yield people.group_person(event.group)


def _renamed(event: IdentityChanged) -> Person:
    """One person with the old name and the new ones."""
    return replace(event.person, identities=(event.old, *event.person.identities))


def _note(items: Sequence[Routed[Noted]]) -> None:
    """Keep what is no message, once."""
    rows = [
        {
            "public_id": uuid7(),
            "workspace_id": item.account.workspace_id,
            "account_id": item.account.pk,
            "kind": item.event.kind[:100],
            "is_unknown": isinstance(item.event, Unknown),
            "payload": item.event.payload,
            "fingerprint": _fingerprint(item.event),
            "provider_at": _at(item.event),
            "created_at": "now",
        }
        for item in items
    ]
    sets.insert(ChannelEvent, rows, on_conflict="(account_id, fingerprint) DO NOTHING")


def _at(event: Event) -> datetime | str:
    """When it happened, as far as anybody said."""
    return "now" if event.at == UNTIMED else event.at


def _fingerprint(event: Noted) -> str:
    """The same for the same event however often it is delivered."""
    said = orjson.dumps(
        [event.kind, event.at, event.payload],
        option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS,
    )
    return hashlib.sha256(said).hexdigest()


def _follow_templates(updates: Sequence[Routed[TemplateUpdate]]) -> None:
    """Templates as the provider says that they are now."""
    Template.objects.follow(
        [
            {
                "account_id": item.account.pk,
                "name": item.event.name,
                "language": item.event.language,
                "event": item.event.event.upper(),
                "reason": item.event.reason[:500],
                "at": _at(item.event),
            }
            for item in updates
        ]
    )


def _follow(updates: Sequence[Routed[AccountUpdate]]) -> None:
    """Mark accounts as disconnected or connected, by the latest that Meta said."""
    rows = [
        {
            "id": item.account.pk,
            "status": "disconnected" if item.event.disconnected else "connected",
            "reason": item.event.event[:200] if item.event.disconnected else "",
            "at": _at(item.event),
        }
        for item in updates
        if item.event.disconnected is not None
    ]
    if rows:
        sets.execute(
            "UPDATE inbox_channelaccount a SET status = r.status, "
            "status_reason = r.reason, status_at = r.at "
            "FROM (SELECT DISTINCT ON (id) * FROM json_to_recordset(%s::json) "
            "AS t(id bigint, status text, reason text, at timestamptz) "
            "ORDER BY id, at DESC) r WHERE a.id = r.id AND a.status_at <= r.at",
            [sets.dumps(rows)],
        )
