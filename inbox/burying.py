"""What comes about people who were erased: known by keyed hashes, and dropped.

Ingest and whoever else writes people from elsewhere shares a lock of the workspace for
as long as it writes, an erasure has that lock alone while it takes names away: what
was looked up before is written before, and goes with the rest.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from flexoraa.lib import sets
from flexoraa.lib.clean import fit
from inbox.adapters.base import Event, IdentityChanged, Person
from inbox.models import ErasedName, ErasureKey, WebhookDelivery
from inbox.models.erasures import Name
from inbox.redacting import Sought, redacted
from inbox.routing import Routed

LOCK = "hashtextextended('erasing:' || w.id, 0)"


@dataclass(slots=True)
class Sifted:
    """Events of the living, and those that are dropped."""

    living: list[Routed[Any]] = field(default_factory=list)
    buried: list[Routed[Any]] = field(default_factory=list)


def share(workspaces: Iterable[int]) -> None:
    """Until this transaction ends nobody is erased in these workspaces. Take it before
    other locks."""
    sets.execute(
        f"SELECT pg_advisory_xact_lock_shared({LOCK}) FROM unnest(%s::bigint[]) "
        "WITH ORDINALITY AS w(id, place) ORDER BY place",
        [sorted(set(workspaces))],
    )


def lock_alone(workspace_id: int) -> None:
    """Wait until nobody writes people from elsewhere; whoever comes waits for us."""
    sets.execute(
        f"SELECT pg_advisory_xact_lock({LOCK}) FROM (SELECT %s::bigint AS id) w",
        [workspace_id],
    )


def sift(routed: Sequence[Routed[Any]]) -> Sifted:
    """Take out what is about erased people: said or done by one of their names before
    they were erased, or about a message that went with them.

    Runs first in ingest's transaction. A key that cannot be opened raises: better a
    webhook that waits than a person who comes back.
    """
    workspaces = {item.account.workspace_id for item in routed}
    share(workspaces)
    keys = ErasureKey.objects.of(workspaces) if workspaces else {}
    if not keys:
        return Sifted(list(routed))
    erased = _erased_names(routed, keys)
    gone = _erased_messages(routed, keys)
    found = Sifted()
    for item in routed:
        key = keys.get(item.account.workspace_id)
        is_dead = key is not None and (
            any(
                item.event.at <= erased[hashed]
                for hashed in _hashes(item, key)
                if hashed in erased
            )
            or any(mark in gone for mark in _marks(item, key))
        )
        (found.buried if is_dead else found.living).append(item)
    return found


def clear(buried: Sequence[Routed[Any]], deliveries: Iterable[int]) -> None:
    """Take what was dropped out of the raw bodies of these deliveries, too."""
    done = set(deliveries)
    by_delivery: dict[int, list[Routed[Any]]] = defaultdict(list)
    for item in buried:
        if item.delivery_id in done:
            by_delivery[item.delivery_id].append(item)
    rows = WebhookDelivery.objects.filter(pk__in=by_delivery)
    for pk, body in rows.values_list("pk", "body"):
        items = by_delivery[pk]
        sought = Sought(
            frozenset(item.account.external_id for item in items),
            frozenset(word for item in items for word in _words(item.event)),
        )
        WebhookDelivery.objects.put_body(pk, redacted(bytes(body), sought))


def names_of(event: Event) -> Iterator[Name]:
    """Kind and key of everybody whom the event names."""
    for person in (getattr(event, "person", None),):
        yield from _names(person)
    if isinstance(event, IdentityChanged):
        yield event.old.kind.value, fit(event.old.key, 200)


def _names(person: Person | None) -> Iterator[Name]:
    for identity in person.identities if person else ():
        yield identity.kind.value, fit(identity.key, 200)


def _words(event: Event) -> Iterator[str]:
    """How the raw body may name the person, or the message that went with them."""
    person: Person | None = getattr(event, "person", None)
    for identity in person.identities if person else ():
        yield from (identity.key, identity.value)
    yield from filter(None, _ids(event))


def _ids(event: Event) -> tuple[str, ...]:
    """The messages that the event is, or is about, by the provider's ids."""
    return tuple(
        filter(None, (getattr(event, name, "") for name in ("external_id", "target")))
    )


def _hashes(item: Routed[Any], key: ErasureKey) -> Iterator[tuple[int, str]]:
    for name in names_of(item.event):
        yield item.account.workspace_id, key.hash(*name)


def _marks(item: Routed[Any], key: ErasureKey) -> Iterator[tuple[int, str]]:
    for external_id in _ids(item.event):
        yield item.account.pk, key.mark(external_id)


def _erased_names(routed: Sequence[Routed[Any]], keys: dict[int, ErasureKey]) -> Any:
    return ErasedName.objects.known(
        hashed
        for item in routed
        if (key := keys.get(item.account.workspace_id))
        for hashed in _hashes(item, key)
    )


def _erased_messages(
    routed: Sequence[Routed[Any]], keys: dict[int, ErasureKey]
) -> set[tuple[int, str]]:
    wanted = {
        mark
        for item in routed
        if (key := keys.get(item.account.workspace_id))
        for mark in _marks(item, key)
    }
    rows = sets.fetch(
        "SELECT m.account_id, m.external_id FROM unnest(%s::bigint[], %s::text[]) "
        "AS k(account_id, external_id) JOIN inbox_message m "
        "USING (account_id, external_id) WHERE m.external_id <> ''",
        [[a for a, _ in wanted], [mark for _, mark in wanted]],
    )
    return set(rows)
