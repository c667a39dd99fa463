"""The back office of payments: who sees what, and what its buttons do."""

import pytest
from django.test import Client
from django.urls import reverse

from payments import overview, subscribing
from payments.admin.books import paise_of
from payments.models import Drift, Invoice, Payment, Plan, Refund, WebhookDelivery
from payments.tests.conftest import pay, work
from teams.models import User

pytestmark = pytest.mark.django_db


def page(name: str, *args) -> str:
    return reverse(f"admin:payments_{name}", args=args)


@pytest.fixture
def paid(plan, workspace, stand_in):
    """A subscription that was paid for."""
    row = subscribing.subscribe(workspace, plan, actor=None)
    pay(stand_in, row)
    work(stand_in)
    row.refresh_from_db()
    return row


@pytest.fixture
def staff() -> Client:
    """Platform staff."""
    client = Client()
    client.force_login(User.objects.create_superuser("root@flexoraa.example", "x"))
    return client


@pytest.fixture
def enter(workspace, make_member):
    """enter("admin") -> a browser of somebody with that role, who is staff."""

    def enter(role: str) -> Client:
        user = make_member(workspace, role)
        User.objects.filter(pk=user.pk).update(is_staff=True)
        client = Client()
        client.force_login(User.objects.get(pk=user.pk))
        return client

    return enter


LISTS = ("plan", "subscription", "payment", "invoice", "creditnote", "order") + (
    "customer",
    "webhookdelivery",
    "refusedwebhook",
    "drift",
)


@pytest.mark.parametrize("name", LISTS)
def test_platform_staff_see_every_list(name, staff, paid):
    assert staff.get(page(f"{name}_changelist")).status_code == 200


def test_details_say_what_happened(staff, paid):
    payment = Payment.objects.get()
    told = staff.get(page("subscription_change", paid.pk)).content.decode()
    assert "subscription.charged" in told
    assert "INR 499.00 came in" in told
    assert payment.razorpay_id in told
    told = staff.get(page("payment_change", payment.pk)).content.decode()
    assert "FX/26-27/000001" in told
    delivery = WebhookDelivery.objects.first()
    told = staff.get(page("webhookdelivery_change", delivery.pk)).content.decode()
    assert delivery.event_id in told
    paper = staff.get(page("invoice_change", Invoice.objects.get().pk))
    assert paper.content.startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("role", "sees", "decides"),
    [("owner", True, True), ("admin", True, False), ("sdr", False, False)],
)
def test_roles_see_and_decide_as_the_table_says(
    role, sees, decides, enter, paid, workspace
):
    client = enter(role)
    answer = client.get(page("billing", workspace.slug))
    assert answer.status_code == (200 if sees else 404)
    assert (b"Cancel now" in answer.content) == decides
    payment = Payment.objects.get()
    found = client.get(page("payment_change", payment.pk)).status_code
    assert found == (200 if sees else 403)
    assert (client.get(page("refund", payment.pk)).status_code == 200) == decides
    assert client.get(page("revenue")).status_code == 403
    assert client.get(page("plan_changelist")).status_code == 403
    refused = client.post(page("release", payment.pk)).status_code
    assert refused == (403 if sees else 404)
    assert client.get(page("my_billing")).status_code == (302 if sees else 200)


def test_somebody_elses_billing_is_not_there(enter, make_workspace):
    make_workspace("other")
    assert enter("owner").get(page("billing", "other")).status_code == 404
    assert Client().get(page("billing", "other")).status_code == 302


def test_billing_lets_checkout_in_and_other_pages_do_not(
    enter, workspace, plan, settings
):
    settings.RAZORPAY_CHECKOUT_URL = "https://checkout.razorpay.com/v1/checkout.js"
    owner = enter("owner")
    policy = owner.get(page("billing", workspace.slug))["Content-Security-Policy"]
    assert "https://checkout.razorpay.com" in policy
    policy = owner.get(page("payment_changelist"))["Content-Security-Policy"]
    assert "razorpay" not in policy


def test_a_refund_asks_before_it_goes(enter, paid, stand_in):
    client, payment = enter("owner"), Payment.objects.get()
    url = page("refund", payment.pk)
    assert "Write the amount" in client.post(url, {"amount": "x"}).content.decode()
    asked = client.post(url, {"amount": "100.50", "reason": "Late"}).content.decode()
    assert "Send <strong>₹100.50</strong>" in asked
    assert not Refund.objects.exists()
    given = {"amount": "100.50", "reason": "Late", "confirmed": "yes"}
    assert client.post(url, given).status_code == 302
    work(stand_in)
    refund = Refund.objects.get()
    assert (refund.amount_paise, refund.status) == (10050, "processed")
    assert refund.requested_by.email == "owner@acme.example"
    too_much = client.post(url, {"amount": "9,999", "confirmed": "yes"})
    assert "can be refunded" in too_much.content.decode()


