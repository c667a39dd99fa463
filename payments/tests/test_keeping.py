"""What the clock does: strays, orders without an answer, notices, start-up checks."""

import base64
import time

import pytest
import requests
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from flexoraa.sandbox.razorpay import KEY_ID, KEY_SECRET
from flexoraa.sandbox.razorpay_book import DAY
from flexoraa.sandbox.razorpay_shapes import ApiError
from payments import (
    checks,
    clock,
    dunning,
    keeping,
    ordering,
    problems,
    reconciling,
    subscribing,
)
from payments.models import Drift, Order, Payment, Subscription
from payments.razorpay import client, errors
from payments.tests.conftest import pay, work
from teams.models import Mail

pytestmark = pytest.mark.django_db
CREATE = {"path": "/v1/subscriptions$", "method": "POST"}


def test_a_stray_of_a_row_that_gave_up_is_cancelled(plan, workspace, stand_in):
    stand_in.faults.add(when="after", how="reset", **CREATE)
    row = subscribing.subscribe(workspace, plan, actor=None)
    Subscription.objects.update(status="failed", sync_due_at=None)
    assert reconciling.strays() == 1
    (theirs,) = stand_in.book.subscriptions.values()
    assert theirs["status"] == "cancelled"
    row.refresh_from_db()
    assert row.status == "failed"
    assert Drift.objects.get(field="stray").theirs == "created"


def test_a_stray_that_a_row_waits_for_is_adopted(plan, workspace, stand_in):
    stand_in.faults.add(when="after", how="reset", **CREATE)
    row = subscribing.subscribe(workspace, plan, actor=None)
    assert reconciling.strays() == 1
    row.refresh_from_db()
    assert row.status == "created"
    assert reconciling.strays() == 0


def test_two_of_one_row_leave_one(plan, workspace, stand_in):
    stand_in.faults.add(when="after", how="reset", **CREATE)
    row = subscribing.subscribe(workspace, plan, actor=None)
    (known,) = stand_in.book.subscriptions.values()
    again = {name: known[name] for name in ("plan_id", "total_count", "notes")}
    stand_in.book.create_subscription(again)
    stand_in.book.advance(6)
    work()
    row.refresh_from_db()
    states = [s["status"] for s in stand_in.book.subscriptions.values()]
    assert sorted(states) == ["cancelled", "created"]
    assert stand_in.book.subscriptions[row.razorpay_id]["status"] == "created"


def test_an_outage_puts_looks_off_and_breaks_nothing(plan, workspace, stand_in):
    row = subscribing.subscribe(workspace, plan, actor=None)
    pay(stand_in, row)
    stand_in.hooks.take()
    row.ask_again("webhook", clock.now())
    stand_in.faults.add(method="GET", status=502, count=None)
    for failures in (1, 2):
        assert reconciling.drain() == 1
        assert reconciling.drain() == 0
        row.refresh_from_db()
        assert row.sync_failures == failures
        assert "502" in row.sync_error
        stand_in.book.advance(60)
    stand_in.faults.clear()
    work()
    row.refresh_from_db()
    assert (row.status, row.sync_failures, row.sync_error) == ("active", 0, "")


def test_one_that_is_broken_does_not_hold_up_the_others(
    plan, workspace, make_workspace, stand_in, monkeypatch
):
    rows = [
        subscribing.subscribe(place, plan, actor=None)
        for place in (workspace, make_workspace("other"))
    ]
    for row in rows:
        pay(stand_in, row)
        row.ask_again("webhook", clock.now())
    fetch = reconciling.fetch

    def broken(razorpay, row, *args):
        if row.pk == rows[0].pk:
            raise ZeroDivisionError
        return fetch(razorpay, row, *args)

    monkeypatch.setattr(reconciling, "fetch", broken)
    reconciling.drain()
    states = Subscription.objects.order_by("id").values_list("status", flat=True)
    assert list(states) == ["created", "active"]


