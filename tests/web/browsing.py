"""A real browser at a real server: Chromium without a window, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from tests.support.live_server import LiveServer, live_server

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 800}


@contextmanager
def chromium(*words: str) -> Iterator[Browser]:
    """The browser.

    Args:
        words: further ones of its command line.

    Raises:
        pytest.skip.Exception: it is not installed here, and the run does not demand all clients.
    """
    if CHROMIUM is None:
        if os.environ.get("PRATIQUE_ALL_CLIENTS"):
            pytest.fail("Chromium is missing; install it (Debian: apt install chromium)")
        pytest.skip("CHROMIUM IS NOT INSTALLED: the pages were not looked at by a real browser")
    with sync_playwright() as playwright:
        # Its sandbox needs what containers do not give; it opens pages of this project only.
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", *words]
        )
        yield browser
        browser.close()


@dataclass
class Window:
    """One window of a browser with cookies of its own.

    Attributes:
        console: errors and warnings that the browser told of.
        elsewhere: requests to any other host.
    """

    page: Page
    host: str
    console: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self._heard(message.type, message.text))
        self.page.on("pageerror", lambda error: self._heard("error", str(error)))
        self.page.on("request", lambda request: self._asked(request.url))

    def _heard(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.console.append(text)

    def _asked(self, url: str) -> None:
        if f"//{self.host}/" not in url and not url.startswith("data:"):
            self.elsewhere.append(url)

    def sign_in(self, password: str, name: str = "ada") -> None:
        """Fill in the page that asks for user name and password."""
        self.page.get_by_label("User name").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        width: int = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return width


def look(opened: Window, name: str) -> None:
    """What holds for every page; a picture is left where one is wanted."""
    folder = os.environ.get("PRATIQUE_SCREENSHOTS")
    if folder:
        opened.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    found = Axe().run(opened.page)
    assert found.violations_count == 0, found.generate_report()
    assert opened.overflow() <= 0
    assert opened.console == []
    assert opened.elsewhere == []


@contextmanager
def window(browser: Browser, server: LiveServer, **options: Any) -> Iterator[Window]:
    """A new window that trusts the server's own certificate."""
    context = browser.new_context(ignore_https_errors=True, **options)
    try:
        yield Window(context.new_page(), server.host)
    finally:
        context.close()


@dataclass(frozen=True)
class Served:
    """A server with people.

    Attributes:
        password: of `ada`, who may pull.
    """

    server: LiveServer
    tenant: str
    password: str

    @property
    def authority(self) -> dict[str, Any]:
        """What every credential of azure-identity is told."""
        return {
            "authority": self.server.url,
            "tenant_id": self.tenant,
            "disable_instance_discovery": True,
            "connection_verify": str(self.server.certificate),
        }


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """A server that speaks TLS, with the user `ada`."""
    with live_server(folder / "data", tls=True) as server:
        password = server.pratique("user", "create", "ada")["password"]
        server.pratique("role", "assign", "AcrPull", "--to", "ada")
        yield Served(server, server.pratique("registry", "show")["tenant_id"], password)
