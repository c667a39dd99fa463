"""Whether Razorpay's webhooks still come and are taken: looked at, and told to staff.

Razorpay switches a webhook off that failed for 24 hours and says so in a mail alone.
Reconciling goes on without it, so nothing is wrong in the books: it is only late.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Min, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince

from payments.models import (
    Drift,
    Payment,
    RefusedWebhook,
    Subscription,
    WebhookAlarm,
    WebhookDelivery,
)
from teams.models import Mail, User

Gauge = tuple[str, str, dict[str, str], float]
Kind = WebhookAlarm.Kind
TELL_EVERY = timedelta(hours=24)
WAITING = ("new", "running", "retry")
REASONS = {
    Kind.SILENT: "No webhook of Razorpay's came for {span}, although there are live "
    "subscriptions. It may be switched off: Razorpay does that when it failed for a "
    "day.",
    Kind.REFUSED: "Razorpay's webhooks are turned away for {span} and none was taken: "
    "{reasons}. After a day Razorpay switches the webhook off.",
    Kind.STUCK: "Webhooks of Razorpay's are stored and not worked off for {span}: is "
    "a worker running?",
}
MEANWHILE = "Subscriptions are asked about every hour all the same, so the books stay \
right. What to do is in docs/payments.md, under “When webhooks stop”."


def inspect() -> list[WebhookAlarm]:
    """A chore: look, write down what is seen, tell of what lasts too long."""
    found = dict(_seen(timezone.now()))
    for alarm in WebhookAlarm.objects.exclude(kind__in=found):
        _end(alarm)
    for kind, (since, until) in found.items():
        alarm, _ = WebhookAlarm.objects.get_or_create(
            kind=kind, defaults={"since": since, "until": until}
        )
        alarm.since, alarm.until = since, until
        alarm.save(update_fields=["since", "until"])
        with transaction.atomic():
            if alarm.is_ringing and alarm.take_turn(TELL_EVERY):
                _tell(f"Razorpay: {alarm}", f"{reason_of(alarm)}\n\n{MEANWHILE}")
    return ringing()


def ringing() -> list[WebhookAlarm]:
    """Those that last longer than they may."""
    alarms = WebhookAlarm.objects.order_by("since")
    return [alarm for alarm in alarms if alarm.is_ringing]


def reason_of(alarm: WebhookAlarm) -> str:
    """What is the matter, for a person."""
    reasons = ""
    if alarm.kind == Kind.REFUSED:
        rows = RefusedWebhook.objects.filter(last_at__gte=alarm.since)
        counts = rows.values_list("reason").annotate(Sum("count")).order_by("reason")
        reasons = ", ".join(f"{count} × {reason}" for reason, count in counts)
    span = timesince(alarm.since, alarm.until, depth=1).replace("\xa0", " ")
    return REASONS[Kind(alarm.kind)].format(span=span, reasons=reasons or "see metrics")


def gauges() -> Iterator[Gauge]:
    """For /metrics."""
    known = {alarm.kind: alarm for alarm in WebhookAlarm.objects.all()}
    for kind in Kind.values:
        alarm, labels = known.get(kind), {"kind": kind}
        text = "Whether something is wrong with Razorpay's webhooks."
        is_ringing = bool(alarm and alarm.is_ringing)
        yield "payments_webhook_alarm", text, labels, float(is_ringing)
    if heard := last_heard():
        text = "Seconds since Razorpay's last webhook."
        seconds = (timezone.now() - heard).total_seconds()
        yield "payments_webhook_silent_seconds", text, {}, seconds
    drift = Drift.objects.filter(healed_at=None).count()
    yield "payments_drift", "Where our books and Razorpay's differ.", {}, drift
    held = Payment.objects.held().count()
    yield "payments_held", "Payments with another amount than asked.", {}, held
    rows = RefusedWebhook.objects.order_by().values_list("route", "reason")
    for route, reason, count in rows.annotate(Sum("count")):
        labels = {"route": route, "reason": reason}
        yield "webhooks_refused", "Webhooks that were turned away, ever.", labels, count


def last_heard() -> datetime | None:
    """When the last webhook was taken."""
    newest = WebhookDelivery.objects.order_by("-id")
    return newest.values_list("received_at", flat=True).first()


def _seen(now: datetime) -> Iterator[tuple[str, tuple[datetime, datetime]]]:
    """What is so now, and from when to when it was."""
    heard = last_heard()
    known = Subscription.objects.live().exclude(razorpay_id="")
    first = known.aggregate(at=Min("created_at"))["at"]
    if first and settings.RAZORPAY_KEY_ID:
        since = max(filter(None, (heard, first)))
        if now - since >= WebhookAlarm.LIMITS[Kind.SILENT]:
            yield Kind.SILENT, (since, now)
        refused = RefusedWebhook.objects.filter(last_at__gt=now - timedelta(hours=24))
        if heard:
            refused = refused.filter(last_at__gt=heard)
        if last := refused.aggregate(at=Max("last_at"))["at"]:
            yield Kind.REFUSED, (_refused_since(heard) or last, last)
    waiting = WebhookDelivery.objects.filter(state__in=WAITING)
    oldest = waiting.aggregate(at=Min("received_at"))["at"]
    if oldest and now - oldest >= WebhookAlarm.LIMITS[Kind.STUCK]:
        yield Kind.STUCK, (oldest, now)


def _refused_since(heard: datetime | None) -> datetime | None:
    """When the first was refused after the last that was taken, as far as a look
    before saw it: refusals are counted by the hour."""
    known = WebhookAlarm.objects.filter(kind=Kind.REFUSED)
    if heard:
        known = known.filter(since__gt=heard)
    return known.values_list("since", flat=True).first()


def _end(alarm: WebhookAlarm) -> None:
    """It is over; who heard of it hears that, too."""
    with transaction.atomic():
        gone, _ = WebhookAlarm.objects.filter(pk=alarm.pk).delete()
        if gone and alarm.told_at:
            _tell(f"Razorpay: over: {alarm}", "Webhooks come and are taken again.")


def _tell(subject: str, text: str) -> None:
    """Queue a mail to the platform's staff."""
    path = reverse("admin:payments_webhookdelivery_changelist")
    link = settings.PUBLIC_URL.rstrip("/") + path
    staff = User.objects.filter(is_superuser=True, is_active=True).order_by("id")
    for address in staff.values_list("email", flat=True):
        Mail.objects.create(to=address, subject=subject, text=f"{text}\n\n{link}\n")
