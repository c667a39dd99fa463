"""The phone simulator in a real browser."""

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from flexoraa.sandbox import nodes, story

pytestmark = pytest.mark.browser
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)


@pytest.fixture
def browser_page(meta) -> Page:
    """The page at phone width, with nothing but errors to complain about."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=ARGUMENTS.split()
        )
        page = browser.new_page(viewport={"width": 390, "height": 780})
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda line: (
                problems.append(f"{line.text} {line.location}")
                if line.type == "error"
                else None
            ),
        )
        page.goto(f"{meta.url}/phone")
        yield page
        browser.close()
    assert problems == []


def test_a_person_writes_and_sees_the_answer_live(
    meta, browser_page, whatsapp, call, tmp_path
):
    page, number, asha = browser_page, story.NUMBER.external_id, story.ASHA.id
    with meta.people.chat(number, asha) as chat:
        chat.name = "Asha <b>Kulkarni</b>"
    page.get_by_role("button", name="Asha").click()
    page.get_by_label("Message").fill("Is the lamp still there?")
    page.keyboard.press("Enter")
    mine = page.locator(".bubble.mine")
    expect(mine).to_contain_text("Is the lamp still there?")
    expect(mine).to_contain_text("✓✓")
    seen = {"messaging_product": "whatsapp", "status": "read"}
    seen |= {"message_id": mine.get_attribute("data-id")}
    seen |= {"typing_indicator": {"type": "text"}}
    assert call("POST", f"{number}/messages", seen).ok
    expect(page.locator(".typing")).to_be_visible()
    expect(page.locator(".bubble.mine .read")).to_be_visible()
    yes = {"type": "reply", "reply": {"id": "yes", "title": "Reserve it"}}
    buttons = {"type": "button", "body": {"text": "Yes! Shall we reserve it?"}}
    buttons["action"] = {"buttons": [yes]}
    assert whatsapp(interactive=buttons).ok
    expect(page.locator(".bubble").nth(1)).to_contain_text("Shall we reserve it?")
    expect(page.locator(".typing")).to_have_count(0)
    page.get_by_role("button", name="Reserve it").click()
    expect(page.locator(".bubble.mine").nth(1)).to_contain_text("Reserve it")
    page.locator(".bubble").nth(1).hover()
    page.get_by_role("button", name="React with ❤️").click()
    expect(page.locator(".reactions")).to_have_text("❤️")
    picture = tmp_path / "lamp.png"
    picture.write_bytes(nodes.face("lamp"))
    page.get_by_label("Send a picture or file").set_input_files(picture)
    expect(page.locator(".bubble.mine img")).to_be_visible()
    bodies = b"".join(post.body for post in meta.callbacks.take())
    for trace in (
        b"Is the lamp",
        b'"read"',
        b"button_reply",
        b"reaction",
        b"image/png",
    ):
        assert trace in bodies
