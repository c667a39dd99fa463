"""The ledger of opt-outs is written here, and asked before somebody is written to.

Four doors lead into it: what people write (STOP), what the platform tells of them, what
it refuses because of them, and what somebody of the team enters.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from flexoraa.lib import sets, stream
from flexoraa.lib.clean import fit
from flexoraa.lib.errors import Conflict
from flexoraa.lib.ids import uuid7
from inbox import announcing
from inbox.adapters.base import ConsentChanged, InboundMessage
from inbox.adapters.words import Identity
from inbox.models import ConsentEntry, Contact, ContactIdentity, OutreachSettings
from inbox.models.consents import plain
from inbox.people import People
from inbox.routing import Routed
from teams.models import User

WORDS = "This person wants no marketing messages."
STOPPED = f"{WORDS} Nothing was sent."


class OptedOut(Conflict):
    """Whoever opted out gets no marketing and no broadcast."""

    default_code = "opted_out"
    default_detail = (
        f"{WORDS} They can opt in again, or be written to with a template that is "
        "no marketing."
    )


def settings_of(workspace: Any) -> OutreachSettings:
    """The workspace's settings; the defaults where it has none."""
    found = OutreachSettings.objects.filter(workspace=workspace).first()
    return found or OutreachSettings(workspace=workspace)


def check(contact_id: int) -> None:
    """Raises OptedOut."""
    if ConsentEntry.objects.stopped([contact_id]):
        raise OptedOut


@transaction.atomic
def record(
    contact: Contact, *, wants: bool, by: User | None, words: str = ""
) -> list[ConsentEntry]:
    """Somebody of the team enters what a person told them; one entry for each of the
    person's names. Raises Conflict when they have none, or when it says so already."""
    head = contact.merged_into or contact
    if wants == (not ConsentEntry.objects.stopped([head.pk])) and (
        not wants or ConsentEntry.objects.of_person(head).exists()
    ):
        raise Conflict("The ledger says so already.")
    names = ContactIdentity.objects.filter(contact__in=[head.pk, *_joined(head)])
    rows = [
        {
            "workspace_id": head.workspace_id,
            "kind": name.kind,
            "key": name.key,
            "contact_id": head.pk,
            "channel": name.account.channel,
            "wants": wants,
            "source": "person",
            "words": words[:300],
            "reference": "",
            "by_id": by and by.pk,
            "at": timezone.now(),
        }
        for name in names.select_related("account").defer("account__token")
    ]
    if not rows:
        raise Conflict("No channel knows this person: there is nothing to opt out of.")
    ids = _insert(rows)
    return list(ConsentEntry.objects.filter(pk__in=ids).order_by("pk"))


def hear(fresh: Sequence[Routed[Any]], people: People) -> None:
    """Messages that say nothing but stop, or start, in a word that the workspace knows.
    Runs in ingest's transaction, after the messages were stored."""
    said = [
        item
        for item in fresh
        if isinstance(item.event, InboundMessage)
        and not item.event.group
        and plain(item.event.text)
    ]
    if not said:
        return
    workspaces = {item.account.workspace_id for item in said}
    known = {pk: OutreachSettings(workspace_id=pk) for pk in workspaces}
    for row in OutreachSettings.objects.filter(workspace__in=workspaces):
        known[row.workspace_id] = row
    rows = []
    for item in said:
        event = item.event
        wants = known[item.account.workspace_id].verdict(event.text)
        if wants is not None:
            contact_id = people.contact_id(item.account, event.person)
            rows += _rows(
                item,
                event.person.identities,
                contact_id=contact_id,
                wants=wants,
                source="keyword",
                words=event.text[:300],
                reference=f"message:{item.account.pk}:{event.external_id}",
            )
    _insert(rows)


