"""Subscribe, cancel, change, pause: through the adapter to the stand-in and back."""

from datetime import timedelta

import pytest

from flexoraa.lib.errors import Conflict
from flexoraa.sandbox.razorpay_book import DAY
from payments import clock, problems, subscribing
from payments.models import Drift, Invoice, Payment, Refund, Subscription
from payments.tests.conftest import hear, pay, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(workspace, make_member):
    return make_member(workspace)


@pytest.fixture
def subscribe(workspace, owner, stand_in):
    """subscribe(plan) -> paid for, and all webhooks worked off."""

    def subscribe(plan, method="upi"):
        row = subscribing.subscribe(workspace, plan, actor=owner)
        pay(stand_in, row, method)
        work(stand_in)
        row.refresh_from_db()
        return row

    return subscribe


def test_a_month_is_one_payment_and_one_invoice(plan, subscribe, stand_in, workspace):
    row = subscribe(plan)
    assert (row.status, row.paid_count) == ("active", 1)
    for month in range(2, 5):
        stand_in.book.advance(31 * DAY)
        work(stand_in)
        row.refresh_from_db()
        assert row.paid_count == month
        assert Payment.objects.taken().count() == Invoice.objects.count() == month
    numbers = Invoice.objects.order_by("serial").values_list("serial", flat=True)
    assert list(numbers) == [1, 2, 3, 4]
    workspace.refresh_from_db()
    assert workspace.limits["state"] == "active"
    assert not Drift.objects.exists()


def test_asking_twice_gives_the_same_subscription(plan, workspace, owner, stand_in):
    first = subscribing.subscribe(workspace, plan, actor=owner)
    assert subscribing.subscribe(workspace, plan, actor=owner) == first
    assert len(stand_in.book.subscriptions) == 1
    assert (first.status, first.is_live) == ("created", True)


def test_another_choice_before_paying_cancels_the_first(
    plan, make_plan, workspace, owner, stand_in
):
    first = subscribing.subscribe(workspace, plan, actor=owner)
    other = subscribing.subscribe(workspace, make_plan("Growth", 99900), actor=owner)
    first.refresh_from_db()
    assert (first.status, other.status) == ("cancelled", "created")


def test_a_second_subscribe_is_refused_with_the_reason(
    plan, make_plan, subscribe, workspace, owner
):
    subscribe(plan)
    with pytest.raises(Conflict, match="already .active.: change or cancel") as told:
        subscribing.subscribe(workspace, make_plan("Growth", 99900), actor=owner)
    assert told.value.detail.code == "already_subscribed"


def test_an_expired_one_gives_way_to_a_new_one(plan, workspace, owner, stand_in):
    first = subscribing.subscribe(workspace, plan, actor=owner)
    stand_in.book.advance(40 * 60)
    second = subscribing.subscribe(workspace, plan, actor=owner)
    first.refresh_from_db()
    assert (first.status, second.status) == ("expired", "created")


def test_expiry_is_found_though_no_webhook_tells(plan, workspace, owner, stand_in):
    row = subscribing.subscribe(workspace, plan, actor=owner)
    stand_in.book.advance(37 * 60)
    work(stand_in)
    row.refresh_from_db()
    assert (row.status, row.sync_due_at) == ("expired", None)


def test_a_trial_starts_with_the_mandate_and_is_charged_when_it_ends(
    make_plan, subscribe, workspace, stand_in
):
    row = subscribe(make_plan(trial_days=14))
    assert (row.status, row.paid_count) == ("authenticated", 0)
    assert not Invoice.objects.exists()
    workspace.refresh_from_db()
    assert workspace.limits["state"] == "active"
    stand_in.book.advance(15 * DAY)
    work(stand_in)
    row.refresh_from_db()
    assert (row.status, row.paid_count, Invoice.objects.count()) == ("active", 1, 1)


def test_a_cancel_at_the_end_is_remembered_and_happens(
    plan, subscribe, workspace, owner, stand_in
):
    row = subscribe(plan)
    row = subscribing.cancel(workspace, at_period_end=True, actor=owner)
    assert (row.status, row.cancel_at_period_end) == ("active", True)
    stand_in.book.advance(32 * DAY)
    work(stand_in)
    row.refresh_from_db()
    assert (row.status, row.paid_count) == ("cancelled", 1)
    workspace.refresh_from_db()
    assert workspace.limits["read_only"]


