"""Browsers for tests: Debian's Chromium, watched for everything that goes wrong in it."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.content import Content, write_content
from tests.browser.live_site import LiveSite, live_site
from tests.browser.watching import Watcher
from tests.conftest import find_chromium

__all__ = ["live_site"]

DESKTOP = (1280, 900)
PHONE = (390, 844)
#: Long enough for a machine that has much else to do; nothing here waits for the time to pass.
PATIENCE_MS = 30_000
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def chromium(live_site: LiveSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A running Chromium.

    It lives no longer than a module: while Playwright runs, its event loop is the thread's, and other tests
    could start none.
    """
    home = tmp_path_factory.mktemp("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=FLAGS, env={**os.environ, "HOME": str(home)}
        )
        expect.set_options(timeout=PATIENCE_MS)
        yield browser
        browser.close()


@dataclass
class Visits:
    """Opens the site in fresh browser profiles."""

    chromium: Browser
    site: LiveSite
    watcher: Watcher
    contexts: list[BrowserContext] = field(default_factory=list)

    def __call__(
        self,
        *,
        size: tuple[int, int] = DESKTOP,
        has_scripts: bool = True,
        is_phone: bool = False,
        token: str | None = None,
    ) -> Page:
        """A page of a new profile; `token` makes it somebody's who is logged in."""
        context = self.chromium.new_context(
            base_url=self.site.url,
            viewport={"width": size[0], "height": size[1]},
            java_script_enabled=has_scripts,
            is_mobile=is_phone,
            has_touch=is_phone,
            reduced_motion="reduce",
            color_scheme="light",
            locale="en-GB",
        )
        self.contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        self.watcher.watch(context, has_scripts=has_scripts)
        if token is not None:
            context.add_cookies([{"name": "session", "value": token, "url": self.site.url}])
        return context.new_page()

    def open(self, page: Page, path: str, status: int = 200) -> None:
        """Go to a path of the site, which answers with this status."""
        if status >= 400:
            self.watcher.allow(urlsplit(path).path, status)
        response = page.goto(path)
        assert response is not None
        assert response.status == status, f"{path}: {response.status}"

    def close(self) -> None:
        """Close all profiles."""
        for context in self.contexts:
            context.close()


@pytest.fixture
def visit(chromium: Browser, live_site: LiveSite) -> Iterator[Visits]:
    """Opens pages; at the end of the test nothing may have gone wrong in any of them."""
    visits = Visits(chromium, live_site, Watcher(live_site.url))
    yield visits
    visits.close()
    assert visits.watcher.problems == []


@pytest.fixture(scope="session")
def content(live_site: LiveSite) -> Content:
    """What the pages of `targets.py` show."""
    return write_content(live_site)


@pytest.fixture
def member(visit: Visits, live_site: LiveSite, request: pytest.FixtureRequest) -> Callable[..., Page]:
    """Makes somebody and logs them in (`member("carol")`); further options are those of `visit`."""

    def log_in(username: str, **options: Any) -> Page:
        live_site.add_account(username)
        return visit(token=live_site.log_in(username), **options)

    return log_in
