"""Two leads that are one person: joined by pointing, taken apart again.

Nothing is deleted or moved: touches, revenue, notes and contacts keep their lead, and
whoever reads follows `merged_into`, which is one step at most. What the one who stays
has not, it gets from the other; a split takes back what still stands as it was given.
"""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from flexoraa.lib import stream
from flexoraa.lib.errors import Conflict
from leads.limits import check_room
from leads.models import Duplicate, Lead, MergeRecord
from leads.models.history import acting
from leads.models.leads import MOST_TAGS
from teams.models import User

# filled when empty; a value brings its currency along
PLAIN = ("name", "phone", "email", "company", "source", "external_id")
ROWS = ("owner_id", "campaign_id")
MOST_CUSTOM = 200  # custom fields on one lead


class NotTwo(Conflict):
    """These leads cannot be merged."""

    default_code = "not_two"


def filling(winner: Lead, loser: Lead) -> dict[str, Any]:
    """What the winner would get: {"phone": [before, after], "tags": [added], "custom":
    {added}}. A consent that either has withdrawn is withdrawn."""
    found: dict[str, Any] = {
        name: [getattr(winner, name), getattr(loser, name)]
        for name in (*PLAIN, *ROWS)
        if not getattr(winner, name) and getattr(loser, name)
    }
    if not winner.value_paise and loser.value_paise:
        for name in ("value_paise", "currency"):
            found[name] = [getattr(winner, name), getattr(loser, name)]
    mine, theirs = winner.consent, loser.consent
    if mine != theirs and (mine == "unknown" or theirs == "withdrawn"):
        found["consent"] = [mine, theirs]
    tags = [tag for tag in loser.tags if tag not in winner.tags]
    if room := tags[: MOST_TAGS - len(winner.tags)]:
        found["tags"] = room
    custom = {k: v for k, v in loser.custom.items() if k not in winner.custom}
    if custom and len(custom) + len(winner.custom) <= MOST_CUSTOM:
        found["custom"] = custom
    return found


def names(filled: dict[str, Any]) -> list[str]:
    """What was or would be filled, as the API names fields."""
    found = [name.removesuffix("_id") for name in filled if name != "custom"]
    return found + [f"custom.{key}" for key in filled.get("custom", {})]


def check(winner: Lead, loser: Lead) -> None:
    """Raises NotTwo unless these can be merged."""
    if winner.pk == loser.pk or winner.workspace_id != loser.workspace_id:
        raise NotTwo("Choose two different leads of one workspace.")
    for row in (winner, loser):
        if row.merged_into_id:
            raise NotTwo(
                f"{row} was merged into another already: choose that one.",
                "already_merged",
            )
        if not row.is_live:
            raise NotTwo(f"{row} is archived: restore it first.", "archived")


@transaction.atomic
def merge(winner: Lead, loser: Lead, *, by: User | None) -> MergeRecord:
    """`loser` is `winner` from now on, with everybody who had joined it before; what
    spoke for it is noted.

    Raises NotTwo unless both are of one workspace, live, and two.
    """
    rows, moved = _lock(winner, loser)
    winner, loser = rows[winner.pk], rows[loser.pk]
    check(winner, loser)
    acting(by)
    Lead.objects.filter(pk__in=[loser.pk, *moved]).update(merged_into=winner)
    filled = filling(winner, loser)
    _write(winner, {**filled, **_after(winner, filled)})
    known = Duplicate.objects.of(winner, loser).first()
    record = MergeRecord.objects.create(
        workspace_id=winner.workspace_id,
        winner=winner,
        loser=loser,
        filled=filled,
        moved=moved,
        evidence=known.evidence if known else [],
        by=by,
    )
    _tell(winner, loser)
    return record


