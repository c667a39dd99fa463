"""What an erasure empties: the lead and its contacts first, then what was said. Each
function is a step of inbox/erasing.py and one slice of it, inside its transaction.

Locks: the workspace's, conversations, leads by id, contacts, messages.
"""

from typing import Any

import orjson
import pgtrigger
from django.db.models import Q
from django.db.models.functions import Now

from flexoraa.lib import sets, stream
from inbox import announcing, burying, media
from inbox.models import (
    Attachment,
    BroadcastRecipient,
    ChannelAccount,
    ConsentEntry,
    Contact,
    ContactIdentity,
    ContactMerge,
    Conversation,
    ErasedName,
    Erasure,
    ErasureKey,
    Gesture,
    Mention,
    Message,
    ProviderFile,
    Reaction,
    ReadMark,
    Revision,
)
from inbox.models.messages import RANKS
from inbox.redacting import Sought
from leads import erasing as of_leads
from leads.erasing import SHORTEST
from leads.models import Lead

SLICE = 500  # messages in one transaction
WORDS = "The person was erased."


class Later(Exception):
    """Something about the person is under way; the next round finds it done."""


class Work:
    """One slice: the erasure, and what is known of the person by then."""

    def __init__(self, erasure: Erasure) -> None:
        self.erasure, self.workspace = erasure, erasure.workspace_id
        sealed: Any = erasure.known
        told = sealed.reveal() if hasattr(sealed, "reveal") else sealed
        self.known: dict[str, list] = orjson.loads(told) if told else {}

    def keep(self, **known: Any) -> None:
        """Remember this for the next slices."""
        self.known |= {name: sorted(values) for name, values in known.items()}
        self.erasure.known = orjson.dumps(self.known).decode()

    def count(self, **numbers: int) -> None:
        """Add to what the erasure says of itself."""
        counts = self.erasure.counts
        for name, number in numbers.items():
            if number:
                counts[name] = counts.get(name, 0) + number

    @property
    def key(self) -> ErasureKey:
        return ErasureKey.objects.made(self.workspace)

    def sought(self, *names: str) -> Sought:
        """Whom to look for, in what our accounts were told."""
        accounts = ChannelAccount.objects.for_workspace(self.workspace)
        return Sought(
            frozenset(accounts.values_list("external_id", flat=True)),
            frozenset(word for name in names for word in self.known.get(name, ())),
        )


# 1. Nobody finds them any more


def bury(work: Work) -> bool:
    """Names become hashes; the lead, the contact and what waits to be sent go."""
    burying.lock_alone(work.workspace)
    lead = work.erasure.lead
    leads, contacts = family(lead)
    talks = _lock_conversations(contacts)
    of_leads.lock(leads)
    sets.execute(
        "SELECT 1 FROM inbox_contact WHERE id = ANY(%s) ORDER BY id FOR UPDATE",
        [contacts],
    )
    if family(lead) != (leads, contacts):
        raise Later("somebody joins the person")
    if Message.objects.filter(conversation__in=talks, status="sending").exists():
        raise Later("a message is being sent")
    rows = Lead.objects.filter(pk__in=leads)
    identities = ContactIdentity.objects.filter(contact__in=contacts)
    names = set(identities.values_list("kind", "key"))
    held = of_leads.names_of(rows)
    called = Contact.objects.filter(pk__in=contacts).values_list("name", "username")
    words = {word for pair in called for word in pair}
    channel = {
        *(key for _, key in names),
        *identities.values_list("value", flat=True),
    }
    work.keep(
        leads=leads,
        contacts=contacts,
        talks=talks,
        ids=held["ids"] | {word.lstrip("+") for word in channel},
        words=held["words"] | {word for word in words if len(word) >= SHORTEST},
        parts=held["parts"],
    )
    stopped = bool(ConsentEntry.objects.stopped(contacts))
    _leave_hashes(work, names, stopped)
    with pgtrigger.ignore("inbox.ConsentEntry:append_only"):
        ConsentEntry.objects.of(contacts).delete()
    identities.delete()
    ReadMark.objects.filter(contact__in=contacts).delete()
    Contact.objects.filter(pk__in=contacts).update(
        name="", username="", lead=lead, erased_at=Now()
    )
    _stop_sending(work, talks)
    _forget_recipients(leads)
    of_leads.empty(leads)
    _close(talks)
    stream.publish(
        work.workspace, "lead.updated", [row.public_id for row in rows.order_by("pk")]
    )
    work.count(leads=len(leads), contacts=len(contacts), conversations=len(talks))
    return True


