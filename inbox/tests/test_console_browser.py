"""The console in a real browser: no script of anybody else runs, the keyboard does all,
a phone is wide enough, and nothing that was written is lost."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from inbox.models import Conversation, Message, Template
from inbox.tests import browsing
from inbox.tests.hostile_texts import hostile_world
from inbox.tests.world import build
from teams.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ROOT = "/admin/inbox/console/acme/"


@pytest.fixture(autouse=True)
def _orm_beside_playwright(monkeypatch):
    """Playwright runs a loop in this thread, which Django takes for async code."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def agent(workspace, make_member) -> User:
    user = make_member(workspace, "owner")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    return User.objects.get(pk=user.pk)


@pytest.fixture
def visit(live_server, agent):
    """visit(path, size) -> a page in a window of the agent's."""
    with browsing.chromium() as browser:
        seen = []

        def open_window(path=ROOT, **options):
            context, page, trouble = browsing.window(
                browser, live_server.url, agent, **options
            )
            seen.append(trouble)
            page.goto(live_server.url + path)
            page.trouble = trouble
            page.context_ = context
            return page

        yield open_window
        for trouble in seen:
            assert trouble.dialogs == []
            assert trouble.errors == []


def ready(page):
    page.wait_for_selector("body[data-ready]")
    return page


def test_no_text_of_anybody_runs_a_script(visit, workspace, agent):
    world = hostile_world(workspace, agent)
    talk = world.conversation.public_id
    page = ready(visit(f"{ROOT}?conversation={talk}&status=any"))
    expect(page.locator(".msg").first).to_be_visible()
    page.locator(".msg").last.scroll_into_view_if_needed()
    page.keyboard.press("r")
    page.keyboard.type("/")
    expect(page.locator("#picker button").first).to_be_visible()
    page.keyboard.press("Escape")
    page.fill("#words", "")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.type("@")
    expect(page.locator("#picker button").first).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.type("<img src=x onerror=alert(1)>")
    page.keyboard.press("Enter")
    expect(page.locator(".msg.is-note .text").last).to_contain_text("<img src=x")
    page.fill("[name=q]", "<script>alert(1)</script>")
    page.wait_for_timeout(500)
    for path in (
        *("conversation", "message", "contact", "channelaccount", "label"),
        "cannedreply",
        f"conversation/{world.conversation.pk}/change",
        f"message/{world.message.pk}/change",
        f"contact/{world.contact.pk}/change",
        f"cannedreply/{world.canned.pk}/change",
        f"label/{world.label.pk}/change",
    ):
        page.goto(page.url.split("/admin/")[0] + f"/admin/inbox/{path}/")
        page.wait_for_timeout(150)
    page.trouble.errors.clear()  # pages of the admin's own are not of this test


