"""The dashboards in a real browser: charts are drawn, on a phone and in the dark too,
no script of a name runs, and a chart leads to its rows. Pictures of them for people to
look at go to the folder that ANALYTICS_SHOTS names."""

import os

import pytest
from playwright.sync_api import expect

from analytics import rollups
from analytics.tests.conftest import PERIOD
from analytics.tests.worlds import World
from inbox.tests import browsing
from teams.models import Membership, User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
QUERY = "&".join(f"{name}={value}" for name, value in PERIOD.items())
HOSTILE = "<img src=x onerror=alert(1)>"
SHOTS = os.environ.get("ANALYTICS_SHOTS", "")


@pytest.fixture(autouse=True)
def _orm_beside_playwright(monkeypatch):
    """Playwright runs a loop in this thread, which Django takes for async code."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def visit(live_server):
    """visit(path, **options) -> a page of the owner's."""
    world = World(7, size=8)
    world.campaigns[0].name = HOSTILE
    world.campaigns[0].save()
    owner = User.objects.create(email="owner@world.example", is_staff=True)
    Membership.objects.create(workspace=world.workspace, user=owner, role="owner")
    rollups.catch_up(world.workspace)
    with browsing.chromium() as browser:
        seen = []

        def open_window(path, **options):
            _, page, trouble = browsing.window(
                browser, live_server.url, owner, **options
            )
            seen.append(trouble)
            root = f"{live_server.url}/admin/reports/{world.workspace.slug}"
            page.goto(f"{root}/{path}?{QUERY}")
            return page

        yield open_window
        for trouble in seen:
            assert trouble.dialogs == []
            assert trouble.errors == []


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_are_drawn_and_nothing_is_wider_than_the_screen(visit, size, scheme):
    page = visit("overview", size=size, scheme=scheme)
    page.wait_for_selector("html[data-charts]")
    for name in ("overview", "roi", "conversion", "team", "inbox"):
        link = page.locator(f".fr-tabs a[href*='/{name}?']")
        link.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(f"#report[data-report={name}]")
        page.wait_for_function("document.documentElement.dataset.charts > 0")
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        blank = page.evaluate(
            "[...document.querySelectorAll('canvas')].filter(c => !c.getContext('2d')"
            ".getImageData(0, 0, c.width, c.height).data.some(Boolean)).length"
        )
        assert blank == 0
        expect(page.locator(".fr-tabs [aria-current]")).to_be_in_viewport(ratio=0.95)
        if SHOTS:
            page.wait_for_timeout(1000)  # charts grow for a while
            page.screenshot(
                path=f"{SHOTS}/{name}-{scheme}-{size[0]}.png", full_page=True
            )


def test_a_bar_and_a_number_lead_to_their_rows(visit):
    page = visit("roi")
    page.wait_for_function("document.documentElement.dataset.charts > 0")
    box = page.locator("canvas").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 30)
    page.wait_for_url("**/roi/rows?*")
    page.go_back()
    page.locator(".fr-tiles a").first.click()
    page.wait_for_url("**/roi/rows?*")
    expect(page.locator("#rows tbody tr").first).to_be_visible()
    page.get_by_role("link", name="Back to the report").click()
    expect(page.locator("#report")).to_be_visible()


def test_days_are_chosen_by_preset_and_by_hand(visit):
    page = visit("inbox")
    page.get_by_role("link", name="Half a year").click()
    expect(page.locator(".fr-presets a[aria-current]")).to_have_text("Half a year")
    page.fill("[name=from]", "2026-03-01")
    page.fill("[name=to]", "2026-04-01")
    page.select_option("[name=compare]", "none")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".fr-head .fr-dim")).to_contain_text("1 Mar 2026")
    expect(page.locator(".fr-change")).to_have_count(0)
