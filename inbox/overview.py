"""The state of the inbox at a glance, by queries that stay cheap."""

from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timesince import timesince

from flexoraa.lib import work
from inbox import adapters
from inbox.models import ChannelAccount, Conversation, WebhookDelivery

MOST_STUCK = 1_000


def cards() -> list[dict[str, Any]]:
    """Figures for the first page: title, value, a line below, a link, and whether
    somebody should look."""
    deliveries = reverse("admin:inbox_webhookdelivery_changelist")
    backlog = WebhookDelivery.objects.backlog()
    stuck = {
        state: WebhookDelivery.objects.filter(state=state).count()
        for state in ("dead", "unroutable")
    }
    workers = work.running()
    return [
        *conversation_cards(Conversation.objects.all()),
        {
            "title": "Webhooks waiting",
            "value": backlog["waiting"],
            "note": f"oldest {backlog['oldest_seconds']:.0f} s",
            "link": f"{deliveries}?state__exact=new",
            "alarm": backlog["oldest_seconds"] > 60,
        },
        {
            "title": "Dead webhooks",
            "value": stuck["dead"],
            "note": "could not be worked off",
            "link": f"{deliveries}?state__exact=dead",
            "alarm": stuck["dead"] > 0,
        },
        {
            "title": "Unroutable webhooks",
            "value": stuck["unroutable"],
            "note": "for accounts that nobody connected",
            "link": f"{deliveries}?state__exact=unroutable",
        },
        channel_card(ChannelAccount.objects.all()),
        {
            "title": "Workers",
            "value": workers,
            "note": "taking webhooks" if workers else "nobody takes webhooks",
            "link": deliveries,
            "alarm": not workers,
        },
        *last_webhooks(),
    ]


def team_cards(places: frozenset[int]) -> list[dict[str, Any]]:
    """The same for the staff of these workspaces, about nothing else."""
    return [
        *conversation_cards(Conversation.objects.filter(workspace__in=places)),
        channel_card(ChannelAccount.objects.filter(workspace__in=places)),
    ]


def conversation_cards(conversations: QuerySet) -> list[dict[str, Any]]:
    """How many are open, and how much of them nobody has read."""
    link = reverse("admin:inbox_conversation_changelist")
    found = conversations.exclude(status="resolved").aggregate(
        count=Count("id"),
        unread=Sum("unread_count", default=0),
        waiting=Count("id", filter=Q(waiting_since__isnull=False)),
    )
    return [
        {
            "title": "Open conversations",
            "value": found["count"],
            "note": f"{found['waiting']} wait for an answer",
            "link": f"{link}?status__exact=open",
        },
        {
            "title": "Unread messages",
            "value": found["unread"],
            "note": "in open conversations",
            "link": link,
        },
    ]


def channel_card(accounts: QuerySet) -> dict[str, Any]:
    """How many of the channels are connected."""
    found = accounts.aggregate(
        connected=Count("id", filter=Q(status="connected")), count=Count("id")
    )
    return {
        "title": "Channels connected",
        "value": found["connected"],
        "note": f"of {found['count']}",
        "link": reverse("admin:inbox_channelaccount_changelist"),
        "alarm": found["connected"] < found["count"],
    }


def last_webhooks() -> list[dict[str, Any]]:
    """A card for each connected channel: when it was last heard from."""
    labels = dict(adapters.choices())
    connected = ChannelAccount.objects.filter(status="connected")
    rows = connected.values("channel").annotate(at=Max("last_event_at"))
    ledger = reverse("admin:inbox_webhookdelivery_changelist")
    return [
        {
            "title": labels.get(row["channel"], row["channel"]),
            "value": timesince(row["at"], depth=1) if row["at"] else "–",
            "note": "since the last webhook" if row["at"] else "not heard from yet",
            "link": f"{ledger}?route={row['channel']}",
            "alarm": not row["at"],
        }
        for row in rows.order_by("channel")
    ]


def stuck_badge(request: HttpRequest) -> str | None:
    """How many deliveries wait for a person; it is asked on every page, so not past
    a thousand."""
    stuck = WebhookDelivery.objects.filter(state__in=["dead", "unroutable"])
    count = stuck.order_by()[:MOST_STUCK].count()
    if count == MOST_STUCK:
        return f"{MOST_STUCK}+"
    return str(count) if count else None
