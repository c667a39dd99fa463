"""The API of payments as a stranger to the code calls it."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from flexoraa.sandbox import razorpay_checkout as checkout
from payments.models import Customer, Invoice, Order, Payment, Subscription
from payments.tests.conftest import pay, work

pytestmark = pytest.mark.django_db


class Caller:
    """A signed-in browser that calls one workspace's routes with JSON."""

    def __init__(self, user, workspace) -> None:
        self.client = Client(raise_request_exception=False)
        if user:
            self.client.force_login(user)
        self.root = f"/api/workspaces/{workspace.slug}/subscriptions"
        self.count = 0

    def get(self, path: str, **query):
        return self.client.get(f"{self.root}/{path}", query)

    def post(self, path: str, key: str | None = "", **body):
        self.count += 1
        headers = {} if key is None else {"Idempotency-Key": key or f"key {self.count}"}
        return self.client.post(
            f"{self.root}/{path}",
            json.dumps(body),
            content_type="application/json",
            headers=headers,
        )

    def put(self, path: str, **body):
        return self.client.put(
            f"{self.root}/{path}", json.dumps(body), content_type="application/json"
        )


@pytest.fixture
def owner(workspace, make_member) -> Caller:
    return Caller(make_member(workspace), workspace)


def code(answer) -> str:
    return answer.json()["errors"][0]["code"]


def test_from_the_plans_to_the_invoice(owner, make_plan, stand_in):
    make_plan(seats=3, channels=1)
    (plan,) = owner.get("plans").json()["results"]
    assert plan["price"] == {"amount_paise": 49900, "currency": "INR"}
    assert plan["limits"] == {
        "seats": 3,
        "channels": 1,
        "leads": None,
        "messages": None,
    }
    answer = owner.post("subscribe", plan=plan["id"])
    assert answer.status_code == 201, answer.content
    offered = answer.json()["checkout"]
    assert offered["key"] == stand_in.keys[0]
    assert "amount" not in offered
    id = offered["subscription_id"]
    told = checkout.pay(stand_in.book, stand_in.keys[1], {"subscription_id": id})
    answer = owner.post("verify", None, **told)
    assert answer.json()["status"] == "active", answer.content
    current = owner.get("current").json()
    assert current["state"] == "active"
    assert current["limits"]["seats"] == {"limit": 3, "used": 1}
    assert current["subscription"]["next_charge_at"].startswith("2026-12-25")
    (invoice,) = owner.get("invoices").json()["results"]
    assert invoice["total"]["amount_paise"] == 49900
    assert owner.get(f"invoices/{invoice['id']}").json() == invoice
    pdf = owner.get(f"invoices/{invoice['id']}/pdf")
    assert pdf.content.startswith(b"%PDF-")
    assert pdf["Content-Type"] == "application/pdf"
    (payment,) = owner.get("payments").json()["results"]
    assert (payment["status"], payment["amount"]["amount_paise"]) == ("captured", 49900)


