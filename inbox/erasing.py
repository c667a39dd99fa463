"""One person erased: everywhere but a minimal ledger, in slices that survive a crash.

The first slice is the one that matters: alone in its workspace it takes the person's
names away and leaves keyed hashes, so that nothing finds them any more and whatever
comes again is dropped (inbox/burying.py). The rest empties what hung on them, and can
stop and go on anywhere. Counts, times, stages and amounts stay.
"""

import logging
from collections.abc import Callable

from django.db import OperationalError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from flexoraa.lib import sets
from inbox import emptying, forgetting
from inbox.emptying import Later, Work
from inbox.models import Erasure
from leads import erasing as of_leads
from leads.models import Lead
from teams.models import User

log = logging.getLogger(__name__)
STEPS: dict[str, Callable[[Work], bool]] = {  # each until it says that it is done
    "names": emptying.bury,
    "messages": emptying.empty_messages,
    "facts": emptying.empty_facts,
    "files": emptying.remove_files,
    "imports": forgetting.forget_imports,
    "requests": forgetting.forget_requests,
    "webhooks": forgetting.redact_webhooks,
}


@transaction.atomic
def begin(lead: Lead, *, by: User | None) -> Erasure:
    """Have the person erased by the worker: the lead, and whoever was merged with it.
    Asked again, it is the same erasure."""
    head = lead.merged_into or lead
    of_leads.lock([head.pk])
    known = Erasure.objects.filter(lead=head)
    if head.erased_at and (last := known.order_by("-pk").first()):
        return last
    if running := known.running().first():
        return running
    return Erasure.objects.create(workspace_id=head.workspace_id, lead=head, by=by)


def drain() -> int:
    """Go on with one erasure by a slice; how many that were."""
    waiting = Erasure.objects.running().order_by(F("worked_at").asc(nulls_first=True))
    pk = waiting.values_list("pk", flat=True).first()
    if pk is None:
        return 0
    try:
        return go_on(pk)
    except Later as why:
        log.info("Erasure %s waits: %s", pk, why)
    except OperationalError as error:
        if not connection.is_usable():
            raise
        log.warning("Erasure %s has to wait: %s", pk, type(error).__name__)
    except Exception:
        log.exception("Erasure %s is held up", pk)
    Erasure.objects.filter(pk=pk).update(worked_at=Now())  # others first
    return 0


@transaction.atomic
def go_on(pk: int) -> int:
    """The next slice of this one: 1, or 0 when another worker has it. Raises Later."""
    erasure = Erasure.objects.running().filter(pk=pk)
    locked = erasure.select_for_update(skip_locked=True, no_key=True).first()
    if locked is None:
        return 0
    sets.execute("SET LOCAL lock_timeout = '3s'")
    names = list(STEPS)
    step = locked.step or names[0]
    work = Work(locked)
    if STEPS[step](work):
        following = names[names.index(step) + 1 :]
        locked.step, locked.cursor = (following or [step])[0], 0
        if not following:
            locked.state, locked.known = Erasure.State.DONE, ""
            locked.finished_at = Now()
    locked.worked_at = Now()
    locked.save()
    return 1
