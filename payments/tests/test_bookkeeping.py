"""The table of invoices and credit notes: what it says, and that its sums are right."""

import csv
import io
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from flexoraa.sandbox.razorpay_book import DAY
from payments import subscribing
from payments.models import CreditNote, Customer, Invoice
from payments.tests.conftest import pay, work
from teams.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def books(plan, workspace, stand_in):
    """Three months in Maharashtra, a part of the second sent back."""
    Customer.objects.create(
        workspace=workspace, legal_name="=SUM(A1)", gstin="27AAPFU0939F1ZV", state="27"
    )
    row = subscribing.subscribe(workspace, plan, actor=None)
    pay(stand_in, row)
    work(stand_in)
    for _ in range(2):
        stand_in.book.advance(31 * DAY)
        work(stand_in)
    second = Invoice.objects.order_by("id")[1]
    stand_in.book.refund(second.payment.razorpay_id, {"amount": 11_800}, "")
    work(stand_in)
    assert (Invoice.objects.count(), CreditNote.objects.count()) == (3, 1)
    return row


def table(answer) -> list[dict[str, str]]:
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_sums_are_what_was_sold(books, workspace, make_member):
    client = Client()
    client.force_login(make_member(workspace))
    root = f"/api/workspaces/{workspace.slug}/subscriptions/invoices.csv"
    rows = table(client.get(root))
    assert [row["kind"] for row in rows] == ["invoice"] * 3 + ["credit note"]
    second, note = rows[1], rows[3]
    assert second["number"] == "FX/26-27/000002"
    assert (second["taxable"], second["igst"], second["total"]) == (
        "422.88",
        "76.12",
        "499.00",
    )
    assert (note["of_invoice"], note["total"], note["igst"]) == (
        second["number"],
        "-118.00",
        "-18.00",
    )
    paid = Invoice.objects.order_by("id")[1].payment.razorpay_id
    assert note["payment"] == second["payment"] == paid
    assert sum(Decimal(row["total"]) for row in rows) == Decimal("1379")
    for row in rows:
        parts = [Decimal(row[name]) for name in ("taxable", "cgst", "sgst", "igst")]
        assert sum(parts) == Decimal(row["total"])
        assert row["recipient"] == "'=SUM(A1)"  # no formula
        assert (row["gstin"], row["place_of_supply"]) == ("27AAPFU0939F1ZV", "27")
    day = Invoice.objects.order_by("id")[1].issued_on.isoformat()
    some = table(client.get(root, {"issued_from": day, "issued_to": day}))
    assert [row["number"] for row in some] == ["FX/26-27/000002"]
    assert table(client.get(root, {"year": "25-26"})) == []
    assert client.get(root, {"issued_from": "soon"}).status_code == 400


@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("sdr", 403)])
def test_the_file_is_for_who_may_read_billing(
    role, status, books, workspace, make_member
):
    client = Client()
    client.force_login(make_member(workspace, role))
    root = f"/api/workspaces/{workspace.slug}/subscriptions/invoices.csv"
    assert client.get(root).status_code == status


@pytest.mark.parametrize(("name", "count"), [("invoice", 2), ("creditnote", 1)])
def test_the_back_office_downloads_what_is_ticked(name, count, books):
    client = Client()
    client.force_login(User.objects.create_superuser("root@flexoraa.example", "x"))
    model = {"invoice": Invoice, "creditnote": CreditNote}[name]
    ids = list(model.objects.order_by("id").values_list("pk", flat=True)[:count])
    answer = client.post(
        reverse(f"admin:payments_{name}_changelist"),
        {"action": "as_csv", "_selected_action": ids},
    )
    assert len(table(answer)) == count
