"""The inbox's figures for Prometheus; names, help, labels, values."""

from collections.abc import Iterator

from django.db.models import Count, Max, Sum
from django.db.models.functions import Now
from django.utils import timezone

from flexoraa.lib import sets
from inbox.models import ChannelAccount, RefusedWebhook, SendAttempt, WebhookDelivery

Gauge = tuple[str, str, dict[str, str], float]
WAITING = ("queued", "sending", "unknown")


def gauges() -> Iterator[Gauge]:
    """Each from an index that is small, or from small tables."""
    yield from _stuck()
    yield from _sends()
    yield from _doubles()
    yield from _silences()
    yield from _refusals()


def _stuck() -> Iterator[Gauge]:
    counts = dict.fromkeys(("dead", "unroutable"), 0)
    rows = WebhookDelivery.objects.filter(state__in=counts).order_by()
    counts |= dict(rows.values_list("state").annotate(Count("pk")))
    for state, count in counts.items():
        text = "Webhook deliveries that wait for a person."
        yield "webhooks_stuck", text, {"state": state}, count


def _sends() -> Iterator[Gauge]:
    """Outbound messages on their way, and the age of the oldest in seconds."""
    found = dict.fromkeys(WAITING, (0, 0.0))
    one_by_one = " UNION ALL ".join(  # each has its index; all together have none
        "SELECT status, count(*), extract(epoch FROM now() - min(created_at)) "
        f"FROM inbox_message WHERE status = '{status}' GROUP BY status"
        for status in WAITING
    )
    rows = sets.fetch(one_by_one)
    found |= {status: (count, float(age)) for status, count, age in rows}
    for status, (count, age) in found.items():
        labels = {"status": status}
        yield "sends", "Outbound messages that are on their way.", labels, count
        yield "sends_oldest_seconds", "Age of the oldest of them.", labels, age


def _doubles() -> Iterator[Gauge]:
    """What the rule for sending again did not foresee (docs/replies.md)."""
    count = SendAttempt.objects.filter(confirmed_late_at__isnull=False).count()
    text = "Messages confirmed after they were sent again: the person has them twice."
    yield "late_status_after_resend", text, {}, count


def _silences() -> Iterator[Gauge]:
    """Seconds since a channel's webhooks were last heard, over connected accounts."""
    rows = ChannelAccount.objects.filter(status="connected").order_by()
    for channel, at in rows.values_list("channel").annotate(Max("last_event_at")):
        if at:
            text = "Seconds since the last webhook of a channel."
            seconds = (timezone.now() - at).total_seconds()
            yield "channel_silent_seconds", text, {"channel": channel}, seconds


def _refusals() -> Iterator[Gauge]:
    rows = RefusedWebhook.objects.filter(hour__lte=Now()).order_by()
    for route, reason, count in rows.values_list("route", "reason").annotate(
        Sum("count")
    ):
        text = "Webhooks that were turned away, ever."
        yield "webhooks_refused", text, {"route": route, "reason": reason}, count
