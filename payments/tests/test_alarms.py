"""T19: a webhook that is silent, refused or stuck is seen, told and counted."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from payments import alarms, overview, subscribing
from payments.models import RefusedWebhook, Subscription, WebhookAlarm, WebhookDelivery
from payments.tests.conftest import hear, pay
from teams.models import Mail

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def staff(django_user_model):
    found = django_user_model.objects.create_superuser("root@flexoraa.example", "x")
    django_user_model.objects.create_superuser(
        "gone@flexoraa.example", "x", is_active=False
    )
    return found


@pytest.fixture
def live(plan, workspace, stand_in) -> Subscription:
    """A live subscription, made and paid for two days ago, with its webhooks."""
    row = subscribing.subscribe(workspace, plan, actor=None)
    pay(stand_in, row)
    hear(stand_in)
    back(48 * HOUR)
    return row


def back(span: timedelta) -> None:
    """Everything that happened did so that much earlier."""
    WebhookDelivery.objects.update(received_at=F("received_at") - span)
    Subscription.objects.update(created_at=F("created_at") - span)
    WebhookAlarm.objects.update(since=F("since") - span, told_at=F("told_at") - span)
    RefusedWebhook.objects.update(last_at=F("last_at") - span)


def refuse(reason: str = "signature", count: int = 1) -> None:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    row, _ = RefusedWebhook.objects.get_or_create(
        route="razorpay", reason=reason, hour=hour
    )
    row.count, row.last_at = row.count + count, timezone.now()
    row.save()


def subjects() -> list[str]:
    return list(Mail.objects.order_by("id").values_list("subject", flat=True))


def gauge(name: str) -> float:
    return {found: value for found, _, _, value in alarms.gauges()}[name]


def ringing() -> list[str]:
    return [alarm.kind for alarm in alarms.inspect()]


def test_a_day_without_a_webhook_rings_and_is_told_once_a_day(live, staff, stand_in):
    assert ringing() == ["silent"]
    assert ringing() == ["silent"]
    assert subjects() == ["Razorpay: No webhook comes"]
    mail = Mail.objects.get()
    assert mail.to == staff.email
    assert "came for 2 days" in mail.text.reveal()
    assert "webhookdelivery" in mail.text.reveal()
    back(25 * HOUR)
    assert ringing() == ["silent"]
    assert len(subjects()) == 2
    stand_in.book.pause(live.razorpay_id)
    hear(stand_in)
    assert ringing() == []
    assert subjects()[2] == "Razorpay: over: No webhook comes"
    assert not WebhookAlarm.objects.exists()


def test_silence_is_no_alarm_without_a_live_subscription(live, staff):
    Subscription.objects.update(status="cancelled")
    assert ringing() == []
    assert subjects() == []


def test_silence_counts_from_the_first_subscription(plan, workspace, stand_in, staff):
    WebhookDelivery.objects.all().delete()
    subscribing.subscribe(workspace, plan, actor=None)
    assert ringing() == []
    back(23 * HOUR)
    assert ringing() == []
    back(2 * HOUR)
    assert ringing() == ["silent"]


def test_refusals_for_a_quarter_of_an_hour_ring(live, staff, stand_in):
    stand_in.book.pause(live.razorpay_id)
    hear(stand_in)
    refuse()
    assert ringing() == []  # one may be anybody's
    back(timedelta(minutes=16))
    assert ringing() == []  # still one
    refuse(count=3)
    assert ringing() == ["refused"]
    text = Mail.objects.get().text.reveal()
    assert "turned away for 16 minutes" in text
    assert "4 × signature" in text
    stand_in.book.resume(live.razorpay_id)
    hear(stand_in)
    assert ringing() == []


def test_a_webhook_that_was_taken_begins_the_quarter_anew(live, staff, stand_in):
    stand_in.book.pause(live.razorpay_id)
    hear(stand_in)
    refuse()
    alarms.inspect()
    back(timedelta(minutes=16))
    stand_in.book.resume(live.razorpay_id)
    hear(stand_in)
    refuse()  # before anybody looked
    assert ringing() == []
    assert subjects() == []


def test_webhooks_that_nobody_works_off_ring(live, staff):
    WebhookDelivery.objects.filter(pk=WebhookDelivery.objects.first().pk).update(
        state="new", received_at=timezone.now() - timedelta(minutes=20)
    )
    assert "stuck" in ringing()
    assert "Razorpay: Webhooks are not worked off" in subjects()


def test_two_workers_tell_once(live, staff):
    alarms.inspect()
    alarm = WebhookAlarm.objects.get(kind="silent")
    WebhookAlarm.objects.update(told_at=None)
    assert alarm.take_turn(HOUR)
    assert not WebhookAlarm.objects.get().take_turn(HOUR)


def test_the_alarm_is_on_the_first_page_above_the_list_and_in_metrics(live, staff):
    assert overview.webhook_cards()[0]["value"] == "Well"
    alarms.inspect()
    card = overview.webhook_cards()[0]
    assert card["alarm"]
    assert "No webhook of Razorpay's came" in card["note"]
    client = Client()
    client.force_login(staff)
    page = client.get(reverse("admin:payments_webhookdelivery_changelist"))
    assert b"No webhook of Razorpay" in page.content
    lines = Client().get("/metrics").content.decode()
    assert 'flexoraa_payments_webhook_alarm{kind="silent"} 1.0' in lines
    assert 'flexoraa_payments_webhook_alarm{kind="refused"} 0.0' in lines
    assert gauge("payments_webhook_silent_seconds") > 47 * 3600
    assert gauge("payments_drift") == 0
    assert gauge("payments_held") == 0
