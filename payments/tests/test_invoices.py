"""Tax: numbers of taxpayers, splits that add up, series without gaps, the PDF."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from payments import gst, invoicing, paper
from payments.models import Customer, Invoice, NumberSeries, Payment
from payments.razorpay import entities
from payments.tests.conftest import pay, work

MADE = datetime(2026, 12, 1, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        ("27AAPFU0939F1ZV", True),
        ("29AAGCB7383J1Z4", True),
        ("29AAGCB7383J1Z5", False),
        ("29aagcb7383j1z4", False),
        ("29AAGCB7383J1Z", False),
        ("", False),
        ("٢٩AAGCB7383J1Z4", False),
    ],
)
def test_a_gstin_has_its_shape_and_its_check_character(value, is_one):
    assert gst.is_gstin(value) == is_one


@given(
    total=st.integers(1, 10**12),
    rate=st.sampled_from([0, 5, 12, 18, 28]),
    within=st.booleans(),
)
def test_the_parts_of_a_price_add_up_and_are_right_to_a_paisa(total, rate, within):
    parts = gst.split(total, rate=rate, within_state=within)
    assert parts.total == total
    assert parts.cgst == parts.sgst
    assert not (parts.igst and parts.cgst)
    assert abs(parts.tax - total * rate / (100 + rate)) <= 1
    assert bool(parts.igst) == (bool(parts.tax) and not within)


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (date(2026, 3, 31), "25-26"),
        (date(2026, 4, 1), "26-27"),
        (date(2099, 12, 31), "99-00"),
    ],
)
def test_the_financial_year_begins_in_april(day, year):
    assert gst.financial_year(day) == year


@pytest.mark.parametrize(
    ("paise", "text", "words"),
    [
        (5, "₹0.05", "Zero rupees and five paise only"),
        (
            123456789,
            "₹12,34,567.89",
            "Twelve lakh thirty-four thousand five hundred sixty-seven rupees and "
            "eighty-nine paise only",
        ),
        (100, "₹1.00", "One rupee only"),
        (10**9, "₹1,00,00,000.00", "One crore rupees only"),
    ],
)
def test_amounts_are_written_as_in_india(paise, text, words):
    assert paper.money(paise, "INR") == text
    assert paper.in_words(paise) == words


@pytest.fixture
def make_payment(workspace, plan):
    """make_payment() -> a payment of a subscription that came in."""
    from payments.models import Subscription

    row = Subscription.objects.create(
        workspace=workspace,
        plan=plan,
        status="active",
        razorpay_id="sub_00000000000001",
    )

    def make(number: int = 1, made_at: datetime = MADE, **fields) -> Payment:
        return Payment.objects.create(
            **{
                "workspace": workspace,
                "subscription": row,
                "razorpay_id": f"pay_{number:014}",
                "razorpay_invoice_id": f"inv_{number:014}",
                "amount_paise": 49900,
                "currency": "INR",
                "status": "captured",
                "made_at": made_at,
                **fields,
            }
        )

    return make


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("details", "taxes"),
    [
        ({"state": "29"}, (42288, 3806, 3806, 0)),
        ({"state": "27", "gstin": "27AAPFU0939F1ZV"}, (42288, 0, 0, 7612)),
        ({}, (42288, 3806, 3806, 0)),
        ({"country": "DE"}, (49900, 0, 0, 0)),
    ],
)
def test_the_place_of_supply_decides_the_tax(details, taxes, make_payment, workspace):
    Customer.objects.create(
        workspace=workspace, legal_name="Acme & Sons <Ltd>", email="a@b.in", **details
    )
    invoice = invoicing.issue(make_payment())
    found = (
        invoice.taxable_paise,
        invoice.cgst_paise,
        invoice.sgst_paise,
        invoice.igst_paise,
    )
    assert found == taxes
    assert invoice.number == "FX/26-27/000001"
    assert paper.of_invoice(invoice).startswith(b"%PDF")


@pytest.mark.django_db
def test_without_a_gstin_of_ours_no_tax_is_shown(make_payment, settings):
    settings.SELLER = {**settings.SELLER, "gstin": ""}
    invoice = invoicing.issue(make_payment())
    assert (invoice.tax_paise, invoice.taxable_paise) == (0, 49900)


@pytest.mark.django_db
def test_details_on_an_invoice_stay_as_they_were(make_payment, workspace):
    customer = Customer.objects.create(
        workspace=workspace, legal_name="Before", email="a@b.in"
    )
    invoice = invoicing.issue(make_payment())
    customer.legal_name = "After"
    customer.save()
    invoice.refresh_from_db()
    assert invoice.recipient["name"] == "Before"


@pytest.mark.django_db
def test_numbers_have_no_gaps_and_begin_anew_each_year(make_payment):
    numbers = []
    for number in range(1, 4):
        numbers.append(invoicing.issue(make_payment(number)).number)
        with transaction.atomic():
            invoicing.issue(make_payment(number + 50))
            transaction.set_rollback(True)  # whatever goes wrong gives the number back
    april = datetime(2027, 3, 31, 20, tzinfo=UTC)  # the first of April in India
    numbers.append(invoicing.issue(make_payment(9, april)).number)
    assert numbers == [f"FX/26-27/{n:06}" for n in (1, 2, 3)] + ["FX/27-28/000001"]
    assert NumberSeries.objects.get(year="26-27").last == 3


@pytest.mark.django_db
def test_a_payment_has_one_invoice(make_payment):
    payment = make_payment()
    assert invoicing.issue(payment) == invoicing.issue(payment)
    invoice = Invoice.objects.get()
    invoice.pk, invoice.number, invoice.serial = None, "FX/26-27/999999", 999999
    invoice.public_id = entities.uuid.uuid4()
    with pytest.raises(IntegrityError), transaction.atomic():
        invoice.save(force_insert=True)


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"status": "failed"}, {"is_held": True}])
def test_what_did_not_come_in_right_has_no_invoice(change, make_payment):
    assert invoicing.issue(make_payment(**change)) is None


@pytest.mark.django_db
def test_a_partial_refund_has_a_credit_note_that_splits_the_same(
    plan, workspace, make_member, stand_in
):
    from payments import clock, subscribing

    row = subscribing.subscribe(workspace, plan, actor=make_member(workspace))
    pay(stand_in, row)
    work(stand_in)
    payment = Payment.objects.get()
    refund = payment.ask_back(10000, reason="A bad day", actor=None, at=clock.now())
    work(stand_in)
    refund.refresh_from_db()
    note = refund.credit_note
    assert (note.number, note.total_paise) == ("CN/26-27/000001", 10000)
    assert note.cgst_paise == note.sgst_paise > 0
    assert paper.of_credit_note(note).startswith(b"%PDF")
    payment.refresh_from_db()
    assert (payment.refunded_paise, payment.status) == (10000, "captured")
