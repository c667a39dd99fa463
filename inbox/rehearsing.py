"""A replay as dry run: applied, counted, rolled back."""

from typing import Any

from django.db import transaction

from flexoraa.lib import sets
from flexoraa.lib.deliveries import Claimed
from inbox import ingest
from inbox.models import WebhookDelivery


def rehearse(delivery: WebhookDelivery) -> dict[str, Any]:
    """What a replay of this delivery would do to which table, without doing it.

    `rows` maps tables to [inserted, updated, deleted]; `state` is how the delivery
    would end, with its `error`.
    """
    claimed = Claimed(
        delivery.pk,
        delivery.route,
        bytes(delivery.body),
        delivery.failures,
        delivery.received_at,
    )
    reading = ingest.read(claimed)
    ingest.route([reading])
    with transaction.atomic():
        before = _touched()
        problems = ingest.problems_of(reading)
        after = _touched()
        transaction.set_rollback(True)
    settled = reading.settled(problems)
    nothing = (0, 0, 0)
    return {
        "state": settled.state,
        "error": settled.error,
        "events": settled.outcome,
        "rows": {
            table: [
                now - then
                for now, then in zip(counts, before.get(table, nothing), strict=True)
            ]
            for table, counts in after.items()
            if counts != before.get(table, nothing)
        },
    }


def _touched() -> dict[str, tuple[int, int, int]]:
    """What this session has inserted, updated and deleted so far, by table."""
    rows = sets.fetch(
        "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_xact_user_tables "
        "WHERE starts_with(relname, 'inbox_')"
    )
    return {name: (new, changed, gone) for name, new, changed, gone in rows}