def family(lead: Lead) -> tuple[list[int], list[int]]:
    """The lead and whoever was merged into it; their contacts, with those that joined
    them, and with nobody's that have their number."""
    there = Lead.objects.for_workspace(lead.workspace_id)
    leads = sorted(there.family_of(lead).values_list("pk", flat=True))
    phones = there.filter(pk__in=leads).exclude(phone="")
    digits = [phone.lstrip("+") for phone in phones.values_list("phone", flat=True)]
    rows = sets.fetch(
        """
        WITH named AS (
            SELECT c.id, c.merged_into_id FROM inbox_contact c
            WHERE c.workspace_id = %(workspace)s AND c.lead_id = ANY(%(leads)s)
            UNION
            SELECT c.id, c.merged_into_id FROM inbox_contactidentity i
            JOIN inbox_contact c ON c.id = i.contact_id
            WHERE i.workspace_id = %(workspace)s AND i.kind = 'phone'
                AND i.key = ANY(%(digits)s)
                AND (c.lead_id IS NULL OR c.lead_id = ANY(%(leads)s))
        ), heads AS (SELECT DISTINCT coalesce(merged_into_id, id) AS id FROM named)
        SELECT c.id FROM inbox_contact c JOIN heads h
            ON h.id = coalesce(c.merged_into_id, c.id) ORDER BY 1
        """,
        {"workspace": lead.workspace_id, "leads": leads, "digits": digits},
    )
    return leads, [pk for (pk,) in rows]


def _lock_conversations(contacts: list[int]) -> list[int]:
    rows = sets.fetch(
        "SELECT id FROM inbox_conversation WHERE contact_id = ANY(%s) "
        "ORDER BY id FOR NO KEY UPDATE",
        [contacts],
    )
    return [pk for (pk,) in rows]


def _leave_hashes(work: Work, names: set[tuple[str, str]], stopped: bool) -> None:
    key = work.key
    rows = [
        {
            "workspace_id": work.workspace,
            "digest": key.hash(*name),
            "erased_at": "now",
            "wants_none": stopped,
        }
        for name in sorted(names)
    ]
    sets.insert(
        ErasedName,
        rows,
        on_conflict="(workspace_id, digest) DO UPDATE SET "
        "erased_at = excluded.erased_at, wants_none = excluded.wants_none",
    )


def _stop_sending(work: Work, talks: list[int]) -> None:
    """What waits in line is not sent; of what nobody confirmed nobody will ask."""
    for row in BroadcastRecipient.objects.filter(
        lead__in=work.known["leads"], state="pending"
    ).select_for_update(no_key=True):
        row.state, row.reason = "skipped", "erased"
        row.save(update_fields=["state", "reason"])
    rows = sets.fetch(
        "UPDATE inbox_message SET status = 'failed', status_rank = %s, error = %s, "
        "uncertain_at = NULL, next_attempt_at = NULL WHERE id IN ("
        "SELECT id FROM inbox_message WHERE conversation_id = ANY(%s) "
        "AND status IN ('queued', 'unknown', 'unconfirmed') "
        "ORDER BY id FOR NO KEY UPDATE) RETURNING id",
        [RANKS["failed"], WORDS, talks],
    )
    announcing.messages_updated([row[0] for row in rows])


def _forget_recipients(leads: list[int]) -> None:
    sets.execute(
        "UPDATE inbox_broadcastrecipient SET key = %s || public_id, parameters = '{}', "
        "detail = '', reason = 'erased' WHERE lead_id = ANY(%s)",
        ["erased:", leads],
    )


