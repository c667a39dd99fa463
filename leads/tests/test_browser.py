"""The back office in a real browser: two thousand leads are chosen by a filter, their
plan is looked at, applied with a progress bar, and undone."""

import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from playwright.sync_api import Page, expect, sync_playwright

from leads import bulk
from leads.models import Lead
from leads.tests.world import make_leads, stage
from teams.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)


@pytest.fixture
def staff(workspace, make_member) -> User:
    user = make_member(workspace, "owner")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    return User.objects.get(pk=user.pk)


@pytest.fixture
def page(live_server, staff, monkeypatch, settings) -> Iterator[Page]:
    """A window of the owner's; script errors fail the test."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    settings.STAFF_SECOND_FACTOR = False
    client = Client()
    client.force_login(staff)
    cookie = {
        "name": django_settings.SESSION_COOKIE_NAME,
        "value": client.cookies[django_settings.SESSION_COOKIE_NAME].value,
        "domain": urlsplit(live_server.url).hostname or "",
        "path": "/",
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=ARGUMENTS.split()
        )
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.add_cookies([cookie])
        window, errors = context.new_page(), []
        window.on("pageerror", lambda error: errors.append(str(error)))
        window.set_default_timeout(30_000)
        yield window
        browser.close()
    assert errors == []


@pytest.fixture
def worker() -> Iterator[threading.Event]:
    """A worker that begins when the event is set."""
    begin, stop = threading.Event(), threading.Event()

    def work() -> None:
        begin.wait()
        while not stop.is_set():
            bulk.drain() or stop.wait(0.05)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield begin
    stop.set()
    begin.set()
    thread.join()


def test_two_thousand_leads_are_planned_applied_and_undone(
    page, live_server, workspace, staff, worker, tmp_path
):
    make_leads(workspace, 2_000)
    make_leads(workspace, 5, owner=staff)
    page.goto(f"{live_server.url}/admin/leads/lead/?owned=nobody")
    page.locator("#action-toggle").check()
    page.get_by_text("Select all 2000").click()
    page.locator("select[name=action]").select_option("update_many")
    page.locator("button[name=index]").click()
    expect(page.get_by_text("2000 leads")).to_be_visible()
    page.get_by_label("Stage").select_option(label="Qualified")
    page.get_by_label("Owner").select_option(label="Owner")
    page.screenshot(path=tmp_path / "choose.png", full_page=True)
    page.get_by_role("button", name="Show the plan").click()
    expect(page.get_by_text("2000 leads would change")).to_be_visible()
    expect(page.locator("tbody tr").first).to_contain_text("stage: New")
    expect(page.locator("tbody tr").first).to_contain_text("stage: Qualified")
    page.screenshot(path=tmp_path / "plan.png", full_page=True)
    page.get_by_role("button", name="Apply to 2000 leads").click()
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", "0")
    page.screenshot(path=tmp_path / "progress.png")
    worker.set()
    expect(page.get_by_text("2,000 changed")).to_be_visible(timeout=60_000)
    qualified = stage(workspace, "Qualified")
    assert Lead.objects.filter(stage=qualified, owner=staff).count() == 2_000
    page.screenshot(path=tmp_path / "applied.png", full_page=True)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("2,000 restored")).to_be_visible(timeout=60_000)
    page.screenshot(path=tmp_path / "undone.png", full_page=True)
    assert Lead.objects.filter(stage=qualified).count() == 0
    assert Lead.objects.filter(owner=None).count() == 2_000
