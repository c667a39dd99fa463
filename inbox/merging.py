"""Two contacts that are one person: joined by pointing, taken apart again.

Nothing is deleted or moved: identities, conversations and messages keep their contact,
and whoever reads follows `merged_into`. So a merge of the wrong two costs nothing.
"""

from django.db import transaction
from django.utils import timezone

from flexoraa.lib.errors import Conflict
from inbox.models import Contact, ContactMerge
from teams.models import User


@transaction.atomic
def merge(stays: Contact, joins: Contact, *, by: User | None) -> ContactMerge:
    """`joins` is `stays` from now on, with everybody who had joined it before.

    Raises Conflict unless both are of one workspace, and stand for themselves.
    """
    locked = _lock(stays.pk, joins.pk)
    if stays.pk == joins.pk or len({row.workspace_id for row in locked.values()}) > 1:
        raise Conflict("Choose two different people of one workspace.", "same_person")
    for row in locked.values():
        if row.merged_into_id:
            raise Conflict(
                f"{row} was merged into somebody already: choose that one.",
                "already_merged",
            )
    before = list(
        Contact.objects.filter(merged_into=joins).order_by("pk").values_list("pk")
    )
    moved = [pk for (pk,) in before]
    Contact.objects.filter(pk__in=[joins.pk, *moved]).update(merged_into=stays)
    # of an earlier merge that was taken back by other means
    stale = ContactMerge.objects.filter(joined=joins, undone_at__isnull=True)
    stale.update(undone_at=timezone.now(), undone_by=by)
    return ContactMerge.objects.create(
        workspace_id=stays.workspace_id,
        stayed=stays,
        joined=joins,
        moved=moved,
        by=by,
    )


@transaction.atomic
def split(record: ContactMerge, *, by: User | None) -> Contact:
    """Undo this merge: who joined stands alone again, with those that came along.

    What either said meanwhile stays with the contact that it was stored for. Raises
    Conflict when it is undone already, or who stayed has joined somebody else since:
    that merge goes first.
    """
    locked = _lock(record.stayed_id, record.joined_id)
    record.refresh_from_db(fields=["undone_at"])
    joined = locked[record.joined_id]
    if record.undone_at or joined.merged_into_id != record.stayed_id:
        raise Conflict("Undo the later merges of these people first.", "not_the_last")
    joined.merged_into = None
    joined.save(update_fields=["merged_into"])
    came_along = Contact.objects.filter(pk__in=record.moved, merged_into=record.stayed)
    came_along.update(merged_into=joined)
    record.undone_at, record.undone_by = timezone.now(), by
    record.save(update_fields=["undone_at", "undone_by"])
    return joined


def _lock(*ids: int) -> dict[int, Contact]:
    """These contacts, which nobody else merges until we are done."""
    rows = Contact.objects.select_for_update(no_key=True).filter(pk__in=ids)
    return {row.pk: row for row in rows.order_by("pk")}
