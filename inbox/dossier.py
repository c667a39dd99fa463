"""All that is held of one person, as they may ask for it: of the lead, of whoever was
merged into it, and of their contacts on every channel."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model, Q, QuerySet

from inbox.emptying import family
from inbox.models import (
    Attachment,
    BroadcastRecipient,
    ConsentEntry,
    Contact,
    ContactIdentity,
    Conversation,
    Message,
    Reaction,
    Revision,
    StatusEvent,
)
from leads.models import (
    AssignmentInterval,
    BulkChange,
    ImportRow,
    Lead,
    LeadEdit,
    MergeRecord,
    Note,
    Revenue,
    StageInterval,
    Task,
    Touch,
)

# our own workings, which say nothing about anybody
INNER = frozenset(
    "id version score_parts leased_by lease_until next_attempt_at due_at attempts "
    "status_rank rank profile_due_at profile_tries cursor content".split()
)
NAMED = {  # relations that say something, by what they are called
    "stage": "stage__name",
    "owner": "owner__email",
    "campaign": "campaign__name",
    "user": "user__email",
    "by": "by__email",
    "author": "author__email",
    "assignee": "assignee__email",
    "account": "account__name",
}


def dossier(lead: Lead) -> dict[str, Any]:
    """Table by table; times are UTC. A file is at `attachments/{public_id}`."""
    head = lead.merged_into or lead
    leads, contacts = family(head)
    of_lead, of_person = {"lead__in": leads}, {"contact__in": contacts}
    talks = Conversation.objects.filter(**of_person)
    said = Message.objects.filter(Q(conversation__in=talks) | Q(**of_person))
    said = said.filter(workspace=head.workspace_id)
    on_said = {"message__in": said}
    parts: dict[str, QuerySet] = {
        "leads": Lead.objects.filter(pk__in=leads),
        "stages": StageInterval.objects.filter(**of_lead),
        "owners": AssignmentInterval.objects.filter(**of_lead),
        "edits": LeadEdit.objects.filter(**of_lead),
        "edits_with_many": BulkChange.objects.filter(**of_lead),
        "imported_rows": ImportRow.objects.filter(**of_lead),
        "merges": MergeRecord.objects.filter(Q(winner__in=leads) | Q(loser__in=leads)),
        "touches": Touch.objects.filter(**of_lead),
        "revenue": Revenue.objects.filter(**of_lead),
        "notes": Note.objects.filter(**of_lead),
        "tasks": Task.objects.filter(**of_lead),
        "contacts": Contact.objects.filter(pk__in=contacts),
        "names_on_channels": ContactIdentity.objects.filter(**of_person),
        "marketing_wishes": ConsentEntry.objects.of(contacts),
        "conversations": talks,
        "messages": said,
        "files": Attachment.objects.filter(**on_said),
        "statuses": StatusEvent.objects.filter(**on_said),
        "reactions": Reaction.objects.filter(Q(**on_said) | Q(**of_person)),
        "revisions": Revision.objects.filter(**on_said),
        "broadcasts": BroadcastRecipient.objects.filter(**of_lead),
    }
    return {name: list(lines(rows)) for name, rows in parts.items()}


def lines(rows: QuerySet) -> Iterable[dict[str, Any]]:
    """The rows as they are held, without keys that mean nothing outside."""
    columns = dict(columns_of(rows.model))
    for row in rows.order_by("pk").values(*columns):
        yield {columns[name]: value for name, value in row.items()}


def columns_of(model: type[Model]) -> Iterable[tuple[str, str]]:
    """(what to read, what it is called)."""
    for field in model._meta.concrete_fields:
        if field.is_relation:
            if field.name in NAMED:
                yield NAMED[field.name], field.name
        elif field.name not in INNER:
            yield field.name, field.name
