"""Amounts that do not match, refunds, disputes, and who may release what is held."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from payments import dunning, invoicing, receiving, settlement, subscribing
from payments.models import Drift, Invoice, Payment, Plan, Refund, Subscription
from payments.tests.conftest import hear, pay, post, work

pytestmark = pytest.mark.django_db


def many_payments(workspace, plan, total: int) -> None:
    """So many payments with their invoices."""
    row = Subscription.objects.filter(workspace=workspace).first()
    row = row or Subscription.objects.create(
        workspace=workspace, plan=plan, status="active", razorpay_id="sub_" + "9" * 14
    )
    for number in range(Payment.objects.count() + 1, total + 1):
        payment = Payment.objects.create(
            workspace=workspace,
            subscription=row,
            razorpay_id=f"pay_{number:014}",
            razorpay_invoice_id=f"inv_{number:014}",
            amount_paise=plan.price_paise,
            currency="INR",
            status="captured",
            made_at=datetime(2026, 12, 1, tzinfo=UTC),
        )
        invoicing.issue(payment)


@pytest.fixture
def row(plan, workspace, make_member, stand_in):
    """A subscription that waits for its mandate."""
    return subscribing.subscribe(workspace, plan, actor=make_member(workspace))


def test_an_amount_that_does_not_match_is_held_and_shown(row, stand_in, workspace):
    stand_in.book.plans[row.plan.razorpay_id]["item"]["amount"] = 100
    pay(stand_in, row)
    work(stand_in)
    payment = Payment.objects.get()
    assert payment.is_held
    assert "100 paise came in where INR 49900" in payment.held_reason
    assert not Invoice.objects.exists()
    assert Drift.objects.get(field="amount").healed_at is None
    workspace.refresh_from_db()
    assert workspace.limits["state"] == "grace"


def test_a_person_releases_what_was_held(row, stand_in, workspace, admin_user):
    stand_in.book.plans[row.plan.razorpay_id]["item"]["amount"] = 100
    pay(stand_in, row)
    work(stand_in)
    for _ in range(2):
        settlement.release(Payment.objects.get(), admin_user)
    assert Invoice.objects.get().total_paise == 100
    assert not Drift.objects.filter(healed_at=None).exists()
    workspace.refresh_from_db()
    assert workspace.limits["state"] == "active"
    work(stand_in)
    assert not Payment.objects.get().is_held


def test_another_currency_is_held(row, stand_in):
    pay(stand_in, row)
    for payment in stand_in.book.payments.values():
        payment["currency"] = "USD"
    stand_in.hooks.take()
    row.ask_again("webhook", row.asked_at)
    work(stand_in)
    assert Payment.objects.get().is_held


def test_a_refund_made_at_razorpay_is_ours_too(row, stand_in, workspace):
    id = pay(stand_in, row)
    work(stand_in)
    stand_in.book.refund(id, {"amount": 900}, "")
    hear(stand_in)
    refund = Refund.objects.get()
    assert (refund.status, refund.reason) == ("processed", "Made at Razorpay")
    assert refund.credit_note.total_paise == 900
    assert Payment.objects.get().refunded_paise == 900


def test_what_went_back_whole_buys_nothing(row, stand_in, workspace):
    id = pay(stand_in, row)
    work(stand_in)
    stand_in.book.refund(id, {}, "")
    work(stand_in)
    dunning.take_stock(workspace)
    workspace.refresh_from_db()
    assert Payment.objects.get().status == "refunded"
    assert workspace.limits["state"] != "active"


def test_a_refund_whose_answer_was_lost_is_sent_once(row, stand_in):
    pay(stand_in, row)
    work(stand_in)
    stand_in.faults.add(when="after", status=502, path="/refund$")
    from payments import clock

    Payment.objects.get().ask_back(900, reason="", actor=None, at=clock.now())
    work()
    assert Refund.objects.get().status == "creating"
    stand_in.book.advance(120)
    work()
    assert Refund.objects.get().status == "processed"
    assert len(stand_in.book.refunds) == 1


def test_a_refund_that_is_refused_failed_and_says_why(row, stand_in):
    id = pay(stand_in, row)
    work(stand_in)
    from payments import clock

    Payment.objects.get().ask_back(900, reason="", actor=None, at=clock.now())
    stand_in.book.payments[id]["amount_refunded"] = 49900
    work()
    refund = Refund.objects.get()
    assert refund.status == "failed"
    assert "greater than the refund" in refund.error


def test_a_dispute_marks_its_payment(row, stand_in):
    id = pay(stand_in, row)
    work(stand_in)
    dispute = {"id": "disp_00000000000001", "payment_id": id, "status": "open"}
    hook = stand_in.hooks.signed("payment.dispute.created", 1, {"dispute": dispute})
    post(hook)
    receiving.drain()
    assert Payment.objects.get().dispute_status == "open"


def test_the_database_refuses_what_cannot_be(row, workspace, plan):
    for change in (
        {"price_paise": 50000},
        {"currency": "USD"},
        {"period": "yearly"},
        {"razorpay_id": "plan_00000000000009"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Plan.objects.filter(pk=plan.pk).update(**change)
    Plan.objects.filter(pk=plan.pk).update(name="Another name", seats=9)
    with pytest.raises(IntegrityError), transaction.atomic():
        Subscription.objects.create(
            workspace=workspace, plan=plan, status="active", razorpay_id="sub_x"
        )
    for column, value in (
        ("refunded_paise", 2),
        ("status", "'won'"),
        ("amount_paise", -1),
    ):
        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(
                "INSERT INTO payments_payment (public_id, workspace_id, razorpay_id, "
                "razorpay_invoice_id, amount_paise, refunded_paise, currency, status, "
                "method, fee_paise, fee_tax_paise, error_code, error_description, "
                "made_at, is_held, held_reason, dispute_status) SELECT "
                "gen_random_uuid(), %s, 'pay_1', '', "
                f"{value if column == 'amount_paise' else 1}, "
                f"{value if column == 'refunded_paise' else 0}, 'INR', "
                f"{value if column == 'status' else repr('captured')}, "
                "'', 0, 0, '', '', now(), false, '', ''",
                [workspace.pk],
            )
