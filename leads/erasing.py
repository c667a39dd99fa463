"""What leads' tables hold of one person, taken out: values go, keys, times and amounts
stay, so that counts, stages and revenue are what they were.

Called by inbox/erasing.py, inside its transaction.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce, Now

from flexoraa.lib import sets, spreadsheets
from leads.models import (
    BulkChange,
    BulkOperation,
    Duplicate,
    ImportJob,
    ImportRow,
    Lead,
    LeadEdit,
    MergeRecord,
    Note,
    Revenue,
    SavedView,
    Task,
    Touch,
)


class Finder(NamedTuple):
    """Whether a JSON value names the person, and what it is without them."""

    names: Callable[[Any], bool]
    blank: Callable[[Any], Any]


OWN = 8  # letters and digits of an id in other systems that is nothing else
SHORTEST = 5  # letters; a shorter word is also everybody's
ERASED = ["This person was erased."]


def names_of(leads: Iterable[Lead]) -> dict[str, set[str]]:
    """What names these people: `ids`, which are theirs alone; `words`, whole names
    too, which others may share; `parts` of names."""
    found: dict[str, set[str]] = {"ids": set(), "words": set(), "parts": set()}
    for lead in leads:
        found["ids"] |= {lead.phone.lstrip("+"), lead.email}
        is_own = len(lead.external_id) >= OWN and not lead.external_id.isdecimal()
        found["ids" if is_own else "words"].add(lead.external_id)
        found["words"].add(lead.name)
        found["parts"] |= {*lead.name.split()}
    return {
        kind: {word for word in words if len(word) >= SHORTEST}
        for kind, words in found.items()
    }


def empty(lead_ids: list[int]) -> None:
    """The leads' own values, and every row about them that holds values."""
    theirs: dict[str, Any] = {"lead__in": lead_ids}
    for model in (LeadEdit, Note, Task):
        model._base_manager.filter(**theirs).delete()
    either = Q(first__in=lead_ids) | Q(second__in=lead_ids)
    Duplicate.objects.filter(either).delete()
    records = MergeRecord.objects.filter(Q(winner__in=lead_ids) | Q(loser__in=lead_ids))
    records.update(filled={}, evidence=[])
    BulkChange.objects.filter(**theirs).update(before={}, after={}, conflicts=[])
    ImportRow.objects.filter(**theirs).update(data=None, raw=None, errors=[])
    Touch.objects.filter(**theirs).update(click_id="", detail="", key="")
    money = Revenue.objects.filter(**theirs)
    money.update(note="")
    # a platform's number of a payment is the books', whatever was typed is the person's
    money.exclude(source=Revenue.Source.RAZORPAY).update(reference="")
    _empty_leads(lead_ids)


def _empty_leads(lead_ids: list[int]) -> None:
    leads = Lead.objects.filter(pk__in=lead_ids)
    leads.filter(erased_at=None).update(
        name="",
        phone="",
        email="",
        company="",
        tags=[],
        custom={},
        external_id="",
        lost_reason="",
        consent=Lead.Consent.WITHDRAWN,
        score=0,
        score_parts=[],
        erased_at=Now(),
        # the same moment says that it counted until then, and goes on counting
        archived_at=Coalesce("archived_at", Now()),
    )
    # reports count by source: one that others have says nothing about this person
    others = Lead.objects.filter(workspace=OuterRef("workspace"))
    same = others.filter(source=OuterRef("source")).exclude(pk__in=lead_ids)
    leads.exclude(source="").exclude(Exists(same)).update(source="")


def forget_files(workspace_id: int, theirs: Finder, shared: Finder) -> bool:
    """Rows of files that are not, or not yet, a lead's, if they have an id of theirs;
    and samples of files. False when a file is being read just now: ask again."""
    jobs = ImportJob.objects.for_workspace(workspace_id)
    if jobs.filter(state=ImportJob.State.READING).exists():
        return False
    for job in jobs.filter(content__isnull=False).only("pk", "state", "content"):
        if _holds(bytes(job.content), theirs.names):
            _give_up(job)
    for job in jobs.exclude(sample=[]).only("pk", "sample"):
        if shared.names(job.sample):
            sample = shared.blank(job.sample)
            ImportJob.objects.filter(pk=job.pk).update(sample=sample)
    loose = ImportRow.objects.filter(workspace=workspace_id, lead=None)
    loose = loose.exclude(data=None, raw=None)
    hits = [
        pk
        for pk, data, raw in loose.values_list("pk", "data", "raw").iterator(2_000)
        if theirs.names([data, raw])
    ]
    ImportRow.objects.filter(pk__in=hits).update(
        data=None, raw=None, outcome=ImportRow.Outcome.ERROR, errors=ERASED
    )
    return True


def _holds(content: bytes, names: Callable[[Any], bool]) -> bool:
    """Whether a file has the person in it; one that nobody can read has nobody."""
    try:
        return any(names(row) for row in spreadsheets.read(content))
    except spreadsheets.Unreadable:
        return False


def _give_up(job: ImportJob) -> None:
    """A file cannot be changed: it goes, and whoever uploaded it leaves them out."""
    words = "Somebody in this file was erased: upload it again without them."
    ImportJob.objects.filter(pk=job.pk).update(
        content=None,
        error=words,
        state=ImportJob.State.CANCELLED,
        finished_at=Now(),
    )


def forget_requests(workspace_id: int, shared: Finder, parts: Finder) -> None:
    """What was searched for and asked for, where it names the person. A view that is
    saved is still in use: a part of a name may be anybody's there."""
    operations = BulkOperation.objects.for_workspace(workspace_id)
    for row in operations.only("pk", "request", "receipt").iterator(2_000):
        if parts.names([row.request, row.receipt]):
            BulkOperation.objects.filter(pk=row.pk).update(
                request=parts.blank(row.request), receipt=parts.blank(row.receipt)
            )
    for view in SavedView.objects.filter(workspace=workspace_id):
        if shared.names(view.filter):
            SavedView.objects.filter(pk=view.pk).update(
                filter=shared.blank(view.filter)
            )


def lock(lead_ids: Iterable[int]) -> None:
    """These leads, in the order in which everybody locks several."""
    sets.execute(
        "SELECT 1 FROM leads_lead WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
        [sorted(lead_ids)],
    )
