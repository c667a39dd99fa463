"""The whole product, and people in browsers: the sample application works, and an
invitation goes all its way. `make browser` builds the sample first."""

import email
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from email.policy import default
from pathlib import Path
from typing import NamedTuple

import pytest
import requests
from django.utils import timezone
from playwright.sync_api import Page, expect

from conftest import sign
from flexoraa.sandbox import events, story
from flexoraa.sandbox.processes import free_port
from inbox.adapters.meta import SIGNATURE
from inbox.models import Message
from inbox.tests import browsing, live
from teams.models import Invitation, User
from teams.tests.people import code_of, with_second_factor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SAMPLE = live.ROOT / "clients" / "spa-sample"
PASSWORD = "flexoraa-demo"
SLOW = 30_000  # milliseconds that a busy machine may take


class Product(NamedTuple):
    """Addresses of what runs, and the folder into which mail goes."""

    web: str
    sample: str
    mail: Path


@pytest.fixture
def product(monkeypatch, tmp_path) -> Iterator[Product]:
    """`make run` on the test's database, the sample on one origin with it."""
    assert (SAMPLE / "dist" / "main.js").exists(), "make client builds it"
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    mail, log = tmp_path / "mail", tmp_path / "demo.txt"
    port, own = free_port("127.0.0.1", 8190), free_port("127.0.0.1", 8200)
    web = f"http://127.0.0.1:{port}"
    where = {
        "DATABASE_URL": live.database_url_of_test(),
        "EMAIL_URL": f"filemail:///{mail}",
        "MAIL_PROVIDER": "",
        "PUBLIC_URL": web,
    }
    command = f"manage.py demo --every 0 --port {port}"
    with log.open("w") as output:
        demo = start([sys.executable, *command.split()], output, **where)
    sample = start(
        ["node", "serve.mjs"],
        subprocess.DEVNULL,
        FLEXORAA=web,
        EVENTS=f"http://127.0.0.1:{port + 1}",
        PORT=str(own),
    )
    try:
        live.wait_until(lambda: "Password" in log.read_text() or demo.poll(), 240)
        assert demo.poll() is None, log.read_text()
        yield Product(web, f"http://127.0.0.1:{own}", mail)
    finally:
        for process in (sample, demo):
            process.terminate()
            process.wait(30)


