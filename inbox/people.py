"""Who wrote: from the names in events to one contact, also when many arrive at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from flexoraa.lib import sets
from flexoraa.lib.clean import fit
from flexoraa.lib.ids import uuid7
from inbox.adapters.base import Identity, IdKind, Person
from inbox.models import ChannelAccount, Contact, ContactIdentity, ContactMerge

Key = tuple[int, str, str]  # account id, kind, key


@dataclass(slots=True)
class People:
    """Contacts by the names that channels have for them, within one transaction."""

    contact_ids: dict[Key, int] = field(default_factory=dict)

    def contact_id(self, account: ChannelAccount, person: Person) -> int:
        """The contact of a person that `resolve` was given."""
        return self.contact_ids[keys_of(account, person)[0]]


@dataclass(slots=True)
class _Group:
    """Names in this batch that belong to one person, and the contacts they had."""

    account: ChannelAccount
    name: str = ""
    username: str = ""
    identities: dict[Key, Identity] = field(default_factory=dict)
    known: dict[int, str] = field(default_factory=dict)  # contact id -> its name


def group_person(group_id: str) -> Person:
    """A group chat as the one who is talked to."""
    return Person(identities=(Identity(IdKind.GROUP, group_id, group_id),))


def keys_of(account: ChannelAccount, person: Person) -> list[Key]:
    """How this person's names are stored."""
    return [
        (account.pk, item.kind.value, fit(item.key, 200)) for item in person.identities
    ]


def resolve(wanted: Iterable[tuple[ChannelAccount, Person]]) -> People:
    """The contacts of all these people; unknown ones are created.

    Two workers that meet the same new person at the same time take turns on a lock
    for each of the person's names, so that there is one contact (a unique key on the
    names backs this up). Must run inside a transaction, before other locks are taken.
    """
    groups = _group(wanted)
    _look_up(groups)
    incomplete = [group for group in groups if _is_incomplete(group)]
    if incomplete:
        _lock(key for group in incomplete for key in group.identities)
        _look_up(incomplete)
        _create([group for group in incomplete if not group.known])
        _merge([group for group in incomplete if len(group.known) > 1])
        _learn(incomplete)
    _name([group for group in groups if group.name])
    return People(
        {key: min(group.known) for group in groups for key in group.identities}
    )


def note_inbound(
    heard: Iterable[tuple[ChannelAccount, Person, datetime]],
) -> None:
    """When people last wrote, name by name: what a reply window is counted from.

    Call it after their conversations were locked; whoever else writes these rows waits
    for the same locks.
    """
    rows = [
        {"account_id": key[0], "kind": key[1], "key": key[2], "at": at}
        for account, person, at in heard
        for key in keys_of(account, person)
    ]
    if rows:
        sets.execute(
            "UPDATE inbox_contactidentity i SET last_inbound_at = r.at FROM ("
            "SELECT account_id, kind, key, max(at) AS at FROM json_to_recordset("
            "%s::json) AS t(account_id bigint, kind text, key text, at timestamptz) "
            "GROUP BY 1, 2, 3) r WHERE i.account_id = r.account_id "
            "AND i.kind = r.kind AND i.key = r.key "
            "AND (i.last_inbound_at IS NULL OR i.last_inbound_at < r.at)",
            [sets.dumps(rows)],
        )


def _group(wanted: Iterable[tuple[ChannelAccount, Person]]) -> list[_Group]:
    """Join people who share a name within the batch."""
    by_key: dict[Key, _Group] = {}
    for account, person in wanted:
        keys = keys_of(account, person)
        found = {id(by_key[key]): by_key[key] for key in keys if key in by_key}
        group = next(iter(found.values()), None) or _Group(account)
        for other in list(found.values())[1:]:
            group.identities |= other.identities
            group.name = group.name or other.name
        group.identities |= dict(zip(keys, person.identities, strict=True))
        group.name = person.name or group.name
        group.username = person.username or group.username
        by_key |= dict.fromkeys(group.identities, group)
    return list({id(group): group for group in by_key.values()}.values())


def _look_up(groups: list[_Group]) -> None:
    keys = [key for group in groups for key in group.identities]
    found = ContactIdentity.objects.find(keys)
    for group in groups:
        group.known = dict(found[key] for key in group.identities if key in found)


def _is_incomplete(group: _Group) -> bool:
    """Nobody yet, two people who are one, or maybe a name not stored yet."""
    return len(group.known) != 1 or len(group.identities) > 1


def _lock(keys: Iterable[Key]) -> None:
    """One advisory lock for each name until the transaction ends, in sorted order."""
    names = sorted({"\x1f".join(map(str, key)) for key in keys})
    sets.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) "
        "FROM unnest(%s::text[]) WITH ORDINALITY AS n(name, place) ORDER BY place",
        [names],
    )


def _create(groups: list[_Group]) -> None:
    rows = [
        {
            "public_id": uuid7(),
            "workspace_id": group.account.workspace_id,
            "name": group.name[:200],
            "username": group.username[:200],
            "created_at": "now",
        }
        for group in groups
    ]
    inserted = sets.insert(Contact, rows, returning=("public_id", "id"))
    ids = dict(inserted)
    for group, row in zip(groups, rows, strict=True):
        group.known = {ids[row["public_id"]]: group.name[:200]}


def _merge(groups: list[_Group]) -> None:
    """An event named one person twice: the older contact stays, the others point
    to it; nothing is moved or deleted, and the record lets a person take it back."""
    for group in groups:
        winner, *losers = sorted(group.known)
        for loser in losers:
            came = Contact.objects.filter(merged_into=loser).order_by("pk")
            moved = list(came.values_list("pk", flat=True))
            Contact.objects.filter(pk__in=[loser, *moved]).update(merged_into=winner)
            record = ContactMerge(
                workspace_id=group.account.workspace_id,
                stayed_id=winner,
                joined_id=loser,
                moved=moved,
            )
            ContactMerge.objects.bulk_create([record], ignore_conflicts=True)


def _learn(groups: list[_Group]) -> None:
    """Store the names that are new; the unique key ignores those that are not."""
    rows = [
        {
            "public_id": uuid7(),
            "workspace_id": group.account.workspace_id,
            "account_id": key[0],
            "contact_id": min(group.known),
            "kind": key[1],
            "value": identity.value[:200],
            "key": key[2],
            "created_at": "now",
        }
        for group in groups
        for key, identity in group.identities.items()
    ]
    sets.insert(ContactIdentity, rows, on_conflict="(account_id, kind, key) DO NOTHING")


def _name(groups: list[_Group]) -> None:
    """Fill in names that were missing; a name that somebody has is left alone."""
    rows = [
        {"id": contact_id, "name": group.name[:200], "username": group.username[:200]}
        for group in groups
        for contact_id, name in group.known.items()
        if not name
    ]
    if rows:
        sets.execute(
            "UPDATE inbox_contact c SET name = r.name, username = r.username "
            "FROM json_to_recordset(%s::json) "
            "AS r(id bigint, name text, username text) "
            "WHERE c.id = r.id AND c.name = ''",
            [sets.dumps(rows)],
        )
