"""What webhooks say about messages that we sent, matched by our own reference: it may
come before the answer of the call that it is about, and instead of it.

Runs inside ingest's transaction, before messages are looked up by the provider's ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flexoraa.lib import sets
from flexoraa.lib.clean import fit
from inbox.adapters import ADAPTERS
from inbox.adapters.base import Echo, Status, StatusUpdate
from inbox.models.messages import RANKS
from inbox.people import keys_of
from inbox.routing import Routed

ECHO_SECONDS = 600  # an echo without a reference is looked for among so recent calls


@dataclass(slots=True)
class Confirmed:
    """What was confirmed: accounts by primary key, and messages that changed."""

    accounts: set[int] = field(default_factory=set)
    messages: set[int] = field(default_factory=set)


def match(
    echoes: Sequence[Routed[Echo]], statuses: Sequence[Routed[StatusUpdate]]
) -> Confirmed:
    """Give our messages the ids that these name."""
    told: list[Routed[Any]] = [*statuses, *echoes]
    rows = {
        item.event.ref: _row(item)
        for item in told
        if item.event.ref and len(item.event.ref) <= 40
    }
    confirmed = Confirmed({item.account.pk for item in statuses})
    if rows:
        known = set()
        for account_id, pk, ref in sets.fetch(BY_REF, [sets.dumps(rows.values())]):
            confirmed.accounts.add(account_id)
            confirmed.messages.add(pk)
            known.add(ref)
        missed = [row for ref, row in rows.items() if ref not in known]
        sets.execute(LATE, [sets.dumps(row for row in missed if not row["failed"])])
    _match_by_content(
        [item for item in echoes if not ADAPTERS[item.account.channel].knows_refs],
        confirmed,
    )
    return confirmed


def _row(item: Routed[Any]) -> dict[str, Any]:
    return {
        "account_id": item.account.pk,
        "ref": item.event.ref,
        "external_id": fit(item.event.external_id, 512),
        "failed": getattr(item.event, "status", None) is Status.FAILED,
    }


def _match_by_content(echoes: Sequence[Routed[Echo]], confirmed: Confirmed) -> None:
    """Instagram's echoes bring no reference back: the same words to the same person at
    about the same time are the message that we were sending."""
    accounts = sorted({item.account.pk for item in echoes})
    if not accounts or not sets.fetch(UNCERTAIN, [accounts]):
        return
    for item in sorted(echoes, key=lambda item: item.event.at):
        keys = keys_of(item.account, item.event.person)
        found = sets.fetch(
            BY_CONTENT,
            {
                "account": item.account.pk,
                "kinds": [key[1] for key in keys],
                "keys": [key[2] for key in keys],
                "kind": item.event.kind,
                "text": item.event.text,
                "external_id": fit(item.event.external_id, 512),
                "seconds": ECHO_SECONDS,
                "sent": RANKS["sent"],
            },
        )
        confirmed.messages |= {row[0] for row in found}
        if found:
            confirmed.accounts.add(item.account.pk)


# By the reference of the attempt that the message is at. It was sent, whatever else is
# known: statuses raise it further by the id that it has now.
BY_REF = """
    UPDATE inbox_message m SET
        external_id = CASE WHEN m.external_id = '' THEN r.external_id
            ELSE m.external_id END,
        status = CASE WHEN m.status IN ('queued', 'sending', 'unknown', 'unconfirmed')
            AND NOT r.failed THEN 'sent' ELSE m.status END,
        status_rank = CASE WHEN m.status IN ('queued', 'sending', 'unknown',
            'unconfirmed') AND NOT r.failed THEN 3 ELSE m.status_rank END,
        error = CASE WHEN m.status_rank < 3 THEN '' ELSE m.error END,
        uncertain_at = NULL
    FROM (SELECT t.* FROM json_to_recordset(%s::json) AS t(account_id bigint, ref text,
            external_id text, failed boolean)
        JOIN inbox_message l ON l.ref = t.ref AND l.account_id = t.account_id
        ORDER BY l.id FOR NO KEY UPDATE OF l) r
    WHERE m.ref = r.ref AND m.account_id = r.account_id
    RETURNING m.account_id, m.id, m.ref
"""
# By an earlier attempt's: it was sent then, and once more since
LATE = """
    UPDATE inbox_sendattempt a SET external_id = r.external_id,
        confirmed_late_at = statement_timestamp()
    FROM json_to_recordset(%s::json) AS r(ref text, external_id text)
    WHERE a.ref = r.ref AND a.confirmed_late_at IS NULL
        AND a.outcome IN ('running', 'uncertain')
"""
UNCERTAIN = """
    SELECT 1 FROM inbox_message m WHERE m.account_id = ANY(%s) AND m.external_id = ''
        AND m.status IN ('sending', 'unknown') LIMIT 1
"""
BY_CONTENT = """
    UPDATE inbox_message m SET external_id = %(external_id)s, status = 'sent',
        status_rank = %(sent)s, error = '', uncertain_at = NULL
    WHERE m.id = (
        SELECT s.id FROM inbox_message s
        JOIN inbox_conversation v ON v.id = s.conversation_id
        WHERE s.account_id = %(account)s AND s.status IN ('sending', 'unknown')
            AND s.external_id = '' AND s.text = %(text)s AND (s.kind = %(kind)s
                OR s.kind = 'interactive' AND %(kind)s = 'text')
            AND s.provider_at > statement_timestamp()
                - make_interval(secs => %(seconds)s)
            AND EXISTS (SELECT 1 FROM inbox_contactidentity i
                JOIN inbox_contact c ON c.id = i.contact_id
                JOIN inbox_contact t ON t.id = v.contact_id
                WHERE i.account_id = s.account_id AND i.kind = ANY(%(kinds)s)
                AND i.key = ANY(%(keys)s) AND coalesce(c.merged_into_id, c.id)
                    = coalesce(t.merged_into_id, t.id))
        ORDER BY s.id LIMIT 1)
        AND NOT EXISTS (SELECT 1 FROM inbox_message k
            WHERE k.account_id = %(account)s AND k.external_id = %(external_id)s)
    RETURNING m.id
"""