def start(command: list[str], output, **environment: str) -> subprocess.Popen:
    where = SAMPLE if command[0] == "node" else live.ROOT
    return subprocess.Popen(
        command,
        cwd=where,
        env=os.environ | environment,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def sign_in(page: Page, product: Product, address: str, secret: str = "") -> None:
    """At the sample application."""
    page.goto(product.sample)
    page.get_by_label("E-mail address").first.fill(address)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    if secret:
        page.get_by_label("Code of your").fill(code_of(secret))
        page.get_by_role("button", name="Go on").click()
    expect(page.locator("#live")).to_have_text("live", timeout=SLOW)


def says(page: Page, words: str) -> None:
    expect(page.locator("#status")).to_contain_text(words, timeout=SLOW)


def give_role(page: Page, address: str, role: str) -> None:
    page.get_by_label(f"Role of {address}").select_option(role)
    says(page, f"{address} is {role} now.")


def test_the_sample_application_works(product):
    secret = with_second_factor(User.objects.get(email="owner@flexoraa.example"))
    with browsing.chromium() as browser:
        _, page, trouble = browsing.window(browser, product.sample)
        sign_in(page, product, "owner@flexoraa.example", secret)
        asha = page.locator("#conversations li", has_text=story.ASHA.name).first
        asha.click()
        page.get_by_label("Answer").fill("From the sample")
        page.get_by_role("button", name="Send").click()
        sent = page.locator("#messages .out").last
        expect(sent).to_contain_text("From the sample", timeout=SLOW)
        expect(sent).to_contain_text(re.compile("sent|delivered|read"), timeout=SLOW)
        write_in(product, "Written just now")
        row = page.locator("#conversations li", has_text="Written just now")
        expect(row).to_have_count(1, timeout=SLOW)
        give_role(page, "member@flexoraa.example", "sdr")
        page.locator("#invite [name=email]").fill("new@example.com")
        page.get_by_role("button", name="Invite").click()
        says(page, "new@example.com: invited.")
        assert (trouble.dialogs, trouble.errors) == ([], [])
    assert Message.objects.get(text="From the sample").author.name == "Owner"
    assert Invitation.objects.get().email == "new@example.com"
    changed = User.objects.get(email="member@flexoraa.example").memberships.get()
    assert changed.role == "sdr"


def write_in(product: Product, words: str) -> None:
    """A customer writes on WhatsApp."""
    body = events.text(
        story.NUMBER, story.ASHA, "wamid.people-live", timezone.now(), words
    )
    answer = requests.post(
        f"{product.web}/webhooks/whatsapp",
        body,
        headers={SIGNATURE: sign(body), "Content-Type": "application/json"},
        timeout=30,
    )
    assert answer.status_code == 200


def link_in_mail(product: Product, part: str) -> str:
    """The link with this in it, from the mails in the folder; waits for it."""
    found: list[str] = []

    def look() -> bool:
        for file in product.mail.glob("*"):
            for raw in file.read_bytes().split(b"\n" + b"-" * 79 + b"\n"):
                message = email.message_from_bytes(raw, policy=default)
                if body := message.get_body(("plain",)):
                    urls = re.findall(r"https?://\S+", body.get_content())
                    found.extend(url for url in urls if part in url)
        return bool(found)

    live.wait_until(look, 60)
    return found[-1]


def test_an_invitation_goes_all_its_way(product, tmp_path):
    address = "priya@example.com"
    with browsing.chromium() as browser:
        _, owner, _ = browsing.window(browser, product.sample)
        _, guest, trouble = browsing.window(browser, product.web)
        sign_in(owner, product, "owner@flexoraa.example")
        owner.locator("#invite [name=email]").fill(address)
        owner.locator("#invite [name=role]").select_option("member")
        owner.get_by_role("button", name="Invite").click()
        says(owner, f"{address}: invited.")

        def seen(number: int, words: str) -> None:
            expect(guest.locator("main")).to_contain_text(words, timeout=SLOW)
            guest.screenshot(path=tmp_path / f"{number}.png")

        guest.goto(link_in_mail(product, "/account/invitations/"))
        seen(1, "Join Saffron & Slate")
        assert "/account/invitations/" not in guest.url
        guest.get_by_role("link", name="Sign up").click()
        guest.get_by_label("Email").fill(address)
        guest.get_by_label("Password").first.fill("correct horse battery")
        guest.get_by_label("Name").fill("Priya")
        guest.get_by_role("button", name="Sign Up").click()
        seen(2, "Verify Your Email Address")
        guest.goto(link_in_mail(product, "/confirm-email/"))
        guest.get_by_role("button", name="Confirm").click()
        seen(3, f"Accept as {address}")
        guest.get_by_role("button", name="Accept").click()
        seen(4, "Welcome to Saffron & Slate")
        expect(guest.locator(".badge")).to_have_text("Member")
        owner.reload()
        for number, (role, words) in enumerate(
            (("admin", "give and take roles"), ("member", "read conversations"))
        ):
            give_role(owner, address, role)
            guest.reload()
            expect(guest.locator(".badge")).to_have_text(role.title())
            seen(5 + number, words)
        assert "give and take roles" not in guest.locator("main").inner_text()
        remove(owner, product, address)
        guest.reload()
        seen(7, "You are in no workspace")
        assert (trouble.dialogs, trouble.errors) == ([], [])


def remove(page: Page, product: Product, address: str) -> None:
    """Taken out over the API, with the session of the page."""
    row = page.locator("#members li", has_text=address)
    status = page.evaluate(
        """async ([id, token]) => (await fetch(
            `/api/workspaces/demo/admin/users/${id}?reassign_to=nobody`,
            {method: "DELETE", headers: {"X-CSRFToken": token}},
        )).status""",
        [
            row.get_attribute("data-id"),
            {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}[
                "csrftoken"
            ],
        ],
    )
    assert status == 204
