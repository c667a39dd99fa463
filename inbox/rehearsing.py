"""What a delivery is about, and a replay as dry run: applied, counted, rolled back."""

from typing import Any

from django.db import transaction
from django.db.models import Q

from flexoraa.lib import sets
from flexoraa.lib.deliveries import Claimed
from inbox import ingest
from inbox.adapters.base import Said
from inbox.models import Message, WebhookDelivery


def messages_of(delivery: WebhookDelivery) -> list[Message]:
    """The messages that this body is about, found by their ids; a hundred at most."""
    reading = _read(delivery)
    keys = Q()
    for account, event, _ in reading.routed[:100]:
        if isinstance(event, Said):
            keys |= Q(account=account, external_id=event.external_id)
    if not keys:
        return []
    found = Message.objects.filter(keys).exclude(external_id="")
    return list(found.select_related("contact").in_order())


def rehearse(delivery: WebhookDelivery) -> dict[str, Any]:
    """What a replay of this delivery would do to which table, without doing it.

    `rows` maps tables to [inserted, updated, deleted]; `state` is how the delivery
    would end, with its `error`.
    """
    reading = _read(delivery)
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


def _read(delivery: WebhookDelivery) -> ingest.Reading:
    """What the body says and for whom, without applying it."""
    claimed = Claimed(
        delivery.pk,
        delivery.route,
        bytes(delivery.body),
        delivery.failures,
        delivery.received_at,
    )
    reading = ingest.read(claimed)
    ingest.route([reading])
    return reading


def _touched() -> dict[str, tuple[int, int, int]]:
    """What this session has inserted, updated and deleted so far, by table."""
    rows = sets.fetch(
        "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_xact_user_tables "
        "WHERE starts_with(relname, 'inbox_')"
    )
    return {name: (new, changed, gone) for name, new, changed, gone in rows}
