"""What was noted of an erased person in rows that are not theirs: files that were
imported, searches, answers, the log, and the raw bodies of webhooks. Each function is a
step of inbox/erasing.py and one slice of it, inside its transaction.
"""

from datetime import timedelta

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Max, Q
from django.db.models.functions import Now

from flexoraa.lib import sets
from inbox.emptying import Later, Work
from inbox.models import (
    Broadcast,
    ChannelEvent,
    Contact,
    Conversation,
    Message,
    WebhookDelivery,
)
from inbox.redacting import blanked, redacted
from leads import erasing as of_leads
from leads.models import Lead, MergeRecord
from teams.models import IdempotencyKey
from teams.models.idempotency import KEPT_FOR

BODIES = 2_000  # webhooks that are looked into at once
EVENTS = 500
IDEMPOTENCY = KEPT_FOR + timedelta(hours=1)


def forget_imports(work: Work) -> bool:
    """Rows and samples of files."""
    theirs, shared = _finder(work, "ids"), _finder(work, "ids", "words")
    if not of_leads.forget_files(work.workspace, theirs, shared):
        raise Later("a file is being read")
    return True


def forget_requests(work: Work) -> bool:
    """Searches, broadcasts' choices, answers kept for repeated requests, events."""
    shared = _finder(work, "ids", "words")
    parts = _finder(work, "ids", "words", "parts")
    of_leads.forget_requests(work.workspace, shared, parts)
    for row in Broadcast.objects.for_workspace(work.workspace):
        if parts.names(row.request):
            request = parts.blank(row.request)
            Broadcast.objects.filter(pk=row.pk).update(request=request)
    events = ChannelEvent.objects.for_workspace(work.workspace)
    told = events.values_list("pk", "payload").iterator(EVENTS)
    hits = [pk for pk, payload in told if shared.names(payload)]
    # they stay, empty: by their fingerprints they are known when they come again
    events.filter(pk__in=hits).update(payload={})
    _forget_answers(work, shared)
    _forget_log(work)
    return True


def _finder(work: Work, *kinds: str) -> of_leads.Finder:
    sought = work.sought(*kinds)
    return of_leads.Finder(
        lambda value: blanked(value, sought) != value,
        lambda value: blanked(value, sought),
    )


def _forget_answers(work: Work, shared: of_leads.Finder) -> None:
    """A repeated request is still not done twice, but its answer says nothing."""
    public = {
        str(pk)
        for model, ids in (
            (Lead, work.known["leads"]),
            (Contact, work.known["contacts"]),
            (Conversation, work.known["talks"]),
        )
        for pk in model._base_manager.filter(pk__in=ids).values_list(
            "public_id", flat=True
        )
    }
    talks = Message.objects.filter(conversation__in=work.known["talks"])
    recent = talks.filter(created_at__gt=Now() - IDEMPOTENCY).values_list("public_id")
    public |= {str(pk) for (pk,) in recent}
    answers = IdempotencyKey.objects.filter(workspace=work.workspace).exclude(body="")
    hits = [
        pk
        for pk, body in answers.values_list("pk", "body").iterator(EVENTS)
        if shared.names(body) or any(one in body for one in public)
    ]
    IdempotencyKey.objects.filter(pk__in=hits).update(body='{"erased": true}')


def _forget_log(work: Work) -> None:
    """The back office's log says what a row was called: the lines stay, without it."""
    leads = work.known["leads"]
    merges = MergeRecord.objects.filter(Q(winner__in=leads) | Q(loser__in=leads))
    sets.execute("SET LOCAL flexoraa.erasing = 'on'")
    for model, ids in (
        (Lead, leads),
        (Contact, work.known["contacts"]),
        (Conversation, work.known["talks"]),
        (MergeRecord, list(merges.values_list("pk", flat=True))),
    ):
        LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(model),
            object_id__in=[str(pk) for pk in ids],
        ).exclude(object_repr="").update(object_repr="", change_message="")
    sets.execute("SET LOCAL flexoraa.erasing = ''")


def redact_webhooks(work: Work) -> bool:
    """The next raw bodies without the items that name the person; what they say of
    others stays, and so does what they say to other workspaces."""
    erasure = work.erasure
    if not erasure.until:
        newest = WebhookDelivery.objects.aggregate(newest=Max("pk"))["newest"]
        erasure.until = newest or 0
    ids = work.known["ids"]
    if erasure.cursor >= erasure.until or not ids:
        return True
    last = erasure.cursor + BODIES
    found = sets.fetch(
        "SELECT id, body FROM inbox_webhookdelivery WHERE id > %s AND id <= %s "
        "AND EXISTS (SELECT 1 FROM unnest(%s::text[]) w "
        "WHERE position(convert_to(w, 'UTF8') IN body) > 0) ORDER BY id",
        [erasure.cursor, min(last, erasure.until), ids],
    )
    sought = work.sought("ids")
    changed = sum(
        WebhookDelivery.objects.put_body(pk, redacted(bytes(body), sought))
        for pk, body in found
    )
    work.count(webhooks=changed)
    erasure.cursor = last
    return False
