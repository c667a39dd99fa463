"""/metrics: what it counts, and to whom it says so."""

import pytest
from django.test import Client
from django.utils import timezone

from inbox.models import RefusedWebhook, WebhookDelivery
from teams import crossings

pytestmark = pytest.mark.django_db
TOKEN = "a-token-for-the-monitoring"


def scrape(**extra) -> dict[str, float]:
    """{'flexoraa_workers': 0.0, …}"""
    text = Client().get("/metrics", **extra).content.decode()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_it_says_what_waits_and_what_died(account, receive):
    account.last_event_at = timezone.now() - timezone.timedelta(seconds=90)
    account.save()
    WebhookDelivery.objects.create(route="whatsapp", body=b"x", size=1, state="dead")
    RefusedWebhook.objects.create(
        route="whatsapp", reason="signature", hour=timezone.now(), count=3
    )
    found = scrape()
    assert found['flexoraa_backlog_waiting{queue="webhooks"}'] == 0
    assert found['flexoraa_backlog_oldest_seconds{queue="webhooks"}'] == 0
    assert found['flexoraa_webhooks_stuck{state="dead"}'] == 1
    assert found['flexoraa_webhooks_stuck{state="unroutable"}'] == 0
    assert 89 < found['flexoraa_channel_silent_seconds{channel="whatsapp"}'] < 120
    assert found['flexoraa_sends{status="unknown"}'] == 0
    assert found["flexoraa_late_status_after_resend"] == 0
    key = 'flexoraa_webhooks_refused{reason="signature",route="whatsapp"}'
    assert found[key] == 3
    assert found["flexoraa_cross_workspace_references"] == -1
    crossings.inspect()
    assert scrape()["flexoraa_cross_workspace_references"] == 0


@pytest.mark.parametrize(
    "given",
    ["", TOKEN, f"Bearer {TOKEN}x", "Bearer ", f"bearer {TOKEN}", "Bearer \u00e9"],
)
def test_with_a_token_nobody_else_may_read(given, settings):
    settings.METRICS_TOKEN = TOKEN
    headers = {"Authorization": given.encode().decode("latin-1")}
    answer = Client().get("/metrics", headers=headers)
    assert (answer.status_code, answer.content) == (404, b"Not found\n")
    right = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert right.status_code == 200


def test_without_a_token_it_is_for_this_machine():
    assert Client().get("/metrics").status_code == 200
    assert Client().get("/metrics", REMOTE_ADDR="10.0.0.9").status_code == 404
    past_a_proxy = Client().get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
    assert past_a_proxy.status_code == 404
    assert Client().post("/metrics").status_code == 405