def test_a_cancel_that_razorpay_forgot_is_made_up_for(
    plan, subscribe, workspace, owner, stand_in
):
    row = subscribe(plan)
    subscribing.cancel(workspace, at_period_end=True, actor=owner)
    stand_in.book.hidden[row.razorpay_id]["cancel"] = False
    stand_in.book.advance(32 * DAY)
    work(stand_in)
    stand_in.book.advance(3700)
    work(stand_in)
    row.refresh_from_db()
    assert row.status == "cancelled"
    assert Drift.objects.filter(field="cancel_at_period_end").count() == 1


def test_what_is_paid_stays_usable_after_a_cancel(
    plan, subscribe, workspace, owner, stand_in
):
    subscribe(plan)
    row = subscribing.cancel(workspace, at_period_end=False, actor=owner)
    workspace.refresh_from_db()
    assert (row.status, workspace.limits["state"]) == ("cancelled", "active")
    again = subscribing.subscribe(workspace, plan, actor=owner)
    assert again.status == "created"


@pytest.mark.parametrize("status", ["created", "authenticated", "pending", "paused"])
def test_where_razorpay_would_forget_it_says_so(
    status, plan, make_plan, workspace, owner, stand_in, subscribe
):
    if status == "created":
        subscribing.subscribe(workspace, plan, actor=owner)
    else:
        row = subscribe(make_plan(trial_days=7) if status == "authenticated" else plan)
        if status == "pending":
            stand_in.book.hidden[row.razorpay_id]["failing"] = 1
            stand_in.book.advance(30 * DAY + 60)
        if status == "paused":
            subscribing.pause(workspace, actor=owner)
        work(stand_in)
    with pytest.raises(Conflict, match="only be cancelled now") as told:
        subscribing.cancel(workspace, at_period_end=True, actor=owner)
    assert told.value.detail.code == "cancel_now_only"
    assert subscribing.cancel(workspace, at_period_end=False, actor=owner).is_terminal


def test_an_upgrade_from_now_on_is_a_new_mandate_and_the_rest_goes_back(
    plan, make_plan, subscribe, workspace, owner, stand_in
):
    old = subscribe(plan)
    stand_in.book.advance(15 * DAY)
    growth = make_plan("Growth", 99900, seats=25)
    changed = subscribing.change(workspace, growth, at_period_end=False, actor=owner)
    assert changed.needs_mandate
    pay(stand_in, changed.subscription)
    work(stand_in)
    old.refresh_from_db()
    new = Subscription.objects.current().get(workspace=workspace)
    assert (old.status, old.place) == ("cancelled", "past")
    assert (new.pk, new.plan, new.status) == (changed.subscription.pk, growth, "active")
    refund = Refund.objects.get()
    assert refund.status == "processed"
    assert refund.amount_paise == 49900 // 2
    assert refund.credit_note.invoice == old.payments.get().invoice
    workspace.refresh_from_db()
    assert workspace.limits["seats"] == 25


def test_an_upgrade_gives_back_no_more_than_is_left(
    plan, make_plan, subscribe, workspace, owner, stand_in
):
    old = subscribe(plan)
    payment = Payment.objects.get()
    payment.ask_back(40000, reason="", actor=None, at=clock.now() + timedelta(days=9))
    changed = subscribing.change(
        workspace, make_plan("Growth", 99900), at_period_end=False, actor=owner
    )
    pay(stand_in, changed.subscription)
    work(stand_in)
    old.refresh_from_db()
    assert (old.status, old.place) == ("cancelled", "past")
    amounts = Refund.objects.order_by("id").values_list("amount_paise", flat=True)
    assert list(amounts) == [40000, 9900]


def test_a_change_at_the_end_where_the_mandate_allows(
    plan, make_plan, subscribe, workspace, owner, stand_in
):
    subscribe(plan, method="international")
    growth = make_plan("Growth", 99900)
    changed = subscribing.change(workspace, growth, at_period_end=True, actor=owner)
    assert not changed.needs_mandate
    assert changed.subscription.next_plan == growth
    stand_in.book.advance(32 * DAY)
    work(stand_in)
    row = Subscription.objects.current().get()
    assert (row.plan, row.previous_plan, row.next_plan) == (growth, plan, None)
    paid = Payment.objects.order_by("id").values_list("amount_paise", "is_held")
    assert list(paid) == [(49900, False), (99900, False)]


