"""Months of life with a Razorpay that fails, loses, doubles and shuffles.

Whatever happens, once the noise stops and the worker has run, our tables say what the
stand-in's books say, to the paisa. PAYMENTS_THOROUGH=1 makes it long.
"""

import os
import random
from datetime import UTC, datetime

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from rest_framework.exceptions import APIException

from flexoraa.sandbox.razorpay_shapes import ApiError
from payments import clock, ordering, overview, reconciling, refunding, subscribing
from payments.models import (
    Invoice,
    Order,
    Payment,
    Plan,
    Refund,
    RevenueChange,
    Subscription,
)
from payments.tests.conftest import hear, work
from teams.models import Workspace

THOROUGH = bool(os.environ.get("PAYMENTS_THOROUGH"))
EXAMPLES, STEPS = (
    (int(os.environ.get("PAYMENTS_EXAMPLES", 150)), 60) if THOROUGH else (5, 25)
)
PLACES = st.integers(0, 2)
METHODS = st.sampled_from(["upi", "card", "abroad"])
FAULTS = [
    {"when": "after", "how": "reset"},
    {"when": "after", "status": 502},
    {"when": "after", "how": "garbage"},
    {"when": "before", "status": 502},
    {"when": "before", "status": 429},
    {"when": "before", "how": "reset"},
]
COUNTS: dict[str, int] = {}


