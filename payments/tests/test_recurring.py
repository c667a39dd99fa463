"""The line of what a workspace is worth a month, written by what Razorpay says."""

import pytest

from flexoraa.sandbox.razorpay_book import DAY
from payments import clock, overview, reconciling, subscribing
from payments.models import RevenueChange
from payments.tests.conftest import pay, work

pytestmark = pytest.mark.django_db


def line(workspace) -> list[tuple[int, str]]:
    rows = RevenueChange.objects.for_workspace(workspace).in_time()
    return list(rows.values_list("mrr_paise", "status"))


def test_a_life_is_a_line_with_razorpays_times(plan, make_plan, workspace, stand_in):
    growth = make_plan("Growth", 99900)
    row = subscribing.subscribe(workspace, plan, actor=None)
    work(stand_in)
    assert line(workspace) == []  # nobody has paid
    pay(stand_in, row)
    began = clock.now()
    work(stand_in)
    assert line(workspace) == [(42288, "active")]
    assert RevenueChange.objects.get().at == began
    stand_in.book.advance(31 * DAY)
    work(stand_in)
    assert len(line(workspace)) == 1  # another month is no news
    changed = subscribing.change(workspace, growth, at_period_end=False, actor=None)
    pay(stand_in, changed.subscription)
    work(stand_in)
    stand_in.book.hidden[changed.subscription.razorpay_id]["failing"] = 9
    for _ in range(40):
        stand_in.book.advance(DAY)
        work(stand_in)
    assert line(workspace)[1:] == [(84661, "active"), (0, "halted")]
    stand_in.book.change_card(changed.subscription.razorpay_id)
    work(stand_in)
    subscribing.cancel(workspace, at_period_end=False, actor=None)
    work(stand_in)
    assert line(workspace)[3:] == [(84661, "active"), (0, "cancelled")]
    times = list(RevenueChange.objects.in_time().values_list("at", flat=True))
    assert times == sorted(times)


def test_replays_and_polls_add_nothing(plan, workspace, stand_in):
    row = subscribing.subscribe(workspace, plan, quantity=3, actor=None)
    pay(stand_in, row)
    stand_in.hooks.duplicates = 2
    work(stand_in)
    for _ in range(3):
        reconciling.look(row, "admin")
    assert line(workspace) == [(3 * 42288, "active")]
    assert overview.revenue().mrr == 3 * 42288
