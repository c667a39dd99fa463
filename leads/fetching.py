"""Fetching what ads cost, once a day: the last days again, since Meta revises them."""

import logging
from collections import defaultdict
from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from flexoraa.lib import sets
from flexoraa.lib.crypto import Undecryptable
from leads import insights
from leads.models import AdAccount, Campaign, SpendEntry
from leads.spending import Line, Outcome, paise_of, record

log = logging.getLogger(__name__)
DAYS = 28  # that are asked for again, today included
AGAIN_HOURS = 24
RETRY_HOURS = 1
SHOWN = 50  # unclaimed ads


def drain() -> int:
    """Fetch the account that is due for longest; how many accounts that was. It is put
    off before it is asked for, so that two workers do not ask at once."""
    rows = sets.fetch(
        "UPDATE leads_adaccount SET due_at = statement_timestamp() + "
        "make_interval(hours => %s) WHERE id = (SELECT id FROM leads_adaccount "
        "WHERE due_at <= statement_timestamp() AND is_active "
        "ORDER BY due_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED) RETURNING id",
        [RETRY_HOURS],
    )
    for (pk,) in rows:
        try:
            fetch(AdAccount.objects.select_related("workspace").get(pk=pk))
        except (insights.NotFetched, Undecryptable) as error:
            log.warning("Spend of ad account %s is as it was: %r", pk, error)
    return len(rows)


def ask(account: AdAccount) -> None:
    """Have it fetched at once, by the worker."""
    AdAccount.objects.filter(pk=account.pk).update(due_at=Now(), is_active=True)


def fetch(account: AdAccount) -> Outcome:
    """Write down what its ads cost in the last days. Call it outside any transaction.

    Raises NotFetched, after noting on the account what a person has to know.
    """
    here = AdAccount.objects.filter(pk=account.pk)
    until = timezone.now().date() + timedelta(days=1)  # it is tomorrow somewhere
    since = until - timedelta(days=DAYS)
    try:
        known = insights.account(account.external_id, account.token)
        rows = list(insights.spent(account.external_id, account.token, since, until))
    except insights.NotFetched as error:
        here.update(problem=str(error)[:200])
        raise
    lines, unclaimed = lines_of(account, known, rows)
    outcome = record(account.workspace, lines, source=SpendEntry.Source.META)
    _withdraw(account, lines)
    here.update(
        name=known.name,
        currency=known.currency,
        timezone=known.timezone,
        fetched_at=Now(),
        due_at=timezone.now() + timedelta(hours=AGAIN_HOURS),
        problem="",
        unclaimed=unclaimed,
    )
    return outcome


def _withdraw(account: AdAccount, lines: list[Line]) -> None:
    """An ad that is another campaign's by now cost the former one nothing."""
    now = {(line.day, line.reference): line.campaign for line in lines}
    entries = SpendEntry.objects.for_workspace(account.workspace_id).current()
    there = entries.filter(
        source=SpendEntry.Source.META,
        amount_paise__gt=0,
        reference__in={line.reference for line in lines},
        day__in={line.day for line in lines},
    )
    for entry in there:
        whose = now.get((entry.day, entry.reference), entry.campaign_id)
        if whose != entry.campaign_id:
            entry.revise(0)


def lines_of(
    account: AdAccount, known: insights.Account, rows: list[insights.Spent]
) -> tuple[list[Line], list[dict]]:
    """(what the ads of campaigns cost, the ads of none). Of several campaigns that name
    an ad the newest has it, as with touches."""
    campaigns = {
        ad: pk
        for pk, ads in Campaign.objects.for_workspace(account.workspace_id)
        .exclude(ad_ids=[])
        .order_by("pk")
        .values_list("pk", "ad_ids")
        for ad in ads
    }
    lines: dict[tuple, Line] = {}
    left: dict[str, int] = defaultdict(int)
    names = {row.ad_id: row.ad_name for row in rows}
    for row in rows:
        try:
            paise = paise_of(row.amount)
        except ValueError:
            continue
        campaign = campaigns.get(row.ad_id)
        if campaign is None:
            left[row.ad_id] += paise
            continue
        currency = row.currency or known.currency or account.workspace.currency
        line = Line(campaign, row.day, paise, currency, "ad", row.ad_id, known.timezone)
        lines[line.key] = line
    dearest = sorted(left.items(), key=lambda item: -item[1])[:SHOWN]
    unclaimed = [
        {"ad_id": ad, "name": names[ad], "paise": paise} for ad, paise in dearest
    ]
    return list(lines.values()), unclaimed
