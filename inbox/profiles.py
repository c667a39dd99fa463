"""Names of people whom webhooks do not name: asked of the provider once for each.

Messenger and Instagram tell a number in their webhooks, and a name only to who asks
(documentation/business-messaging, "user profile"). The identities with `profile_due_at`
are the queue. Nothing waits for it; who cannot be looked up stays without a name.
"""

import logging
import random
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from flexoraa.lib import http, sets, stream
from inbox import announcing, recipients
from inbox.adapters import ADAPTERS
from inbox.adapters.base import Person
from inbox.adapters.sending import Refusal, Refused
from inbox.models import Contact, Conversation
from leads.models import Lead

log = logging.getLogger(__name__)
LEASE_SECONDS = 120
MOST_TRIES = 6
FIRST_PAUSE, LONGEST_PAUSE = 30, 24 * 3600  # seconds
CHANNELS = [name for name, adapter in ADAPTERS.items() if adapter.tells_profiles]
FOR_GOOD = frozenset((Refused.INVALID, Refused.UNREACHABLE, Refused.NOT_NOW))


def drain() -> int:
    """Look up one person; 1 if anybody was due. Call it outside any transaction."""
    rows = sets.fetch(
        CLAIM, {"seconds": LEASE_SECONDS, "most": MOST_TRIES, "channels": CHANNELS}
    )
    for pk, account_id, contact_id, value, tries in rows:
        try:
            person = ask(account_id, value)
        except NotToldYet as error:
            log.info("The profile of identity %s is asked for again: %s", pk, error)
            _postpone(pk, tries)
        else:
            _keep(pk, contact_id, person)
    return len(rows)


class NotToldYet(Exception):
    """The provider did not answer, or not for this token; it may later."""


def ask(account_id: int, value: str) -> Person | None:
    """What the provider says of the person; None when it will never say anything.

    Raises NotToldYet.
    """
    account = recipients.accounts_by_id([account_id])[account_id]
    if account is None or not account.token:
        raise NotToldYet("the channel has no access token that can be used")
    adapter = ADAPTERS[account.channel]
    call = adapter.profile_call(value, account.token)
    try:
        answer = http.call(
            call.method,
            adapter.url(call),
            params=adapter.params(call, account.token),
            headers=adapter.headers(account.token),
        )
    except http.CallFailed as error:
        raise NotToldYet(str(error)) from error
    if answer.status == 200:
        return adapter.profile(answer.json())
    told = adapter.outcome(answer.status, answer.json())
    if isinstance(told, Refusal) and told.why in FOR_GOOD:
        return None
    raise NotToldYet(told.words if isinstance(told, Refusal) else "an odd answer")


def _postpone(pk: int, tries: int) -> None:
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 8**tries)
    seconds = pause * (0.75 + random.random() / 2)  # noqa: S311 (no secret)
    sets.execute(
        "UPDATE inbox_contactidentity SET profile_tries = profile_tries + 1, "
        "profile_due_at = statement_timestamp() + make_interval(secs => %s) "
        "WHERE id = %s",
        [seconds, pk],
    )


@transaction.atomic
def _keep(pk: int, contact_id: int, person: Person | None) -> None:
    """Name the contact, unless somebody did meanwhile, and the lead made of them."""
    if person and (person.name or person.username):
        named = Contact.objects.filter(pk=contact_id, name="", erased_at=None).update(
            name=person.name[:200], username=person.username[:200]
        )
        if named:
            _tell(contact_id, person.name or person.username)
    sets.execute(
        "UPDATE inbox_contactidentity SET profile_due_at = NULL WHERE id = %s", [pk]
    )


def _tell(contact_id: int, name: str) -> None:
    talks = Conversation.objects.filter(contact=contact_id).order_by("pk")
    announcing.conversations_updated(list(talks.values_list("pk", flat=True)))
    leads: Iterable[Any] = Lead.objects.filter(contacts=contact_id, name="")
    for lead in leads:
        if Lead.objects.filter(pk=lead.pk, name="").update(name=name[:200]):
            stream.publish(lead.workspace_id, "lead.updated", [lead.public_id])


# Whoever has a name by now is not asked for, and neither is anybody on a channel that
# is not connected. A worker that dies leaves a due time in the future: its lease.
CLAIM = """
    UPDATE inbox_contactidentity i SET
        profile_due_at = statement_timestamp() + make_interval(secs => %(seconds)s)
    FROM (
        SELECT d.id, coalesce(c.merged_into_id, c.id) AS contact_id
        FROM inbox_contactidentity d
        JOIN inbox_contact c ON c.id = d.contact_id
        JOIN inbox_channelaccount a ON a.id = d.account_id
        WHERE d.profile_due_at <= statement_timestamp()
            AND d.kind IN ('psid', 'igsid') AND d.profile_tries < %(most)s
            AND a.status = 'connected' AND a.channel = ANY(%(channels)s)
            AND c.name = ''
            AND (c.merged_into_id IS NULL OR EXISTS (SELECT 1 FROM inbox_contact w
                WHERE w.id = c.merged_into_id AND w.name = ''))
        ORDER BY d.profile_due_at LIMIT 1
        FOR NO KEY UPDATE OF d SKIP LOCKED
    ) due
    WHERE i.id = due.id
    RETURNING i.id, i.account_id, due.contact_id, i.value, i.profile_tries
"""
