"""T18, T19: any order, doubled, late or not at all: one state, one ledger."""

import itertools
import os
import random

import pytest
from django.db import transaction

from flexoraa.lib import clean
from flexoraa.lib.deliveries import Claimed
from flexoraa.sandbox import razorpay_checkout as checkout
from flexoraa.sandbox.razorpay_book import DAY
from payments import (
    clock,
    receiving,
    reconciling,
    settlement,
    subscribing,
)
from payments.models import Drift, Invoice, Payment, Refund, Subscription
from payments.razorpay import events
from payments.tests.conftest import hear, pay, post, work

pytestmark = pytest.mark.django_db
THOROUGH = bool(os.environ.get("PAYMENTS_THOROUGH"))
SIX = [
    "subscription.authenticated",
    "subscription.activated",
    "payment.captured",
    "invoice.paid",
    "subscription.charged",
    "subscription.pending",
]


@pytest.fixture
def row(plan, workspace, make_member, stand_in) -> Subscription:
    return subscribing.subscribe(workspace, plan, actor=make_member(workspace))


def tell(hook) -> None:
    """Settle one event without a ledger, as the worker does."""
    item = Claimed(0, "razorpay", hook.body, 0, clock.now())
    list(receiving.settle(events.parse(clean.loads(hook.body)), item))


def outcome(row: Subscription) -> tuple:
    """All that may not depend on the order."""
    row.refresh_from_db()
    money = Payment.objects.order_by("razorpay_id").values_list(
        "razorpay_id", "status", "amount_paise", "period_start", "period_end"
    )
    papers = Invoice.objects.values_list("number", "total_paise", "lines__description")
    row.workspace.refresh_from_db()
    state = row.workspace.limits["state"]
    return (row.status, row.paid_count, row.current_end, *money, *papers, state)


@pytest.fixture
def six(row, stand_in):
    """Six events of one subscription, in the order in which they happened."""
    pay(stand_in, row)
    stand_in.book.hidden[row.razorpay_id]["failing"] = 1
    stand_in.book.advance(30 * DAY + 60)
    hooks = stand_in.hooks.take()
    found = [next(h for h in hooks if h.event == name) for name in SIX]
    assert len({hook.body for hook in found}) == 6
    return found


@pytest.mark.slow
def test_every_order_of_six_events_with_duplicates_ends_the_same(row, six):
    outcomes = set()
    orders = list(itertools.permutations(six))
    chance = random.Random(18)
    for order in orders if THOROUGH else chance.sample(orders, 24):
        doubled = list(order)
        for hook in six:  # each again, somewhere after its first time
            first = doubled.index(hook)
            doubled.insert(chance.randint(first + 1, len(doubled)), hook)
        with transaction.atomic():
            for hook in doubled:
                tell(hook)
            outcomes.add(outcome(row))
            transaction.set_rollback(True)
    assert len(outcomes) == 1
    assert outcomes.pop()[0] == "pending"


def test_control_the_last_event_wins_without_the_rule(row, six, monkeypatch):
    monkeypatch.setattr(Subscription, "is_newer", lambda self, status, at: True)
    outcomes = set()
    for order in (six, six[::-1]):
        with transaction.atomic():
            for hook in order:
                tell(hook)
            outcomes.add(outcome(row)[0])
            transaction.set_rollback(True)
    assert outcomes == {"pending", "authenticated"}


@pytest.mark.slow
def test_each_charge_told_three_times_and_verified_is_one_credit(
    row, make_workspace, stand_in
):
    """T18's anchor with 30 charges; 1,000 of ten payers with PAYMENTS_THOROUGH."""
    rows, each = [row], 100 if THOROUGH else 30
    for number in range(9 if THOROUGH else 0):
        place = make_workspace(f"shop-{number}")
        rows.append(subscribing.subscribe(place, row.plan, actor=None))
    told = [
        checkout.pay(
            stand_in.book, stand_in.keys[1], {"subscription_id": row.razorpay_id}
        )
        for row in rows
    ]
    books = [stand_in.book.subscriptions[row.razorpay_id] for row in rows]
    while min(sub["paid_count"] for sub in books) < each:
        stand_in.book.advance(28 * DAY)
    total = sum(sub["paid_count"] for sub in books)
    stand_in.hooks.duplicates, stand_in.hooks.shuffled = 2, True
    heard = hear(stand_in, random.Random(3))
    assert heard >= 3 * 3 * total
    for _ in range(2):
        for row, proof in zip(rows, told, strict=True):
            subscribing.verify(
                row.workspace,
                row.razorpay_id,
                proof["razorpay_payment_id"],
                proof["razorpay_signature"],
            )
    work(stand_in)
    print(f"{total} charges, {heard} deliveries")  # noqa: T201 (shown with -s)
    assert total == each * len(rows)
    assert Payment.objects.taken().count() == Invoice.objects.count() == total
    for row in rows:
        row.refresh_from_db()
        assert (row.paid_count, row.status) == (each, "active")


