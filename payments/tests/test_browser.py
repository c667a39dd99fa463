"""An owner in a real browser: subscribes, pays, upgrades, cancels; months go by."""

import os

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import Page, expect, sync_playwright

from flexoraa.sandbox.razorpay_book import DAY
from payments.models import Invoice, Payment, Subscription
from payments.tests.conftest import work
from teams.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
SHOTS = os.environ.get("PAYMENTS_SHOTS", "")
SIZES = {"wide": (1280, 900), "phone": (390, 844)}


@pytest.fixture(autouse=True)
def _orm_beside_playwright(monkeypatch):
    """Playwright runs a loop in this thread, which Django takes for async code."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def visit(live_server, workspace, make_member, settings, stand_in):
    """visit(path) -> a page in a window in which the owner is signed in."""
    settings.RAZORPAY_CHECKOUT_URL = f"{stand_in.url}/v1/checkout.js"
    owner = make_member(workspace)
    User.objects.filter(pk=owner.pk).update(is_staff=True)
    client = Client()
    client.force_login(owner)
    session = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=ARGUMENTS.split()
        )
        errors: list[str] = []

        def visit(path: str, size: str = "wide", scheme: str = "light") -> Page:
            width, height = SIZES[size]
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme
            )
            context.add_cookies(
                [
                    {
                        "name": django_settings.SESSION_COOKIE_NAME,
                        "value": session,
                        "url": live_server.url,
                    }
                ]
            )
            page = context.new_page()
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.goto(live_server.url + path)
            return page

        yield visit
        browser.close()
        assert errors == []


def shoot(page: Page, name: str) -> None:
    """A picture, where somebody wants to look."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def pay_with(page: Page, method: str = "upi") -> None:
    """Through the stand-in's checkout."""
    box = page.locator("#razorpay-stand-in")
    expect(box).to_be_visible(timeout=20_000)
    box.locator("select").select_option(method)
    box.get_by_text("Pay", exact=True).click()


def test_an_owner_subscribes_upgrades_and_cancels(
    visit, make_plan, workspace, stand_in
):
    make_plan("Starter", 49900, seats=3, channels=1, position=1)
    make_plan("Growth", 99900, seats=25, channels=5, position=2)
    page = visit("/admin/payments/subscription/billing/")
    expect(page.get_by_role("heading", name="Billing of Acme")).to_be_visible()
    shoot(page, "trial")
    page.get_by_role("button", name="Choose Starter").click()
    box = page.locator("#razorpay-stand-in")
    box.get_by_text("Let it fail").click(timeout=20_000)
    expect(page.locator("#stand-in-says")).to_contain_text("declined by the bank")
    shoot(page, "checkout")
    pay_with(page)
    expect(page.get_by_text("Next charge")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("link", name="PDF")).to_have_count(1)
    assert Payment.objects.taken().count() == Invoice.objects.count() == 1
    answer = page.request.get(
        page.get_by_role("link", name="PDF").evaluate("link => link.href")
    )
    assert answer.body().startswith(b"%PDF-")

    for months in (2, 3):  # each month has one payment and one invoice
        stand_in.book.advance(31 * DAY)
        work(stand_in)
        assert Payment.objects.taken().count() == Invoice.objects.count() == months

    page.reload()
    shoot(page, "active")
    page.get_by_role("button", name="Change now").click()
    page.get_by_role("button", name="Yes").click()
    pay_with(page)
    expect(page.get_by_role("heading", name="Growth, monthly")).to_be_visible(
        timeout=20_000
    )
    work(stand_in)
    current = Subscription.objects.current().get()
    assert (current.plan.name, current.status) == ("Growth", "active")
    assert (
        Subscription.objects.exclude(pk=current.pk).filter(status="cancelled").count()
        == Subscription.objects.exclude(pk=current.pk).exclude(status="expired").count()
    )

    page.reload()
    page.get_by_role("button", name="Cancel at period end").click()
    shoot(page, "asking")
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_text("not charged again")).to_be_visible(timeout=20_000)
    shoot(page, "ending")
    before = Payment.objects.taken().count()
    stand_in.book.advance(40 * DAY)
    work(stand_in)
    current.refresh_from_db()
    assert current.status == "cancelled"
    assert Payment.objects.taken().count() == before
    page.reload()
    expect(page.locator(".fp-banner.fp-bad")).to_contain_text("ended: choose a plan")
    shoot(page, "ended")
    shoot(visit(page.url.split("/", 3)[3].join(["/", ""]), "phone", "dark"), "phone")


def test_every_page_fits_a_phone_and_the_dark(visit, make_plan, workspace, stand_in):
    from payments import subscribing
    from payments.tests.conftest import pay

    plan = make_plan(seats=3)
    row = subscribing.subscribe(workspace, plan, actor=None)
    pay(stand_in, row)
    work(stand_in)
    payment = Payment.objects.get()
    User.objects.update(is_superuser=True)
    paths = {
        "billing": "subscription/billing/acme/",
        "revenue": "subscription/revenue/",
        "subscription": f"subscription/{row.pk}/change/",
        "payment": f"payment/{payment.pk}/change/",
        "refund": f"payment/{payment.pk}/refund/",
        "plans": "plan/",
        "subscriptions": "subscription/",
        "payments": "payment/",
        "invoices": "invoice/",
        "deliveries": "webhookdelivery/",
        "drift": "drift/",
    }
    for name, path in paths.items():
        for size, scheme in (("wide", "light"), ("phone", "dark")):
            page = visit(f"/admin/payments/{path}", size, scheme)
            assert page.locator("#content, main, .fp").first.is_visible()
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= SIZES[size][0] + 1, (name, size, wide)
            shoot(page, f"{name}-{size}-{scheme}")
            page.context.close()
