"""The state of the inbox at a glance, by queries that stay cheap."""

from typing import Any

from django.db.models import Count, Max, Q, Sum
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
    conversations = reverse("admin:inbox_conversation_changelist")
    deliveries = reverse("admin:inbox_webhookdelivery_changelist")
    channels = reverse("admin:inbox_channelaccount_changelist")
    open_ones = Conversation.objects.exclude(status="resolved").aggregate(
        count=Count("id"),
        unread=Sum("unread_count", default=0),
        waiting=Count("id", filter=Q(waiting_since__isnull=False)),
    )
    backlog = WebhookDelivery.objects.backlog()
    stuck = {
        state: WebhookDelivery.objects.filter(state=state).count()
        for state in ("dead", "unroutable")
    }
    accounts = ChannelAccount.objects.aggregate(
        connected=Count("id", filter=Q(status="connected")), count=Count("id")
    )
    workers = work.running()
    return [
        {
            "title": "Open conversations",
            "value": open_ones["count"],
            "note": f"{open_ones['waiting']} wait for an answer",
            "link": f"{conversations}?status__exact=open",
        },
        {
            "title": "Unread messages",
            "value": open_ones["unread"],
            "note": "in open conversations",
            "link": conversations,
        },
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
        {
            "title": "Channels connected",
            "value": accounts["connected"],
            "note": f"of {accounts['count']}",
            "link": channels,
            "alarm": accounts["connected"] < accounts["count"],
        },
        {
            "title": "Workers",
            "value": workers,
            "note": "taking webhooks" if workers else "nobody takes webhooks",
            "link": deliveries,
            "alarm": not workers,
        },
        *last_webhooks(),
    ]


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