def test_the_keyboard_does_it_all(visit, workspace, agent):
    world = build(workspace)
    other = world.converse(preview="The second one")
    page = ready(visit())
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".talk")).to_have_attribute("data-id", str(other.public_id))
    page.keyboard.press("m")
    expect(page.locator(".talk-head")).to_have_attribute(
        "data-assignee", str(agent.public_id)
    )
    page.keyboard.press("l")
    page.keyboard.press("Enter")
    expect(page.locator(".talk-head .label")).to_have_text("Asha label")
    page.keyboard.press("n")
    page.keyboard.type("Call them back")
    page.keyboard.press("Enter")
    expect(page.locator(".msg.is-note .text")).to_have_text("Call them back")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    expect(page.locator(".talk-head")).to_have_attribute("data-status", "resolved")
    page.keyboard.press("e")
    expect(page.locator(".talk-head")).to_have_attribute("data-status", "open")
    page.keyboard.press("s")
    page.keyboard.press("Enter")
    expect(page.locator(".talk-head")).to_have_attribute("data-status", "snoozed")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("says hello")
    expect(page.locator(".row")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    expect(page.locator("[data-view=mine]")).to_have_attribute("aria-pressed", "true")
    kept = Message.objects.get(direction="note")
    assert (kept.text, kept.author) == ("Call them back", agent)
    row = Conversation.objects.get(pk=other.pk)
    assert (row.assignee, row.status) == (agent, "snoozed")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_is_wide_enough(visit, workspace, scheme, tmp_path):
    world = build(workspace)
    for _ in range(30):
        world.say(text="A longer sentence that needs more than one line on a phone.")
    page = ready(visit(size=(390, 844), scheme=scheme))
    expect(page.locator(".row").first).to_be_visible()
    page.screenshot(path=tmp_path / "list.png")
    page.locator(".row a").first.click()
    expect(page.locator("#words")).to_be_visible()
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(wide) <= 390
    page.screenshot(path=tmp_path / "thread.png")
    for selector in ("#send", "[data-do=back]", "[data-do=about]"):
        box = page.locator(selector).first.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    page.locator("[data-do=about]").first.click()
    expect(page.locator("#about")).to_be_visible()
    page.locator(".about-close").click()
    page.locator("[data-do=back]").click()
    expect(page.locator(".row").first).to_be_visible()
    assert page.evaluate(wide) <= 390


def test_a_draft_stays_with_its_conversation(visit, workspace):
    world = build(workspace)
    other = world.converse()
    page = ready(visit(f"{ROOT}?conversation={world.conversation.public_id}"))
    page.locator("#words").wait_for()
    page.keyboard.press("n")
    page.keyboard.type("Half a thought")
    page.keyboard.press("Escape")
    page.locator(f"#c-{other.public_id} a").click()
    expect(page.locator(".talk")).to_have_attribute("data-id", str(other.public_id))
    assert page.input_value("#words") == ""
    page.reload()
    ready(page).locator(f"#c-{world.conversation.public_id} a").click()
    expect(page.locator("#words")).to_have_value("Half a thought")
    expect(page.locator("#composer")).to_have_attribute("data-mode", "note")


def test_what_got_no_answer_is_repeated_and_stored_once(visit, workspace):
    world = build(workspace)
    page = ready(visit(f"{ROOT}?conversation={world.conversation.public_id}"))
    page.locator("#words").wait_for()
    lost = []

    def lose_the_answer(route):
        """The server gets it and its answer never comes back, twice."""
        if route.request.method == "POST" and len(lost) < 2:
            lost.append(route.request.headers["idempotency-key"])
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/messages", lose_the_answer)
    page.keyboard.press("n")
    page.keyboard.type("Only once")
    page.keyboard.press("Enter")
    expect(page.locator(".msg.is-waiting")).to_contain_text("Only once")
    expect(page.locator(".msg.is-waiting")).to_have_count(0, timeout=15_000)
    expect(page.locator(".msg.is-note .text")).to_have_text("Only once")
    assert len(set(lost)) == 1
    assert Message.objects.filter(text="Only once").count() == 1


def test_what_is_refused_waits_for_a_decision(visit, workspace):
    world = build(workspace)
    page = ready(visit(f"{ROOT}?conversation={world.conversation.public_id}"))
    page.locator("#words").wait_for()
    page.keyboard.press("n")
    problem = '{"errors": [{"code": "no", "detail": "Not today <b>.", "attr": null}]}'
    page.route(
        "**/messages",
        lambda route: route.fulfill(
            status=409, content_type="application/json", body=problem
        ),
    )
    page.keyboard.type("Try me")
    page.keyboard.press("Enter")
    expect(page.locator(".msg.is-waiting .problem")).to_contain_text("Not today <b>.")
    page.reload()
    expect(ready(page).locator(".msg.is-waiting")).to_contain_text("Try me")
    page.unroute("**/messages")
    page.get_by_role("button", name="Edit").click()
    expect(page.locator("#words")).to_have_value("Try me")
    page.keyboard.press("Enter")
    expect(page.locator(".msg.is-note .text")).to_have_text("Try me")
    expect(page.locator(".msg.is-waiting")).to_have_count(0)


def test_what_nobody_confirmed_is_decided_by_a_person(visit, workspace, agent):
    world = build(workspace)
    unsure = world.say(direction="out", status="unconfirmed", author=agent)
    page = ready(visit(f"{ROOT}?conversation={world.conversation.public_id}"))
    bubble = page.locator(f"#m-{unsure.public_id}")
    expect(bubble).to_contain_text("Nobody confirmed that it arrived")
    bubble.get_by_role("button", name="It did arrive").click()
    expect(bubble).to_have_attribute("data-status", "sent")
    expect(bubble.get_by_role("button", name="It did arrive")).to_have_count(0)
    unsure.refresh_from_db()
    assert unsure.status == "sent"


def test_a_closed_window_offers_templates(visit, workspace):
    world = build(workspace)
    Template.objects.create(
        workspace=workspace,
        account=world.account,
        name="order_ready",
        language="en",
        status="APPROVED",
        components=[{"type": "BODY", "text": "Hi {{1}}, order {{2}} is ready."}],
    )
    page = ready(visit(f"{ROOT}?conversation={world.conversation.public_id}"))
    expect(page.locator("#window")).to_contain_text("The reply window has closed")
    expect(page.locator("#words")).to_be_disabled()
    page.locator("#window").get_by_role("button", name="Send a template").click()
    page.get_by_label("order_ready").check()
    page.get_by_label("{{1}}").fill("Asha")
    page.get_by_label("{{2}}").fill("A-17")
    text = "Hi Asha, order A-17 is ready."
    expect(page.locator("[data-preview]")).to_have_text(text)
    page.locator("dialog.sheet").get_by_role("button", name="Send").click()
    expect(page.locator(".msg.is-out .text")).to_have_text(text)
    expect(page.locator(".msg.is-waiting")).to_have_count(0)
    sent = Message.objects.get(kind="template")
    assert (sent.text, sent.status) == (text, "queued")


def test_canned_replies_are_filled_in_and_gaps_are_not_sent(visit, workspace):
    world = build(workspace)
    Conversation.objects.update(last_inbound_at=timezone.now())
    world.canned.text = "Hi {{contact.first_name}}, @{{contact.username}}"
    world.canned.save()
    page = ready(visit(f"{ROOT}?conversation={world.conversation.public_id}"))
    expect(page.locator("#window")).to_contain_text("You can reply freely")
    page.keyboard.press("r")
    page.keyboard.type("/as")
    expect(page.locator("#picker button")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#words")).to_have_value("Hi Asha, @Asha.rao")
    page.fill("#words", "Hi {{contact.nick}}")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("complete it first")
    assert not Message.objects.filter(direction="out").exists()
