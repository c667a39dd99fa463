"""Failed payments find their subscription through the invoice that they name."""

import pytest
from django.db.models.functions import Now

from flexoraa.sandbox.razorpay_book import DAY
from payments import linking, receiving, subscribing
from payments.models import Payment, Subscription, WebhookDelivery
from payments.tests.conftest import hear, pay, post, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def failed(plan, workspace, stand_in) -> Subscription:
    """A subscription whose second charge failed; its webhook is stored."""
    row = subscribing.subscribe(workspace, plan, actor=None)
    pay(stand_in, row)
    work(stand_in)
    stand_in.book.hidden[row.razorpay_id]["failing"] = 1
    stand_in.book.advance(31 * DAY)
    for hook in stand_in.hooks.take():
        if hook.event == "payment.failed":
            assert post(hook) == 200
    hear(stand_in)
    return row


def delivery() -> WebhookDelivery:
    return WebhookDelivery.objects.get(event="payment.failed")


def test_a_failed_payment_is_linked_to_its_subscription_and_invoice(failed, stand_in):
    invoice = list(stand_in.book.invoices.values())[-1]
    assert (delivery().state, delivery().unrouted) == ("unroutable", [invoice["id"]])
    assert linking.drain() == 1
    row = Payment.objects.get(status="failed")
    assert (row.subscription_id, row.razorpay_invoice_id) == (failed.pk, invoice["id"])
    assert row.error_description == "Your payment was declined by the bank."
    assert int(row.period_start.timestamp()) == invoice["billing_start"]
    assert (delivery().state, delivery().unrouted) == ("done", [])
    assert delivery().outcome["for"] == f"subscription {failed.pk}"
    assert failed.timeline.filter(said="payment.failed").count() == 1
    assert linking.drain() == 0


def test_a_late_failure_does_not_undo_the_payment_that_came_after(failed, stand_in):
    stand_in.book.advance(2 * DAY)  # the retry goes through
    hear(stand_in)
    work()
    found = Payment.objects.order_by("made_at").values_list("status", flat=True)
    assert list(found) == [
        "captured",
        "failed",
        "captured",
    ]
    failed.refresh_from_db()
    assert failed.status == "active"


def test_it_waits_while_razorpay_is_away_and_longer_each_time(failed, stand_in, caplog):
    for _ in range(2):
        stand_in.faults.add(method="GET", path="/v1/invoices/", status=502)
    assert linking.drain() == 1
    first = delivery()
    assert (first.state, first.failures) == ("unroutable", 1)
    assert "has no owner yet" in caplog.text
    assert linking.drain() == 0  # not yet
    WebhookDelivery.objects.filter(pk=first.pk).update(due_at=Now())
    linking.drain()
    second = delivery()
    assert second.failures == 2
    assert second.due_at > first.due_at
    WebhookDelivery.objects.filter(pk=first.pk).update(due_at=Now())
    assert linking.drain() == 1
    assert Payment.objects.filter(status="failed").exists()


def test_a_strangers_failure_is_nobodys(failed, stand_in):
    Subscription.objects.filter(pk=failed.pk).update(razorpay_id="sub_other0000000")
    linking.drain()
    assert delivery().outcome["for"] == "nobody's"
    assert not Payment.objects.filter(status="failed").exists()


def test_an_invoice_that_is_not_there_is_nobodys(failed, stand_in):
    stand_in.book.invoices.clear()
    linking.drain()
    assert delivery().state == "done"
    assert delivery().outcome["for"].startswith("nobody's: The id provided")


def test_a_replay_changes_nothing(failed):
    linking.drain()
    WebhookDelivery.objects.filter(event="payment.failed").replay()
    while receiving.drain() + linking.drain():
        pass
    assert Payment.objects.filter(status="failed").count() == 1
    assert delivery().state == "done"