def test_a_webhook_before_the_answer_adopts_the_row(plan, workspace, stand_in):
    stand_in.faults.add(
        when="after", how="reset", path="/v1/subscriptions$", method="POST"
    )
    row = subscribing.subscribe(workspace, plan, actor=None)
    (id,) = stand_in.book.subscriptions
    stand_in.book.authorise(id, succeed=True, method="upi")
    hear(stand_in)
    row.refresh_from_db()
    assert (row.razorpay_id, row.status) == (id, "active")
    assert Invoice.objects.count() == 1


def test_a_fetch_that_began_earlier_does_not_undo_news(row, stand_in):
    began = row.applied_at
    pay(stand_in, row)
    hear(stand_in)
    row.refresh_from_db()
    assert row.status == "active"
    from payments.razorpay import entities

    old = entities.Subscription.of(
        stand_in.book.subscriptions[row.razorpay_id] | {"status": "created"}
    )
    seen = settlement.Seen(
        at=clock.now(), source="poll", is_truth=True, subscription=old, began_at=began
    )
    assert not settlement.apply(row.pk, seen)
    row.refresh_from_db()
    assert row.status == "active"


def test_an_end_is_never_left_and_money_stays(row, stand_in):
    id = pay(stand_in, row)
    hooks = stand_in.hooks.take()
    stand_in.book.cancel(row.razorpay_id, at_cycle_end=False)
    hear(stand_in)
    late = dict(stand_in.book.payments[id], status="failed")
    hooks.append(stand_in.hooks.signed("payment.failed", 2**32, {"payment": late}))
    for hook in hooks:
        post(hook)
    while receiving.drain():
        pass
    row.refresh_from_db()
    assert row.status == "cancelled"
    assert Payment.objects.get().status == "captured"


def test_an_unknown_state_is_shown_and_not_guessed(row, stand_in):
    entity = stand_in.book.subscriptions[row.razorpay_id] | {"status": "dormant"}
    post(stand_in.hooks.signed("subscription.updated", 1, {"subscription": entity}))
    receiving.drain()
    row.refresh_from_db()
    assert row.status == "created"
    assert Drift.objects.get(field="status").theirs == "dormant"


@pytest.mark.slow
def test_26_hours_without_webhooks_the_poll_alone_brings_all_right(
    make_workspace, make_plan, stand_in
):
    plan, book = make_plan(), stand_in.book
    rows = {
        name: subscribing.subscribe(make_workspace(name), plan, actor=None)
        for name in (
            "renewed pending halted cancelled refunded paused completed".split()
        )
    }
    for row in rows.values():
        pay(stand_in, row)
    late = subscribing.subscribe(make_workspace("expired"), plan, actor=None)
    mine = subscribing.subscribe(make_workspace("paid"), plan, actor=None)
    work(stand_in)
    book.advance(29 * DAY)
    work(stand_in)
    Drift.objects.all().delete()
    stand_in.hooks.off = True
    subs = {name: row.razorpay_id for name, row in rows.items()}
    book.hidden[subs["pending"]]["failing"] = 1
    book.hidden[subs["halted"]]["failing"] = 9
    book.cancel(subs["cancelled"], at_cycle_end=False)
    book.pause(subs["paused"])
    book.subscriptions[subs["completed"]]["remaining_count"] = 0
    payment = next(
        p["payment_id"]
        for p in book.invoices.values()
        if p["subscription_id"] == subs["refunded"]
    )
    book.refund(payment, {"amount": 4900}, "")
    fresh = subscribing.subscribe(mine.workspace, make_plan("B", 70000), actor=None)
    pay(stand_in, fresh)  # and the browser never comes back
    book.advance(20 * 3600)  # to a few hours before the cycle's end
    for _ in range(26):
        book.advance(3600)
        reconciling.nightly()
        work()
    for row in [*rows.values(), late, fresh]:
        row.refresh_from_db()
        theirs = book.subscriptions[row.razorpay_id]
        assert (row.status, row.paid_count) == (theirs["status"], theirs["paid_count"])
    assert {name: row.status for name, row in rows.items()} == {
        "renewed": "active",
        "pending": "active" if rows["pending"].paid_count == 2 else "pending",
        "halted": "pending",
        "cancelled": "cancelled",
        "refunded": "active",
        "paused": "paused",
        "completed": "completed",
    }
    assert (late.status, fresh.status) == ("expired", "active")
    assert Refund.objects.get().amount_paise == 4900
    paid = [i["payment_id"] for i in book.invoices.values() if i["status"] == "paid"]
    ours = Payment.objects.filter(razorpay_invoice_id__startswith="inv_").taken()
    assert sorted(ours.values_list("razorpay_id", flat=True)) == sorted(paid)
    assert Invoice.objects.count() == len(paid)
    assert Drift.objects.filter(healed_at__isnull=False).count() >= 6
