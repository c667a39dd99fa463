"""Templates kept in step with the platform: page by page every few hours, when it
tells of a change, and when somebody asks."""

import logging
import random

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from flexoraa.lib import http, sets
from flexoraa.lib.ids import uuid7
from inbox import recipients
from inbox.adapters import ADAPTERS
from inbox.adapters.sending import Refusal
from inbox.adapters.whatsapp_templates import Listed, templates_call, templates_page
from inbox.models import ChannelAccount, Template

log = logging.getLogger(__name__)
EVERY_SECONDS = 6 * 3600
AGAIN_SECONDS = 600  # after the platform did not answer
MOST_PAGES = 100
CHANNELS = [name for name, adapter in ADAPTERS.items() if adapter.has_templates]


class NotSynced(Exception):
    """The templates could not be listed; the text says why, in words."""


def drain() -> int:
    """Sync the account that is due for longest; how many accounts that was.

    It is put off before it is asked for, so that two workers do not ask at once.
    """
    rows = sets.fetch(
        "UPDATE inbox_channelaccount SET templates_due_at = statement_timestamp() + "
        "make_interval(secs => %s) WHERE id = (SELECT id FROM inbox_channelaccount "
        "WHERE templates_due_at <= statement_timestamp() AND status = 'connected' "
        "AND channel = ANY(%s) ORDER BY templates_due_at LIMIT 1 "
        "FOR NO KEY UPDATE SKIP LOCKED) RETURNING id",
        [AGAIN_SECONDS, CHANNELS],
    )
    for (pk,) in rows:
        try:
            sync(pk)
        except NotSynced as error:
            log.warning("Templates of account %s are as they were: %s", pk, error)
    return len(rows)


def ask(accounts: QuerySet) -> int:
    """Have these accounts synced at once, by the worker; how many there are."""
    rows = ChannelAccount.objects.filter(pk__in=accounts, channel__in=CHANNELS)
    return rows.update(templates_due_at=Now())


def sync(account_id: int) -> int:
    """List the templates of one account and write down how they are; how many.

    Raises NotSynced. Those that are no longer there stay, as GONE. Call it outside any
    transaction.
    """
    account = recipients.accounts_by_id([account_id])[account_id]
    if account is None or not account.token:
        raise NotSynced("The channel has no access token that can be used.")
    if not account.parent_external_id:
        raise NotSynced("The id of the WhatsApp Business Account is not known.")
    found: dict[tuple[str, str], Listed] = {}
    after = ""
    for _ in range(MOST_PAGES):
        page, after = _page(account, after)
        found |= {(row.name, row.language): row for row in page}
        if not after:
            break
    _store(account, list(found.values()))
    return len(found)


def _page(account: ChannelAccount, after: str) -> tuple[list[Listed], str]:
    adapter = ADAPTERS[account.channel]
    call = templates_call(account.parent_external_id, after)
    try:
        answer = http.call(
            call.method,
            adapter.url(call),
            params=adapter.params(call, account.token),
            headers=adapter.headers(account.token),
        )
    except http.CallFailed as error:
        raise NotSynced(f"The platform could not be asked: {error}.") from error
    body = answer.json()
    if answer.status != 200 or body is None:
        refusal = adapter.outcome(answer.status, body)
        told = refusal.words if isinstance(refusal, Refusal) else ""
        raise NotSynced(told or "The platform's answer could not be read.")
    return templates_page(body)


@transaction.atomic
def _store(account: ChannelAccount, listed: list[Listed]) -> None:
    rows = [
        {
            "public_id": uuid7(),
            "workspace_id": account.workspace_id,
            "account_id": account.pk,
            **row._asdict(),
        }
        for row in listed
    ]
    sets.insert(
        Template,
        rows,
        on_conflict="(account_id, name, language) DO UPDATE SET "
        "external_id = excluded.external_id, category = excluded.category, "
        "status_at = CASE WHEN m.status = excluded.status THEN m.status_at "
        "ELSE statement_timestamp() END, status = excluded.status, "
        "reason = excluded.reason, components = excluded.components, "
        "synced_at = statement_timestamp()",
    )
    sets.execute(
        "UPDATE inbox_template SET status = 'GONE', "
        "status_at = statement_timestamp() WHERE account_id = %s "
        "AND status <> 'GONE' AND (name, language) NOT IN ("
        "SELECT * FROM unnest(%s::text[], %s::text[]))",
        [
            account.pk,
            [row.name for row in listed],
            [row.language for row in listed],
        ],
    )
    pause = EVERY_SECONDS * (0.9 + random.random() / 5)  # noqa: S311 (no secret)
    sets.execute(
        "UPDATE inbox_channelaccount SET templates_due_at = statement_timestamp() + "
        "make_interval(secs => %s) WHERE id = %s",
        [pause, account.pk],
    )
