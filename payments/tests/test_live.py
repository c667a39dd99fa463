"""`make run` as a whole: an owner subscribes in a browser, pays in the stand-in's
checkout, reads the invoice, upgrades, cancels; the clock is moved and each month has
one payment and one invoice."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import Page, expect, sync_playwright

from payments.models import Invoice, Payment, Subscription
from teams.models import User, Workspace

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
SHOTS = os.environ.get("PAYMENTS_SHOTS", "")
PATIENCE = 60  # seconds


def wait_until(true: Callable[[], object], seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.3)


def database_url() -> str:
    """Of the test's own database."""
    made = connection.settings_dict
    login = made["USER"] + (f":{made['PASSWORD']}" if made["PASSWORD"] else "")
    port = f":{made['PORT']}" if made["PORT"] else ""
    if made["HOST"].startswith("/"):  # a socket's directory goes into the path
        return f"postgres://{login}@{port}/{made['HOST']}/{made['NAME']}"
    return f"postgres://{login}@{made['HOST']}{port}/{made['NAME']}"


@pytest.fixture
def product(monkeypatch, tmp_path) -> Iterator[dict[str, str]]:
    """{"Back office": URL, "Razorpay": URL} of a demo on the test's database."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    log = tmp_path / "demo.txt"
    with log.open("w") as output:
        demo = subprocess.Popen(
            [sys.executable, *"manage.py demo --every 0 --port 8286".split()],
            cwd=settings.BASE_DIR,
            env=os.environ
            | {
                "DEBUG": "true",
                "SANDBOX": "true",
                "DATABASE_URL": database_url(),
                "RAZORPAY_BOOK": str(tmp_path / "razorpay.json"),
            },
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until(lambda: "Password" in log.read_text() or demo.poll(), 400)
        named = r"(Back office|Razorpay)\s+(http://[^/\s]+)"
        yield dict(re.findall(named, log.read_text()))
    finally:
        demo.terminate()
        demo.wait(30)


@pytest.fixture
def page(product) -> Iterator[Page]:
    """A window in which the owner of a workspace of their own is signed in."""
    owner = User.objects.create_user("o@new.example", "x", name="O", is_staff=True)
    place = Workspace.objects.create(name="Newcomer", slug="newcomer")
    place.memberships.create(user=owner, role="owner")
    client = Client()
    client.force_login(owner)
    cookie = {
        "name": settings.SESSION_COOKIE_NAME,
        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
        "domain": urlsplit(product["Back office"]).hostname,
        "path": "/",
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=ARGUMENTS.split()
        )
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.add_cookies([cookie])
        found = context.new_page()
        errors: list[str] = []
        found.on("pageerror", lambda error: errors.append(str(error)))
        yield found
        browser.close()
        assert errors == []


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/live-{name}.png", full_page=True)


def pay(page: Page) -> None:
    """Through the stand-in's checkout."""
    box = page.locator("#razorpay-stand-in")
    expect(box).to_be_visible(timeout=30_000)
    shoot(page, "checkout")
    box.get_by_text("Pay", exact=True).click()


def mine() -> tuple[int, int]:
    """How many payments came in, and how many invoices there are."""
    place = Workspace.objects.get(slug="newcomer")
    taken = Payment.objects.for_workspace(place).taken()
    return (
        taken.exclude(razorpay_invoice_id="").count(),
        Invoice.objects.for_workspace(place).count(),
    )


def test_an_owner_lives_with_the_demo(product, page):
    office, razorpay = product["Back office"], product["Razorpay"]
    page.goto(f"{office}/admin/payments/subscription/billing/newcomer/")
    page.get_by_role("button", name="Choose Starter").click()
    pay(page)
    expect(page.get_by_text("Next charge")).to_be_visible(timeout=30_000)
    wait_until(lambda: mine() == (1, 1))
    page.reload()
    link = page.get_by_role("link", name="PDF")
    paper = page.request.get(link.evaluate("link => link.href")).body()
    assert paper.startswith(b"%PDF-")
    if SHOTS:
        Path(SHOTS, "live-invoice.pdf").write_bytes(paper)
    for months in (2, 3, 4):
        requests.post(f"{razorpay}/_sandbox/clock", json={"days": 31}, timeout=20)
        wait_until(lambda months=months: mine() == (months, months))
    page.reload()
    expect(page.get_by_role("link", name="PDF")).to_have_count(4)
    shoot(page, "months")

    plan = page.locator(".fp-plan", has_text="Growth")
    plan.get_by_role("button", name="Change now").click()
    page.get_by_role("button", name="Yes").click()
    pay(page)
    expect(page.get_by_role("heading", name="Growth, monthly")).to_be_visible(
        timeout=30_000
    )
    wait_until(lambda: mine() == (5, 5))
    page.reload()
    page.get_by_role("button", name="Cancel at period end").click()
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_text("not charged again")).to_be_visible(timeout=30_000)
    shoot(page, "ending")
    requests.post(f"{razorpay}/_sandbox/clock", json={"days": 40}, timeout=20)
    subs = Subscription.objects.filter(workspace__slug="newcomer")
    wait_until(lambda: not subs.live().exists())
    assert mine() == (5, 5)
    assert sorted(subs.values_list("plan__name", "status")) == [
        ("Growth", "cancelled"),
        ("Starter", "cancelled"),
    ]
    theirs = requests.get(f"{razorpay}/_sandbox/state", timeout=20).json()
    for row in subs:
        known = theirs["subscriptions"][row.razorpay_id]
        assert (row.status, row.paid_count) == (known["status"], known["paid_count"])
