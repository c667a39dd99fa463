"""A stand-in for Razorpay on a free port, a clock that goes with it, and plans."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from django.test import Client

from flexoraa.lib import refusals
from flexoraa.sandbox import razorpay
from flexoraa.sandbox.razorpay import StandIn
from flexoraa.sandbox.razorpay_hooks import Hook
from payments import (
    clock,
    linking,
    ordering,
    receiving,
    reconciling,
    refunding,
    webhooks,
)
from payments.models import Plan, Subscription
from payments.razorpay import client
from teams.models import Workspace

START = int(datetime(2026, 11, 25, 6, tzinfo=UTC).timestamp())


@pytest.fixture(autouse=True)
def _refusals_are_counted_by_hand(monkeypatch) -> None:
    counting = refusals.Refusals("payments_refusedwebhook")
    monkeypatch.setattr(webhooks, "refusals", counting)


@pytest.fixture
def stand_in(settings, monkeypatch) -> Iterator[StandIn]:
    """Razorpay, at an hour that stands still until a test moves it; our clock too."""
    with razorpay.serve() as found:
        found.book.clock = START
        settings.RAZORPAY_URL = found.url
        monkeypatch.setattr(
            clock, "now", lambda: datetime.fromtimestamp(found.book.now, UTC)
        )
        yield found
        client._local.__dict__.clear()


@pytest.fixture
def workspace(make_workspace) -> Workspace:
    """As old as the stand-in's clock, whenever the tests run."""
    found = make_workspace()
    found.created_at = datetime.fromtimestamp(START, UTC)
    found.save(update_fields=["created_at"])
    return found


@pytest.fixture
def make_plan(db, stand_in) -> Callable[..., Plan]:
    """make_plan("Growth", 99900) -> a plan that is at Razorpay and on sale."""

    def make(name: str = "Starter", price_paise: int = 49900, **fields) -> Plan:
        plan = Plan.objects.create(
            **{"name": name, "price_paise": price_paise, "period": "monthly", **fields}
        )
        made = client.connect().create_plan(
            name=name,
            amount_paise=price_paise,
            currency="INR",
            period=plan.period,
            ours=str(plan.public_id),
        )
        plan.razorpay_id = made.id
        plan.save(update_fields=["razorpay_id"])
        return plan

    return make


@pytest.fixture
def plan(make_plan) -> Plan:
    return make_plan()


def post(hook: Hook) -> int:
    """Razorpay's webhook, byte by byte, to our door."""
    answer = Client().post(
        "/webhooks/razorpay",
        hook.body,
        content_type="application/json",
        headers=hook.headers,
    )
    return answer.status_code


def hear(stand_in: StandIn, chance: random.Random | None = None) -> int:
    """Post whatever webhooks wait, and work them off; how many those were."""
    hooks = stand_in.hooks.take(chance)
    for hook in hooks:
        assert post(hook) == 200
    while receiving.drain():
        pass
    return len(hooks)


def work(stand_in: StandIn | None = None) -> None:
    """What the worker does, until nothing is left to do."""
    for _ in range(50):
        heard = hear(stand_in) if stand_in else 0
        done = reconciling.drain() + linking.drain()
        done += refunding.drain() + ordering.drain()
        if not heard + done:
            return
    raise AssertionError("the worker never comes to an end")


def pay(stand_in: StandIn, row: Subscription, method: str = "upi") -> str:
    """The payer gives the mandate in checkout; the payment's id."""
    international = method == "international"
    return stand_in.book.authorise(
        row.razorpay_id,
        succeed=True,
        method="card" if international else method,
        international=international,
    )["id"]
