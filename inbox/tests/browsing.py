"""A headless Chromium for tests, signed in, that remembers what went wrong."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page, sync_playwright

from teams.models import User

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)


@dataclass
class Trouble:
    """What a page should not do: dialogs, script errors, refusals of the policy."""

    dialogs: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Remember the page's trouble; dialogs are closed so that it goes on."""
        page.on("dialog", self._close)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._note)

    def _close(self, dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _note(self, line) -> None:
        if line.type == "error" and "Failed to load resource" not in line.text:
            self.errors.append(line.text)


@contextlib.contextmanager
def chromium() -> Iterator:
    """The browser; windows come from `window`."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS.split()
        )
        try:
            yield browser
        finally:
            browser.close()


def window(
    browser, url: str, user: User | None = None, size=(1440, 900), scheme="light"
) -> tuple[BrowserContext, Page, Trouble]:
    """A window of its own, in which the user is signed in at this server."""
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme
    )
    if user:
        client = Client()
        client.force_login(user)
        context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                    "domain": urlsplit(url).hostname or "",
                    "path": "/",
                }
            ]
        )
    page, trouble = context.new_page(), Trouble()
    trouble.watch(page)
    return context, page, trouble