@pytest.mark.parametrize(
    ("text", "paise"),
    [
        ("499", 49900),
        ("1,499.5", 149950),
        ("₹ 0.01", 1),
        ("0", None),
        ("-5", None),
        ("1.005", None),
        ("NaN", None),
        ("Infinity", None),
        ("", None),
        ("1e30", None),
    ],
)
def test_amounts_are_read_as_people_type_them(text, paise):
    assert paise_of(text) == paise


def test_held_money_is_released_by_platform_staff(staff, paid):
    Payment.objects.update(is_held=True)
    url = page("release", Payment.objects.get().pk)
    assert staff.post(url).status_code == 302
    assert not Payment.objects.get().is_held


def test_sync_asks_razorpay_now_or_says_that_it_cannot(staff, paid, stand_in):
    stand_in.book.cancel(paid.razorpay_id, at_cycle_end=False)
    staff.post(page("sync", paid.pk))
    paid.refresh_from_db()
    assert paid.status == "cancelled"
    stand_in.faults.add(method="GET", status=502)
    told = staff.post(page("sync", paid.pk), follow=True).content.decode()
    assert "cannot be reached" in told
    given = {"action": "sync_all", "_selected_action": [paid.pk]}
    told = staff.post(page("subscription_changelist"), given, follow=True)
    assert "1 are being asked about" in told.content.decode()


def test_deliveries_are_replayed_one_and_many(staff, paid):
    delivery = WebhookDelivery.objects.first()
    staff.post(page("replay", delivery.pk))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.replays) == ("new", 1)
    given = {"action": "replay", "_selected_action": [delivery.pk]}
    staff.post(page("webhookdelivery_changelist"), given)
    delivery.refresh_from_db()
    assert delivery.replays == 2


FORM = {
    "name": "Growth",
    "price_paise": 99900,
    "currency": "INR",
    "period": "monthly",
    "trial_days": 0,
    "position": 1,
    "is_public": "on",
}


def test_a_plan_is_made_at_razorpay_and_frozen(staff, stand_in, paid):
    staff.post(page("plan_add"), FORM)
    plan = Plan.objects.get(name="Growth")
    assert plan.razorpay_id in stand_in.book.plans
    change = FORM | {"price_paise": 1, "name": "Bigger", "seats": 7}
    staff.post(page("plan_change", plan.pk), change)
    plan.refresh_from_db()
    assert (plan.name, plan.price_paise, plan.seats) == ("Bigger", 99900, 7)
    assert staff.post(page("plan_delete", plan.pk)).status_code == 403


def test_new_limits_count_at_once_for_who_has_the_plan(staff, paid, workspace):
    change = FORM | {"name": "Starter", "seats": 4}
    staff.post(page("plan_change", paid.plan_id), change)
    workspace.refresh_from_db()
    assert workspace.limits["seats"] == 4


def test_a_plan_whose_answer_was_lost_is_made_once(staff, stand_in):
    stand_in.faults.add(when="after", status=502, path="/v1/plans$")
    told = staff.post(page("plan_add"), FORM, follow=True).content.decode()
    assert "Not at Razorpay yet" in told
    plan = Plan.objects.get()
    staff.post(page("plan_change", plan.pk), FORM)
    plan.refresh_from_db()
    assert list(stand_in.book.plans) == [plan.razorpay_id]


def test_revenue_counts_what_is_active_without_tax(staff, paid, workspace, enter):
    found = overview.revenue()
    assert (found.mrr, found.paying, found.at_risk) == (42288, 1, 0)
    assert "₹422.88" in staff.get(page("revenue")).content.decode()
    paid.status = "halted"
    paid.save(update_fields=["status"])
    found = overview.revenue()
    assert (found.mrr, found.at_risk) == (0, 42288)
    assert [card["value"] for card in overview.cards()] == ["₹0", 0, 0, "Well"]
    workspace.limits |= {"state": "read_only", "read_only": True, "reason": "Pay."}
    workspace.save(update_fields=["limits"])
    (card,) = overview.team_cards([workspace.pk])
    assert (card["value"], card["note"]) == ("Read only", "Pay.")
    Drift.note("payment", "pay_1", "amount", ours=1, theirs=2)
    assert overview.cards()[2]["alarm"]
    assert overview.stuck_badge(None) is None


def test_what_does_not_exist_leads_back(staff, stand_in):
    for name in ("subscription", "payment", "invoice", "webhookdelivery"):
        assert staff.get(page(f"{name}_change", 999)).status_code == 302