def follow(items: Sequence[Routed[ConsentChanged]]) -> None:
    """What the platform tells of people's preferences."""
    rows = []
    for item in items:
        event = item.event
        if event.person is None:
            continue
        rows += _rows(
            item,
            event.person.identities,
            contact_id=None,
            wants=event.wants,
            source="platform",
            words=str(event.payload.get("detail", ""))[:300],
            reference=f"told:{item.account.pk}:{event.at.timestamp():.0f}:{event.wants}",
        )
    _insert(rows)


def note_refusals(message_ids: Collection[int]) -> None:
    """The platform did not deliver these, since the people want no marketing."""
    if not message_ids:
        return
    rows = sets.fetch(
        "SELECT m.workspace_id, i.kind, i.key, m.contact_id, m.channel, m.public_id "
        "FROM inbox_message m JOIN inbox_contactidentity i "
        "ON i.contact_id = m.contact_id AND i.account_id = m.account_id "
        "WHERE m.id = ANY(%s) ORDER BY m.id, i.id",
        [sorted(message_ids)],
    )
    _insert(
        [
            {
                "workspace_id": workspace_id,
                "kind": kind,
                "key": key,
                "contact_id": contact_id,
                "channel": channel,
                "wants": False,
                "source": "refusal",
                "words": "",
                "reference": fit(f"refused:{message}:{kind}:{key}", 600),
                "by_id": None,
                "at": timezone.now(),
            }
            for workspace_id, kind, key, contact_id, channel, message in rows
        ]
    )


def _rows(
    item: Routed[Any], identities: Iterable[Identity], **fields: Any
) -> list[dict[str, Any]]:
    """An entry for each of the names under which somebody spoke."""
    at: datetime = item.event.at
    reference = fields.pop("reference")
    return [
        {
            **fields,
            "workspace_id": item.account.workspace_id,
            "kind": identity.kind.value,
            "key": fit(identity.key, 200),
            "channel": item.account.channel,
            "by_id": None,
            "at": at,
            "reference": fit(f"{reference}:{identity.kind}:{identity.key}", 600),
        }
        for identity in identities
    ]


def _insert(rows: list[dict[str, Any]]) -> list[int]:
    """New entries; what they stop is taken out of the queue. The ids."""
    if not rows:
        return []
    made = sets.insert(
        ConsentEntry,
        [{"public_id": uuid7(), **row, "created_at": "now"} for row in rows],
        on_conflict="(workspace_id, reference) WHERE reference <> '' DO NOTHING",
        returning=("id", "workspace_id", "public_id"),
    )
    by_workspace: dict[int, list[Any]] = {}
    for _, workspace_id, public_id in made:
        by_workspace.setdefault(workspace_id, []).append(public_id)
    for workspace_id, ids in sorted(by_workspace.items()):
        stream.publish(workspace_id, "consent.recorded", ids)
    ids = [row[0] for row in made]
    _take_back(ids)
    return ids


def _take_back(entry_ids: list[int]) -> None:
    """Broadcasts to these people that wait in the queue are not sent any more."""
    if not entry_ids:
        return
    rows = sets.fetch(
        "UPDATE inbox_message SET status = 'failed', status_rank = 4, error = %s "
        "WHERE id IN (SELECT m.id FROM inbox_consententry e "
        "JOIN inbox_contactidentity i ON i.workspace_id = e.workspace_id "
        "AND i.kind = e.kind AND i.key = e.key "
        "JOIN inbox_broadcastrecipient r ON r.contact_id = i.contact_id "
        "JOIN inbox_message m ON m.id = r.message_id "
        "WHERE e.id = ANY(%s) AND NOT e.wants AND m.status = 'queued' "
        "ORDER BY m.id FOR NO KEY UPDATE OF m SKIP LOCKED) "
        "AND status = 'queued' RETURNING id",
        [STOPPED, entry_ids],
    )
    announcing.messages_updated([row[0] for row in rows])


def _joined(head: Contact) -> list[int]:
    return list(Contact.objects.filter(merged_into=head).values_list("pk", flat=True))
