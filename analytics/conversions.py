"""Telling Meta what became of the people its ads brought: leads and purchases.

Facts of the lower apps (a lead got to a stage, revenue came in) become rows once, by a
unique key; a row is told outside of any transaction, and told again with the same
event id when nobody knows whether it was: Meta drops repeats of an id. Told is only
who agreed and who came through an ad.
"""

import logging
from datetime import timedelta
from typing import Any, NamedTuple

from django.utils import timezone

from analytics import meta_events
from analytics.meta_events import Came, Told
from analytics.models import ConversionEvent
from flexoraa.lib import sets
from inbox.models import ChannelAccount, ContactIdentity, Message
from leads.models import Lead, Touch

log = logging.getLogger(__name__)
BATCH = 50
MOST_ATTEMPTS = 12
LONGEST_PAUSE = timedelta(hours=6)
ASK_AGAIN = timedelta(hours=1)  # whether they agreed by now
TOO_OLD = timedelta(days=meta_events.OLDEST_DAYS) - timedelta(hours=1)
State = ConversionEvent.State
NO_CONSENT = "Never agreed."
WITHDRAWN = "Does not agree any more."
NO_AD = "Did not come through an ad that Meta can tell."

LEADS = """
    INSERT INTO analytics_conversionevent
        (public_id, workspace_id, lead_id, name, key, at, currency)
    SELECT DISTINCT ON (i.lead_id) leads_uuid7(), s.workspace_id, i.lead_id,
        'LeadSubmitted', 'lead:' || i.lead_id, i.started_at, ''
    FROM analytics_conversionsettings s
    JOIN leads_stageinterval i ON i.workspace_id = s.workspace_id
        AND i.stage_id = s.lead_stage_id AND i.started_at >= s.since
    WHERE s.is_on AND i.started_at > now() - %s AND NOT EXISTS (
        SELECT 1 FROM analytics_conversionevent e
        WHERE e.workspace_id = s.workspace_id AND e.key = 'lead:' || i.lead_id)
    ORDER BY i.lead_id, i.started_at
    ON CONFLICT DO NOTHING
"""
PURCHASES = """
    INSERT INTO analytics_conversionevent
        (public_id, workspace_id, lead_id, name, key, at, amount_paise, currency)
    SELECT leads_uuid7(), s.workspace_id, r.lead_id, 'Purchase',
        'revenue:' || r.public_id, r.at, r.amount_paise, r.currency
    FROM analytics_conversionsettings s
    JOIN leads_revenue r ON r.workspace_id = s.workspace_id AND r.at >= s.since
    WHERE s.is_on AND s.tells_purchases AND r.amount_paise > 0
        AND r.at > now() - %s AND NOT EXISTS (
        SELECT 1 FROM analytics_conversionevent e
        WHERE e.workspace_id = s.workspace_id AND e.key = 'revenue:' || r.public_id)
    ON CONFLICT DO NOTHING
"""


class Click(NamedTuple):
    """Through which account of ours an ad led to us, and as whom."""

    channel: str
    whose: dict[str, str]


def drain() -> int:
    """Collect what happened and tell what is due; how many that were."""
    collect()
    claimed = ConversionEvent.objects.claim(BATCH)
    for event in claimed:
        try:
            handle(event)
        except Exception as error:  # one that is broken does not hold up the others
            log.exception("%s was not told", event)
            event.wait(LONGEST_PAUSE, f"{type(error).__name__}: see the log")
    return len(claimed)


def collect() -> int:
    """Make rows of what happened since; twice makes no more. Refunds are told by
    nobody: Meta has no event for them."""
    return sets.execute(LEADS, [TOO_OLD]) + sets.execute(PURCHASES, [TOO_OLD])


def handle(event: ConversionEvent) -> None:
    """Tell one that was claimed, leave it out, or put it off."""
    settings = event.workspace.conversion_settings
    if not settings.is_on:
        event.end(State.SKIPPED, "Switched off meanwhile.")
        return
    if timezone.now() - event.at > TOO_OLD:
        event.end(State.SKIPPED, event.said or "Too old to be told.")
        return
    if event.lead.consent == Lead.Consent.WITHDRAWN:
        event.end(State.SKIPPED, WITHDRAWN)
        return
    if event.lead.consent != Lead.Consent.GRANTED:
        event.wait(ASK_AGAIN, NO_CONSENT)
        return
    click = click_of(event)
    if click is None:
        event.end(State.SKIPPED, NO_AD)
        return
    event.channel = click.channel
    told = Told(
        event_id=str(event.public_id),
        name=event.name,
        at=event.at,
        channel=click.channel,
        whose=click.whose,
        amount_paise=event.amount_paise,
        currency=event.currency,
    )
    token: Any = settings.token  # a Secret, which the stubs take for its text
    came = meta_events.tell(settings.dataset_id, token.reveal(), told)
    settle(event, came)


def settle(event: ConversionEvent, found: meta_events.Outcome) -> None:
    """Write down what came of it."""
    if found.came == Came.TOLD:
        event.end(State.SENT, "", found.trace_id)
    elif found.came == Came.REFUSED or event.attempts + 1 >= MOST_ATTEMPTS:
        event.end(State.FAILED, found.said, found.trace_id)
    else:
        pause = timedelta(seconds=10) * 2 ** min(event.attempts, 12)
        event.wait(min(pause, LONGEST_PAUSE), found.said)


def click_of(event: ConversionEvent) -> Click | None:
    """The last ad that led this lead to us before the event, with all that its channel
    needs to know them by."""
    touches = Touch.objects.filter(
        workspace=event.workspace_id,
        lead=event.lead_id,
        kind=Touch.Kind.AD,
        at__lte=event.at,
        key__startswith="message:",
    )
    for touch in touches.order_by("-at", "-id")[:5]:
        if found := _through(touch):
            return found
    return None


def _through(touch: Touch) -> Click | None:
    message = (
        Message.objects.filter(
            workspace=touch.workspace_id,
            public_id=touch.key.removeprefix("message:"),
        )
        .select_related("conversation__account")
        .defer("conversation__account__token")
        .first()
    )
    if message is None:
        return None
    account: ChannelAccount = message.conversation.account
    identities = ContactIdentity.objects.filter(
        contact=message.conversation.contact_id,
        account=account,
        kind__in=["psid", "igsid"],
    )
    named = identities.order_by("-id").values_list("value", flat=True).first()
    whose = meta_events.person(
        account.channel,
        account=account.external_id,
        parent=account.parent_external_id,
        name=named or "",
        click_id=touch.click_id,
    )
    return Click(account.channel, whose) if whose else None