def _close(talks: list[int]) -> None:
    rows = Conversation.objects.filter(pk__in=talks)
    for row in rows.exclude(status="resolved").order_by("pk"):
        row.resolve()
    rows.update(preview="", unread_count=0)
    Gesture.objects.filter(conversation__in=talks).delete()


# 2. What was said


def empty_messages(work: Work) -> bool:
    """The next messages keep their place, kind, time and state, and nothing else."""
    talks, contacts = work.known["talks"], work.known["contacts"]
    rows = sets.fetch(
        """
        SELECT m.id, m.external_id FROM inbox_message m WHERE m.id > %(after)s
            AND (m.conversation_id = ANY(%(talks)s) OR m.conversation_id IN (
                SELECT v.id FROM inbox_conversation v
                JOIN inbox_contactidentity i ON i.contact_id = v.contact_id
                WHERE i.workspace_id = %(workspace)s AND i.kind = 'group'
            ) AND m.contact_id = ANY(%(contacts)s))
        ORDER BY m.id LIMIT %(size)s FOR NO KEY UPDATE OF m
        """,
        {
            "after": work.erasure.cursor,
            "talks": talks,
            "contacts": contacts,
            "workspace": work.workspace,
            "size": SLICE,
        },
    )
    if not rows:
        return True
    ids = [pk for pk, _ in rows]
    _drop_files(work, ids)
    _empty_rows(work.key, rows)
    theirs = {"message__in": ids}
    Reaction.objects.filter(**theirs).delete()
    Revision.objects.filter(**theirs).delete()
    Mention.objects.filter(**theirs).delete()
    sets.execute(
        "UPDATE inbox_sendattempt SET external_id = '', detail = '', trace = '', "
        "ref = 'erased:' || id WHERE message_id = ANY(%s)",
        [ids],
    )
    announcing.messages_updated(ids)
    work.erasure.cursor = ids[-1]
    work.count(messages=len(ids))
    return False


def _empty_rows(key: ErasureKey, rows: list[tuple[int, str]]) -> None:
    """Ids of the provider can hold a number: hashes stand for them, by which the same
    message is known when it comes again."""
    marked = [
        {
            "id": pk,
            "mark": mark
            if (mark := external_id).startswith("erased:")
            else key.mark(external_id),
        }
        for pk, external_id in rows
    ]
    told = "json_to_recordset(%s::json) AS r(id bigint, mark text)"
    sets.execute(
        f"UPDATE inbox_statusevent f SET target = r.mark, errors = '[]' FROM {told} "
        "WHERE f.message_id = r.id AND r.mark <> ''",
        [sets.dumps(marked)],
    )
    sets.execute(
        "UPDATE inbox_message m SET external_id = r.mark, text = '', payload = '{}', "
        "reply_to = '', ref = '', errors = '[]', delivery_id = NULL, "
        "error = CASE WHEN m.error = %s THEN m.error ELSE '' END "
        f"FROM {told} WHERE m.id = r.id",
        [WORDS, sets.dumps(marked)],
    )


def _drop_files(work: Work, message_ids: list[int]) -> None:
    theirs = Attachment.objects.filter(message__in=message_ids)
    contents = set(theirs.exclude(content="").values_list("content", flat=True))
    count, _ = theirs.delete()
    work.count(attachments=count)
    work.keep(files={*work.known.get("files", ()), *contents})


def empty_facts(work: Work) -> bool:
    """What the person did elsewhere, such as reactions in groups, and merges."""
    contacts = work.known["contacts"]
    Reaction.objects.filter(contact__in=contacts).delete()
    theirs = ContactMerge.objects.filter(
        Q(stayed__in=contacts) | Q(joined__in=contacts)
    )
    # a split would bring half of nobody back
    theirs.filter(undone_at=None).update(undone_at=Now())
    of_leads.empty(work.known["leads"])  # what was under way as they were buried
    return True


def remove_files(work: Work) -> bool:
    """Copies that no message has any more, with their small pictures."""
    gone = media.remove(work.workspace, work.known.get("files", []))
    ProviderFile.objects.filter(workspace=work.workspace, content__in=gone).delete()
    work.count(files=len(gone))
    return True
