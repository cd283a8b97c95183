"""Browsers for tests: Debian's Chromium, watched for everything that goes wrong in it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.content import Content, write_content
from tests.browser.live_site import LiveSite, live_site
from tests.browser.stories import NEW_PASSWORD, SIGN_UP_PASSWORD, WAYS, Story
from tests.browser.visits import FLAGS, PATIENCE_MS, Visits
from tests.browser.watching import Watcher
from tests.conftest import find_chromium

__all__ = ["live_site"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="package")
def chromium(live_site: LiveSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A running Chromium.

    It lives no longer than this folder's tests: while Playwright runs, its event loop is the thread's, and
    other tests could start none.
    """
    home = tmp_path_factory.mktemp("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=FLAGS, env={**os.environ, "HOME": str(home)}
        )
        expect.set_options(timeout=PATIENCE_MS)
        yield browser
        browser.close()


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


@pytest.fixture(params=WAYS)
def story(
    request: pytest.FixtureRequest, live_site: LiveSite, visit: Visits, secret: Callable[[str], str]
) -> Story:
    secret(SIGN_UP_PASSWORD)
    secret(NEW_PASSWORD)
    return Story(live_site, visit, secret, *request.param)
