"""The whole product at once: customers write on their phones, an agent answers in the
console in another window, and ticks turn to read, all live."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from flexoraa.sandbox import story
from inbox.models import Message
from inbox.tests import browsing, live
from teams.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CHATS = {
    "WhatsApp": story.ASHA.name,
    "Instagram": story.TARA.name,
    "Messenger": story.FATIMA.name,
}


@pytest.fixture
def product(monkeypatch, tmp_path) -> Iterator[dict[str, str]]:
    """`make run` on the test's database; {"Back office": URL, "Phones": URL}."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    log = tmp_path / "demo.txt"
    with log.open("w") as output:
        demo = subprocess.Popen(
            [sys.executable, *"manage.py demo --every 0 --port 8186".split()],
            cwd=live.ROOT,
            env=os.environ | {"DATABASE_URL": live.database_url_of_test()},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        live.wait_until(lambda: "Password" in log.read_text() or demo.poll(), 240)
        yield dict(
            re.findall(r"(Back office|Phones)\s+(http://[^/\s]+)", log.read_text())
        )
    finally:
        demo.terminate()
        demo.wait(30)


def test_on_every_channel_a_customer_is_answered_live(product, tmp_path):
    agent = User.objects.get(email="sdr@flexoraa.example")
    with browsing.chromium() as browser:
        phones, office = product["Phones"], product["Back office"]
        _, phone, on_phone = browsing.window(browser, phones, size=(420, 800))
        _, desk, at_desk = browsing.window(browser, office, agent)
        phone.goto(f"{phones}/phone")
        desk.goto(f"{office}/admin/inbox/console/demo/?status=any")
        desk.wait_for_selector("body[data-ready]")
        expect(desk.locator("#live")).to_have_attribute("data-state", "on")
        for number, (channel, person) in enumerate(CHATS.items()):
            question, answer = f"Question {number}?", f"Answer {number}."
            write(phone, channel, person, question)
            reply(desk, person, question, answer)
            expect(phone.locator(".bubble").last).to_contain_text(
                answer, timeout=20_000
            )
            mine = desk.locator(".msg.is-out").last
            expect(mine).to_have_attribute("data-status", "read", timeout=20_000)
            expect(mine.locator(".ticks")).to_have_class(re.compile("is-read"))
            desk.screenshot(path=tmp_path / f"{channel}-desk.png")
            phone.screenshot(path=tmp_path / f"{channel}-phone.png")
        assert (at_desk.dialogs, at_desk.errors) == ([], [])
        assert on_phone.dialogs == []
    answers = Message.objects.filter(text__startswith="Answer ")
    assert {row.status for row in answers} == {"read"}
    assert {row.author for row in answers} == {agent}
    assert answers.count() == 3


def write(phone: Page, channel: str, person: str, words: str) -> None:
    """As this person, on this channel."""
    if phone.locator("#back").is_visible():
        phone.locator("#back").click()
    phone.get_by_role("tab", name=channel).click()
    phone.locator("#list button", has_text=person).click()
    phone.get_by_label("Message").fill(words)
    phone.keyboard.press("Enter")


def reply(desk: Page, person: str, question: str, answer: str) -> None:
    """Wait until the question shows in the list without a reload, and answer it."""
    row = desk.locator(".row", has_text=question)
    expect(row).to_be_visible(timeout=20_000)
    expect(row).to_contain_text(person)
    row.locator("a").click()
    expect(desk.locator(".msg.is-in").last).to_contain_text(question)
    desk.keyboard.press("r")
    desk.keyboard.type(answer)
    desk.keyboard.press("Enter")
    expect(desk.locator(".msg.is-out").last).to_contain_text(answer)
    desk.keyboard.press("Escape")