@transaction.atomic
def split(record: MergeRecord, *, by: User | None) -> tuple[MergeRecord, list[str]]:
    """Undo this merge: who was merged is there again, with those that came along; the
    record, and the names of what the winner keeps since somebody has changed it.

    Raises Conflict when it is undone already, when the winner was merged into another
    since (that merge goes first), when another lead has the external id by now, or when
    the plan has no room for one more.
    """
    check_room(record.workspace)
    rows, _ = _lock(record.winner, record.loser, along=record.moved)
    record = MergeRecord.objects.select_for_update().get(pk=record.pk)
    winner, loser = rows[record.winner_id], rows[record.loser_id]
    if record.undone_at or loser.merged_into_id != winner.pk:
        raise Conflict("Undo the later merges of these people first.", "not_the_last")
    if loser.erased_at or winner.erased_at:
        raise Conflict("This person was erased: there is nothing to split.")
    acting(by)
    back, kept = _before(winner, record.filled)
    _write(winner, back)
    came = [rows[pk] for pk in record.moved if pk in rows]
    along = [row.pk for row in came if row.merged_into_id == winner.pk]
    try:
        with transaction.atomic():
            Lead.objects.filter(pk=loser.pk).update(merged_into=None)
    except IntegrityError as error:
        raise Conflict("Another lead has its external id by now.") from error
    Lead.objects.filter(pk__in=along).update(merged_into=loser)
    record.undone_at, record.undone_by = timezone.now(), by
    record.save(update_fields=["undone_at", "undone_by"])
    # who splits says that they are two
    Duplicate.objects.of(winner, loser).update(dismissed_at=Now(), dismissed_by=by)
    _tell(winner, loser)
    return record, kept


def _lock(
    winner: Lead, loser: Lead, along: list[int] | None = None
) -> tuple[dict[int, Lead], list[int]]:
    """Lock both and those merged into the loser, in the order of their ids, as all who
    lock several do; (the rows, who is merged into the loser)."""
    family = Lead.objects.filter(merged_into=loser).order_by("pk")
    moved = list(family.values_list("pk", flat=True))
    ids = {winner.pk, loser.pk, *moved, *(along or [])}
    rows = Lead.objects.filter(pk__in=ids).order_by("pk")
    found = {row.pk: row for row in rows.select_for_update(no_key=True)}
    if list(family.values_list("pk", flat=True)) != moved:
        raise NotTwo("Somebody has merged others meanwhile: look again.", "moved")
    return found, moved


def _after(winner: Lead, filled: dict[str, Any]) -> dict[str, Any]:
    """The whole columns of what is added to lists."""
    found: dict[str, Any] = {}
    if "tags" in filled:
        found["tags"] = [None, [*winner.tags, *filled["tags"]]]
    if "custom" in filled:
        found["custom"] = [None, {**winner.custom, **filled["custom"]}]
    return found


def _before(winner: Lead, filled: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """(what to write to take `filled` back, what somebody has changed since)."""
    back: dict[str, Any] = {}
    kept = []
    for name, sides in filled.items():
        if name in ("tags", "custom"):
            continue
        before, after = sides
        if getattr(winner, name) == after:
            back[name] = [after, before]
        else:
            kept.append(name.removesuffix("_id"))
    if "tags" in filled:
        rest = [tag for tag in winner.tags if tag not in filled["tags"]]
        back["tags"] = [None, rest]
    if "custom" in filled:
        left: dict[str, Any] = dict(winner.custom)
        for key, value in filled["custom"].items():
            if left.get(key) == value:
                del left[key]
            else:
                kept.append(f"custom.{key}")
        back["custom"] = [None, left]
    return back, kept


def _write(lead: Lead, sides: dict[str, Any]) -> None:
    if sides:
        values = {name: after for name, (_, after) in sides.items()}
        Lead.objects.filter(pk=lead.pk).update(**values)


def _tell(*leads: Lead) -> None:
    ids = [lead.public_id for lead in leads]
    stream.publish(leads[0].workspace_id, "lead.updated", ids)
