"""Trying a channel's token, and having the platform send its webhooks."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Now

from flexoraa.lib import http
from inbox import alarms, recipients
from inbox.adapters import ADAPTERS
from inbox.adapters.sending import Call, Refusal, Refused
from inbox.models import ChannelAccount

READ_SECONDS = 10.0
SEALED = "The access token cannot be opened: enter it again."
MISSING = "The channel has no access token: enter one."
NO_PARENT = "Enter the id of the WhatsApp Business Account first."


@dataclass(frozen=True, slots=True)
class Health:
    """How it went, in words; `is_well` whether the channel can be used."""

    is_well: bool
    words: str


def check(account: ChannelAccount) -> Health:
    """Ask the platform for the account. If it answers, the channel is connected (again)
    and what is queued goes out; if it refuses the token, it is disconnected.

    Call it outside any transaction.
    """
    found = recipients.accounts_by_id([account.pk])[account.pk]
    if found is None or not found.token:
        return Health(False, MISSING if found else SEALED)
    adapter = ADAPTERS[found.channel]
    call = adapter.account_call(found.external_id, found.token)
    health, body = _ask(found, call)
    if not health.is_well:
        return health
    ChannelAccount.objects.filter(pk=found.pk, status="disconnected").update(
        status="connected", status_reason="", status_at=Now()
    )
    words = adapter.account_words(body) or "The platform knows the account."
    return Health(True, words)


def subscribe(account: ChannelAccount) -> Health:
    """Have the platform send webhooks of this account to the app. Call it outside any
    transaction; doing it again does no harm."""
    found = recipients.accounts_by_id([account.pk])[account.pk]
    if found is None or not found.token:
        return Health(False, MISSING if found else SEALED)
    call = ADAPTERS[found.channel].subscribe_call(
        found.external_id, found.parent_external_id, found.token
    )
    if call is None:
        return Health(False, NO_PARENT)
    health, _ = _ask(found, call)
    return Health(True, "Webhooks are sent for it.") if health.is_well else health


def _ask(account: ChannelAccount, call: Call) -> tuple[Health, object]:
    """Make a call that sends nothing to anybody; how it went, and the answer."""
    adapter = ADAPTERS[account.channel]
    try:
        answer = http.call(
            call.method,
            adapter.url(call),
            json=call.json,
            params=adapter.params(call, account.token),
            headers=adapter.headers(account.token),
            read_seconds=READ_SECONDS,
        )
    except http.CallFailed as error:
        return Health(False, f"The platform could not be asked: {error}."), None
    body = answer.json()
    if answer.status == 200 and isinstance(body, dict):
        return Health(True, ""), body
    refusal = adapter.outcome(answer.status, body)
    if not isinstance(refusal, Refusal):
        return Health(False, "The platform's answer could not be read."), body
    if refusal.why is Refused.BROKEN:
        with transaction.atomic():
            alarms.report_broken({account.pk: refusal.words})
    told = f" ({refusal.detail})" if refusal.detail else ""
    return Health(False, refusal.words + told), body
