"""The controls: workers that send again what they did not hear of, and broadcasts that
note who has their message after they have queued it. Both must double."""

import time

from django.db import transaction

from flexoraa.lib import sets
from flexoraa.lib.ids import ulid
from inbox import broadcasts, reconciling, settling
from inbox.adapters.sending import Refusal, Refused


def retry() -> None:
    """From now on, in this process and its children, ambiguity is failure."""
    reconciling.recover = _recover  # type: ignore[assignment]  # the control is the patch
    verdict = settling.verdict

    def blindly(job, outcome):
        is_unsure = isinstance(outcome, settling.Uncertain) or (
            isinstance(outcome, Refusal) and outcome.why is Refused.AMBIGUOUS
        )
        return ("queued", "", 0) if is_unsure else verdict(job, outcome)

    settling.verdict = blindly


def forget() -> None:
    """From now on a broadcast's messages are queued one by one, each with a reference
    of its own, and noted when the slice is done: the guards of inbox/broadcasts.py are
    off, as they are in a loop over recipients."""
    broadcasts.go_on = _go_on  # type: ignore[assignment]  # the control is the patch
    broadcasts.ulid_of = lambda _: ulid()  # type: ignore[assignment]  # as above


def _go_on(pk: int) -> int:
    broadcast = broadcasts.Broadcast.objects.get(pk=pk)
    if broadcasts._hold(broadcast):
        return 0
    size, _ = broadcasts._share(broadcast)
    waiting = broadcast.recipients.filter(state="pending").select_related("lead")
    with transaction.atomic():  # this one alone works on the broadcast
        key = [broadcast.pk]
        if not sets.fetch("SELECT pg_try_advisory_lock(77, %s::int)", key)[0][0]:
            return 0
    try:
        recipients = list(waiting.order_by("pk")[: max(size, 0)])
        if not recipients:
            return 0
        with transaction.atomic():
            places = broadcasts._places(broadcast, recipients)
        for row in recipients:
            row.conversation = places[row.pk]
            row.contact_id = row.conversation.contact_id
            row.message = broadcasts._message(broadcast, row, row.conversation)
            row.state = "queued"
            time.sleep(0.01)
        columns = ["state", "message", "contact", "conversation"]
        broadcasts.BroadcastRecipient.objects.bulk_update(recipients, columns)
        return len(recipients)
    finally:
        sets.execute("SELECT pg_advisory_unlock(77, %s::int)", key)


def _recover() -> int:
    """What a dead worker was sending is queued again at once."""
    return sets.execute(
        "UPDATE inbox_message SET status = 'queued', status_rank = 0, "
        "next_attempt_at = statement_timestamp(), leased_by = NULL, "
        "lease_until = NULL WHERE status = 'sending' "
        "AND leased_by NOT IN (SELECT pid FROM pg_stat_activity)"
    )