def test_a_change_at_the_end_where_it_does_not_waits_for_the_period(
    plan, make_plan, subscribe, workspace, owner, stand_in
):
    old = subscribe(plan)
    lite = make_plan("Lite", 19900)
    changed = subscribing.change(workspace, lite, at_period_end=True, actor=owner)
    assert changed.needs_mandate
    assert "cannot be changed" in changed.reason
    assert changed.subscription.start_at == old.current_end
    pay(stand_in, changed.subscription)
    work(stand_in)
    old.refresh_from_db()
    assert old.status == "active"
    assert old.cancel_at_period_end
    stand_in.book.advance(32 * DAY)
    work(stand_in)
    old.refresh_from_db()
    new = Subscription.objects.current().get()
    assert (old.status, old.paid_count) == ("cancelled", 1)
    assert (new.plan, new.status, new.paid_count) == (lite, "active", 1)
    assert not Refund.objects.exists()


def test_pause_and_resume(plan, subscribe, workspace, owner, stand_in):
    subscribe(plan)
    assert subscribing.pause(workspace, actor=owner).status == "paused"
    stand_in.book.advance(60 * DAY)
    work(stand_in)
    assert Payment.objects.taken().count() == 1
    workspace.refresh_from_db()
    assert workspace.limits["read_only"]
    assert subscribing.resume(workspace, actor=owner).status == "active"
    with pytest.raises(Conflict, match="Only a paused"):
        subscribing.resume(workspace, actor=owner)


def test_failed_payments_lead_through_grace_to_reading_only(
    plan, subscribe, workspace, owner, stand_in
):
    row = subscribe(plan)
    stand_in.book.hidden[row.razorpay_id]["failing"] = 9
    states = []
    for _ in range(18):
        stand_in.book.advance(3 * DAY + 3700)
        work(stand_in)
        row.refresh_from_db()
        workspace.refresh_from_db()
        from payments import dunning

        dunning.housekeep()
        workspace.refresh_from_db()
        state = (row.status, workspace.limits["state"])
        if not states or states[-1] != state:
            states.append(state)
    assert states == [
        ("active", "active"),
        ("pending", "grace"),
        ("halted", "grace"),
        ("halted", "read_only"),
    ] or states == [
        ("active", "active"),
        ("halted", "grace"),
        ("halted", "read_only"),
    ]
    stand_in.book.change_card(row.razorpay_id)
    work(stand_in)
    row.refresh_from_db()
    workspace.refresh_from_db()
    assert (row.status, workspace.limits["state"]) == ("active", "active")


def test_checkout_is_believed_only_when_razorpay_signed_it(
    plan, workspace, owner, stand_in
):
    from flexoraa.sandbox import razorpay_checkout as checkout

    row = subscribing.subscribe(workspace, plan, actor=owner)
    told = checkout.pay(
        stand_in.book, stand_in.keys[1], {"subscription_id": row.razorpay_id}
    )
    ids = [told["razorpay_subscription_id"], told["razorpay_payment_id"]]
    with pytest.raises(problems.BadSignature):
        subscribing.verify(workspace, *ids, "0" * 64)
    row = subscribing.verify(workspace, *ids, told["razorpay_signature"])
    assert (row.status, row.paid_count) == ("active", 1)
    assert Invoice.objects.count() == 1
    hear(stand_in)
    assert Invoice.objects.count() == Payment.objects.count() == 1


def test_without_keys_it_says_what_is_missing(plan, workspace, owner, settings):
    settings.RAZORPAY_KEY_SECRET = ""
    with pytest.raises(problems.NotSetUp, match="RAZORPAY_KEY_SECRET"):
        subscribing.subscribe(workspace, plan, actor=owner)
    assert not Subscription.objects.exists()


def test_the_trial_of_a_workspace_ends_by_the_clock(workspace, plan, stand_in):
    from payments import dunning

    assert dunning.housekeep() == 1
    workspace.refresh_from_db()
    assert workspace.limits["state"] == "trial"
    assert dunning.housekeep() == 0
    assert clock.now() + timedelta(days=1)
    stand_in.book.advance(20 * DAY)
    assert dunning.housekeep() == 1
    workspace.refresh_from_db()
    assert workspace.limits["read_only"]
    with pytest.raises(Conflict, match="trial has ended"):
        workspace.check_limit("seats", 0)