class Life(RuleBasedStateMachine):
    """Three workspaces and two plans; each example is rolled back."""

    stand_in = None
    plans: tuple[Plan, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.book = self.stand_in.book
        for kind in ("subscriptions", "orders", "payments", "invoices", "refunds"):
            getattr(self.book, kind).clear()
        self.book.clock = int(datetime(2026, 11, 25, 6, tzinfo=UTC).timestamp())
        self.stand_in.hooks.take()
        self.stand_in.faults.clear()
        self.places = [
            Workspace.objects.create(name=f"Shop {n}", slug=f"shop-{n}")
            for n in range(3)
        ]
        self.chance = random.Random(1)

    @initialize(methods=st.tuples(METHODS, METHODS))
    def two_have_paid(self, methods):
        for place, method in enumerate(methods):
            self.subscribe(place, 0, 1)
            self.pay(True, method)

    @rule(place=PLACES, plan=st.integers(0, 1), quantity=st.integers(1, 2))
    def subscribe(self, place, plan, quantity):
        self.call(
            subscribing.subscribe,
            self.places[place],
            self.plans[plan],
            quantity=quantity,
            actor=None,
        )

    @rule(place=PLACES, plan=st.integers(0, 1), late=st.booleans())
    def change(self, place, plan, late):
        self.call(
            subscribing.change,
            self.places[place],
            self.plans[plan],
            at_period_end=late,
            actor=None,
        )

    @rule(place=PLACES, late=st.booleans())
    def cancel(self, place, late):
        self.call(
            subscribing.cancel, self.places[place], at_period_end=late, actor=None
        )

    @rule(place=PLACES)
    def pause(self, place):
        self.call(subscribing.pause, self.places[place], actor=None)

    @rule(place=PLACES)
    def resume(self, place):
        self.call(subscribing.resume, self.places[place], actor=None)

    @rule(succeed=st.booleans(), method=METHODS)
    def pay(self, succeed, method):
        """The payer goes through the checkout of whatever waits, newest first."""
        waiting = [
            id
            for id, sub in self.book.subscriptions.items()
            if sub["status"] == "created"
        ]
        if waiting:
            self.call(
                self.book.authorise,
                waiting[-1],
                succeed=succeed,
                method="upi" if method == "upi" else "card",
                international=method == "abroad",
            )

    @rule(place=PLACES, amount=st.integers(100, 10**6))
    def order(self, place, amount):
        self.call(
            ordering.create,
            self.places[place],
            purpose="Extra",
            amount_paise=amount,
            actor=None,
        )

    @rule(succeed=st.booleans(), capture=st.booleans())
    def pay_order(self, succeed, capture):
        waiting = [i for i, o in self.book.orders.items() if o["status"] != "paid"]
        taken = {
            payment["order_id"]
            for payment in self.book.payments.values()
            if payment["status"] == "authorized"
        }
        for id in [i for i in waiting if i not in taken][-1:]:
            self.call(
                self.book.pay_order,
                id,
                succeed=succeed,
                method="upi",
                capture=capture,
            )

    @rule(share=st.integers(1, 100), ours=st.booleans())
    def refund(self, share, ours):
        """By us, or by somebody in Razorpay's dashboard."""
        rows = Payment.objects.filter(status="captured").exclude(period_end=None)
        row = rows.order_by("-id").first()
        if row is None:
            return
        amount = max(1, row.refundable_paise * share // 100)
        if ours:
            self.call(row.ask_back, amount, reason="", actor=None, at=clock.now())
        else:
            self.call(self.book.refund, row.razorpay_id, {"amount": amount}, "")

    @rule(hours=st.integers(1, 40 * 24))
    def wait(self, hours):
        self.book.advance(hours * 3600)

    @rule(times=st.integers(0, 5))
    def cards_fail(self, times):
        for hidden in self.book.hidden.values():
            hidden["failing"] = times

    @rule(fault=st.sampled_from(FAULTS), method=st.sampled_from(["GET", "POST", ""]))
    def trouble(self, fault, method):
        self.stand_in.faults.add(method=method, **fault)

    @rule(copies=st.integers(0, 2), shuffled=st.booleans())
    def webhooks_come(self, copies, shuffled):
        hooks = self.stand_in.hooks
        hooks.duplicates, hooks.shuffled = copies, shuffled
        hear(self.stand_in, self.chance)

    @rule()
    def webhooks_are_lost(self):
        self.stand_in.hooks.take()

    @rule()
    def the_worker_runs(self):
        reconciling.drain()
        refunding.drain()
        ordering.drain()

    @invariant()
    def no_workspace_has_two(self):
        current = Subscription.objects.current().values_list("workspace", flat=True)
        assert len(current) == len(set(current))

    def call(self, act, *args, **kwargs) -> None:
        """Somebody asks; a refusal is an answer too."""
        name = act.__name__
        COUNTS[name] = COUNTS.get(name, 0) + 1
        try:
            act(*args, **kwargs)
        except (APIException, ApiError) as error:
            refused = f"{name} refused: {type(error).__name__}"
            COUNTS[refused] = COUNTS.get(refused, 0) + 1

    def teardown(self) -> None:
        try:
            self.calm_down()
            self.compare()
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    def calm_down(self) -> None:
        """The noise stops, the webhooks stay lost, and the worker goes on for two days:
        what became of a payment is asked by the day, of the ended ones too."""
        self.stand_in.faults.clear()
        self.stand_in.hooks.take()
        for _ in range(7):
            self.book.advance(7 * 3600)
            self.stand_in.hooks.take()
            reconciling.nightly()
            work()

    def compare(self) -> None:
        """Our tables against the stand-in's books."""
        book = self.book
        rows = Subscription.objects.exclude(razorpay_id="").select_related("plan")
        assert {row.razorpay_id: facts_of(row) for row in rows} == {
            id: facts_in(sub) for id, sub in book.subscriptions.items()
        }
        assert not Subscription.objects.filter(status="creating").exists()
        paid = {
            i["payment_id"]: book.payments[i["payment_id"]]
            for i in book.invoices.values()
            if i["payment_id"]
        } | {id: p for id, p in book.payments.items() if p["order_id"] in book.orders}
        taken = {i: p for i, p in paid.items() if p["status"] in Payment.TAKEN}
        ours = Payment.objects.taken().exclude(
            subscription__isnull=False, razorpay_invoice_id=""
        )
        assert {
            p.razorpay_id: (p.amount_paise, p.refunded_paise, p.status) for p in ours
        } == {
            id: (p["amount"], p["amount_refunded"], p["status"])
            for id, p in taken.items()
        }
        assert not Payment.objects.held().exists()
        assert Invoice.objects.count() == ours.count()
        serials = Invoice.objects.order_by("year", "serial")
        for year in {invoice.year for invoice in serials}:
            found = list(serials.filter(year=year).values_list("serial", flat=True))
            assert found == list(range(1, len(found) + 1))
        refunds = Refund.objects.exclude(status="failed")
        assert sorted(refunds.values_list("razorpay_id", "amount_paise")) == sorted(
            (id, refund["amount"]) for id, refund in book.refunds.items()
        )
        assert refunds.count() == refunds.exclude(credit_note=None).count()
        latest = RevenueChange.objects.order_by("workspace", "-at", "-id")
        lines = latest.distinct("workspace").values_list("mrr_paise", flat=True)
        assert sum(lines) == overview.revenue().mrr
        orders = Order.objects.exclude(razorpay_id="")
        assert {o.razorpay_id: o.status for o in orders} == {
            id: order["status"] for id, order in book.orders.items()
        }


def facts_of(row: Subscription) -> tuple:
    return (row.status, row.paid_count, row.plan.razorpay_id, row.current_end)


def facts_in(sub: dict) -> tuple:
    end = sub["current_end"]
    return (
        sub["status"],
        sub["paid_count"],
        sub["plan_id"],
        datetime.fromtimestamp(end, UTC) if end else None,
    )


@pytest.mark.slow
@pytest.mark.django_db
def test_whatever_happens_the_books_agree_in_the_end(stand_in, make_plan):
    plans = (make_plan(), make_plan("Growth", 99900, trial_days=7))
    machine = type("LifeWithRazorpay", (Life,), {"stand_in": stand_in, "plans": plans})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=not THOROUGH,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert COUNTS["authorise"] >= 2 * EXAMPLES
    print(dict(sorted(COUNTS.items())))  # noqa: T201 (shown with -s)