def test_an_order_whose_answer_was_lost_is_found_by_its_receipt(workspace, stand_in):
    stand_in.faults.add(when="after", how="reset", path="/v1/orders$", method="POST")
    row = ordering.create(workspace, purpose="x", amount_paise=5000, actor=None)
    assert row.status == "creating"
    stand_in.book.advance(30)
    work()
    row.refresh_from_db()
    assert row.razorpay_id in stand_in.book.orders
    assert len(stand_in.book.orders) == 1


def test_an_order_that_never_came_is_given_up(workspace, stand_in):
    stand_in.faults.add(how="reset", path="/v1/orders$", method="POST")
    row = ordering.create(workspace, purpose="x", amount_paise=5000, actor=None)
    stand_in.faults.add(method="GET", status=502)
    for _ in range(8):
        stand_in.book.advance(30)
        work()
    row.refresh_from_db()
    assert (row.status, row.sync_due_at) == ("failed", None)


def test_an_order_that_is_refused_says_so(workspace, stand_in, settings):
    stand_in.faults.add(status=429, path="/v1/orders$", method="POST")
    with pytest.raises(problems.ProviderUnavailable):
        ordering.create(workspace, purpose="x", amount_paise=5000, actor=None)
    assert Order.objects.get().status == "failed"
    with pytest.raises(problems.BadSignature):
        ordering.verify(workspace, "order_1", "pay_1", "0" * 64)
    settings.RAZORPAY_KEY_ID = ""
    with pytest.raises(problems.NotSetUp):
        ordering.create(workspace, purpose="x", amount_paise=5000, actor=None)


def test_an_order_that_is_paid_late_is_found_without_a_webhook(workspace, stand_in):
    row = ordering.create(workspace, purpose="x", amount_paise=5000, actor=None)
    stand_in.book.advance(40 * DAY)
    work()
    stand_in.book.pay_order(row.razorpay_id, succeed=True, method="upi", capture=True)
    stand_in.hooks.take()
    stand_in.book.advance(DAY)
    work()
    assert Payment.objects.get().order_id == row.pk


def test_owners_are_told_once_when_payments_fail(
    plan, workspace, make_member, stand_in
):
    make_member(workspace)
    make_member(workspace, "admin")
    row = subscribing.subscribe(workspace, plan, actor=None)
    pay(stand_in, row)
    work(stand_in)
    stand_in.book.hidden[row.razorpay_id]["failing"] = 9
    for _ in range(20):
        stand_in.book.advance(DAY)
        work(stand_in)
        stand_in.book.advance(DAY)
        dunning.housekeep()
    subjects = Mail.objects.order_by("id").values_list("to", "subject")
    assert [to for to, _ in subjects] == ["owner@acme.example"] * 3
    said = [subject for _, subject in subjects]
    assert said[0] == "A payment for Acme failed"
    assert said[1] == "Acme: payments failed, and are no longer retried"
    assert said[2] == "Acme can only be read now"


def test_the_chore_is_cheap_and_safe_twice(workspace, stand_in, monkeypatch):
    monkeypatch.setattr(keeping, "_looked_at", 0.0)
    keeping.housekeep()
    workspace.refresh_from_db()
    assert workspace.limits["state"] == "trial"
    before = len(stand_in.ledger.calls())
    keeping.housekeep()
    assert len(stand_in.ledger.calls()) == before


def test_strays_wait_while_razorpay_is_away(stand_in, caplog):
    stand_in.faults.add(method="GET", status=502)
    keeping.strays()
    assert "Strays were not looked for" in caplog.text