def test_a_repeated_subscribe_is_replayed(owner, plan, stand_in):
    first = owner.post("subscribe", "the key", plan=str(plan.public_id))
    again = owner.post("subscribe", "the key", plan=str(plan.public_id))
    assert again["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    other = owner.post("subscribe", "the key", plan=str(plan.public_id), quantity=2)
    assert other.status_code == 422
    assert len(stand_in.book.subscriptions) == 1


def test_a_key_is_asked_for(owner, plan):
    answer = owner.post("subscribe", None, plan=str(plan.public_id))
    assert (answer.status_code, code(answer)) == (400, "required")


@pytest.mark.parametrize(
    ("plan_id", "said"),
    [
        ("00000000-0000-7000-8000-000000000000", "no such plan on sale"),
        ("starter", "valid UUID"),
        (None, "may not be null"),
    ],
)
def test_a_wrong_plan_says_so(plan_id, said, owner, plan):
    answer = owner.post("subscribe", plan=plan_id)
    assert answer.status_code == 400
    assert said in answer.json()["errors"][0]["detail"]


def test_a_second_subscribe_says_what_to_do(owner, plan, make_plan, stand_in):
    owner.post("subscribe", plan=str(plan.public_id))
    pay(stand_in, Subscription.objects.get())
    work(stand_in)
    answer = owner.post("subscribe", plan=str(make_plan("Growth").public_id))
    assert (answer.status_code, code(answer)) == (409, "already_subscribed")
    assert "change or cancel it" in answer.json()["errors"][0]["detail"]


READS = ("current", "invoices", "payments", "orders", "billing-details")
WRITES = ("subscribe", "verify", "cancel", "change", "pause", "resume", "orders")


@pytest.mark.parametrize("role", ["admin", "sdr", "member"])
def test_only_owners_decide_and_admins_may_look(role, workspace, make_member, stand_in):
    caller = Caller(make_member(workspace, role), workspace)
    for path in READS:
        assert caller.get(path).status_code == (200 if role == "admin" else 403), path
    for path in WRITES:
        assert caller.post(path).status_code == 403, path
    assert caller.put("billing-details").status_code == 403
    assert caller.get("plans").status_code == 200


def test_another_workspace_is_not_there(owner, make_workspace, make_member):
    other = make_workspace("other")
    stranger = Caller(make_member(other), other)
    stranger.root = owner.root
    assert stranger.get("current").status_code == 404
    assert Caller(None, other).get("current").status_code == 401


def test_another_workspaces_invoice_is_not_there(
    owner, plan, workspace, make_workspace, make_member, stand_in
):
    owner.post("subscribe", plan=str(plan.public_id))
    pay(stand_in, Subscription.objects.get())
    work(stand_in)
    other = make_workspace("other")
    stranger = Caller(make_member(other), other)
    id, payment = Invoice.objects.get().public_id, Payment.objects.get().public_id
    for path in (f"invoices/{id}", f"invoices/{id}/pdf", f"payments/{payment}"):
        assert stranger.get(path).status_code == 404, path
    assert stranger.post(f"payments/{payment}/refund").status_code == 404
    row = Subscription.objects.get()
    told = {
        "razorpay_payment_id": Payment.objects.get().razorpay_id,
        "razorpay_subscription_id": row.razorpay_id,
    }
    message = f"{told['razorpay_payment_id']}|{row.razorpay_id}"
    proof = checkout.sign(stand_in.keys[1], message)
    answer = stranger.post("verify", None, **told, razorpay_signature=proof)
    assert (answer.status_code, code(answer)) == (400, "bad_signature")


def test_without_keys_the_routes_say_so(owner, plan, settings):
    settings.RAZORPAY_KEY_ID = ""
    answer = owner.post("subscribe", plan=str(plan.public_id))
    assert (answer.status_code, code(answer)) == (503, "payments_not_set_up")
    assert owner.get("current").json()["state"] == "open"


def test_an_outage_is_told_and_leaves_the_place_free(owner, plan, stand_in):
    stand_in.faults.add(status=429, path="/v1/subscriptions$", method="POST")
    answer = owner.post("subscribe", plan=str(plan.public_id))
    assert (answer.status_code, code(answer)) == (503, "provider_unavailable")
    answer = owner.post("subscribe", plan=str(plan.public_id))
    assert answer.status_code == 201


def test_an_unknown_outcome_is_202_and_found_out(owner, plan, stand_in):
    stand_in.faults.add(
        when="after", status=502, path="/v1/subscriptions$", method="POST"
    )
    answer = owner.post("subscribe", plan=str(plan.public_id))
    assert (answer.status_code, answer.json()["checkout"]) == (202, None)
    again = owner.post("subscribe", plan=str(plan.public_id))
    assert (again.status_code, code(again)) == (409, "being_created")
    stand_in.book.advance(10)
    work(stand_in)
    assert owner.get("current").json()["checkout"]["subscription_id"]


def test_cancel_change_pause_and_resume(owner, plan, make_plan, stand_in):
    assert code(owner.post("cancel")) == "no_subscription"
    owner.post("subscribe", plan=str(plan.public_id))
    pay(stand_in, Subscription.objects.get())
    work(stand_in)
    assert owner.post("pause").json()["status"] == "paused"
    assert code(owner.post("pause")) == "not_active"
    assert owner.post("resume").json()["status"] == "active"
    growth = make_plan("Growth", 99900)
    changed = owner.post("change", plan=str(growth.public_id)).json()
    assert changed["needs_mandate"]
    assert changed["checkout"]["subscription_id"]
    assert code(owner.post("change", plan=str(plan.public_id))) == "same_plan"
    cancelled = owner.post("cancel", at_period_end=True).json()
    assert (cancelled["status"], cancelled["cancel_at_period_end"]) == ("active", True)
    assert cancelled["next_charge_at"] is None


def test_an_order_is_paid_and_refunded(owner, stand_in):
    answer = owner.post("orders", purpose="Onboarding", amount_paise=500_000)
    assert answer.status_code == 201, answer.content
    id = answer.json()["checkout"]["order_id"]
    given = {"order_id": id, "capture": False}
    told = checkout.pay(stand_in.book, stand_in.keys[1], given)
    assert owner.post("verify", None, **told).json()["status"] == "paid"
    (payment,) = owner.get("payments").json()["results"]
    assert payment["status"] == "captured"
    assert Invoice.objects.get().lines.get().description == "Onboarding"
    path = f"payments/{payment['id']}/refund"
    too_much = owner.post(path, amount_paise=500_001)
    assert (too_much.status_code, code(too_much)) == (409, "not_refundable")
    assert owner.post(path, amount_paise=200_000).status_code == 201
    work(stand_in)
    (payment,) = owner.get("payments").json()["results"]
    assert payment["refunded_paise"] == 200_000
    assert payment["refunds"][0]["status"] == "processed"
    assert Order.objects.get().status == "paid"


@pytest.mark.parametrize("amount", [0, 99, -5, 10**20, "much", None, 1.5])
def test_an_order_needs_a_sane_amount(amount, owner):
    answer = owner.post("orders", purpose="x", amount_paise=amount)
    assert answer.status_code == 400


def test_billing_details_are_checked_and_kept(owner):
    assert owner.get("billing-details").json()["legal_name"] == "Acme"
    details = {"legal_name": "Acme Ltd", "email": "a@acme.in", "country": "IN"}
    answer = owner.put("billing-details", **details, gstin="29AAGCB7383J1Z5")
    assert answer.json()["errors"][0]["attr"] == "gstin"
    answer = owner.put("billing-details", **details, gstin="29aagcb7383j1z4")
    assert answer.status_code == 400 or answer.json()["state"] == "29", answer.content
    for _ in range(2):
        answer = owner.put("billing-details", **details, gstin="29AAGCB7383J1Z4")
        assert answer.json()["state"] == "29", answer.content
    assert Customer.objects.count() == 1


@pytest.mark.parametrize(("path", "count"), [("invoices", 5), ("payments", 5)])
def test_the_number_of_queries_is_pinned(path, count, owner, plan, workspace, stand_in):
    from payments.tests.test_money import many_payments

    for number in (10, 100):
        many_payments(workspace, plan, number)
        with CaptureQueriesContext(connection) as captured:
            found = owner.get(path, limit=100).json()["results"]
        assert len(found) == number
        assert len(captured) == count