@pytest.mark.parametrize(
    ("change", "ids"),
    [
        ({}, []),
        ({"RAZORPAY_KEY_ID": ""}, ["payments.W001"]),
        ({"RAZORPAY_WEBHOOK_SECRETS": [""]}, ["payments.W001"]),
        ({"RAZORPAY_WEBHOOK_SECRETS": ["long-enough", "abc"]}, ["payments.E001"]),
        ({"RAZORPAY_URL": "https://api.razorpay.com/v1"}, ["payments.E002"]),
        ({"RAZORPAY_URL": "http://x.in", "SANDBOX": False}, ["payments.E003"]),
    ],
)
def test_slips_in_the_settings_are_named_at_start(change, ids, settings):
    for name, value in change.items():
        setattr(settings, name, value)
    found = [
        message.id
        for check in (
            checks.razorpay_is_configured,
            checks.secrets_are_no_slips,
            checks.url_is_bare,
        )
        for message in check()
    ]
    assert found == ids
    if ids and ids[0].startswith("payments.E"):
        with pytest.raises(SystemCheckError):
            call_command("check")


def test_wrong_keys_are_no_refusal_of_what_was_asked(stand_in, settings, plan):
    settings.RAZORPAY_KEY_SECRET = "another-secret"
    with pytest.raises(errors.Unauthorized):
        list(client.connect().plans())


@pytest.mark.parametrize("id", ["", "../orders/x", "sub_short", "pay_00000000000001"])
def test_an_id_that_is_none_is_never_sent(id, stand_in):
    with pytest.raises(errors.Refused, match="no id"):
        client.connect().subscription(id)
    assert client.connect()._sdk.cert_path.endswith("cacert.pem")


def test_the_stand_in_is_driven_over_http(plan, workspace, stand_in):
    row = subscribing.subscribe(workspace, plan, actor=None)
    url = stand_in.url
    assert "Checkout stand-in" in requests.get(f"{url}/i/{row.razorpay_id}").text
    requests.post(f"{url}/i/{row.razorpay_id}", data={"succeed": "1"})
    switch = f"{url}/_sandbox"
    requests.post(f"{switch}/hooks", json={"off": True})
    requests.post(f"{switch}/subscriptions/{row.razorpay_id}", json={"failing": 1})
    requests.post(f"{switch}/clock", json={"days": 30.5})
    state = requests.get(f"{switch}/state").json()
    assert state["subscriptions"][row.razorpay_id]["status"] == "pending"
    calls = requests.get(f"{switch}/ledger").json()["calls"]
    assert calls[-1]["ref"] == str(row.public_id)
    assert row.razorpay_id in requests.get(url).text
    requests.post(f"{switch}/faults", json={"status": 502, "method": "GET"})
    requests.delete(f"{switch}/faults")
    assert requests.post(f"{switch}/nothing").status_code == 404
    auth = base64.b64encode(f"{KEY_ID}:{KEY_SECRET}".encode()).decode()
    signed = {"Authorization": f"Basic {auth}"}
    assert requests.get(f"{url}/v1/plans", headers=signed).json()["count"] == 1
    assert requests.get(f"{url}/v1/plans").status_code == 401
    assert requests.get(f"{url}/v2/x", headers=signed).status_code == 404
    gone = requests.get(f"{url}/v1/subscriptions/sub_x", headers=signed)
    assert gone.status_code == 400
    requests.post(f"{switch}/reset")
    assert not stand_in.book.subscriptions


def test_a_clock_that_was_moved_alone_lets_new_mandates_be_made(plan, stand_in):
    """As in the demo, whose stand-in runs ahead of us after months were passed."""
    book, now = stand_in.book, int(time.time())
    book.clock = None
    book.advance(93 * DAY)
    asked = {"plan_id": plan.razorpay_id, "total_count": 12}
    made = book.create_subscription({**asked, "expire_by": now + DAY})
    assert made["expire_by"] == pytest.approx(now + 94 * DAY, abs=5)
    far = now + 200 * DAY  # ahead of both clocks: as it is
    assert book.create_subscription({**asked, "expire_by": far})["expire_by"] == far
    with pytest.raises(ApiError, match="lesser than the current time"):
        book.create_subscription({**asked, "expire_by": now - DAY})
