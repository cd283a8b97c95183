"""Opening the site in a watched browser."""

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.live_site import LiveSite
from tests.browser.watching import Watcher

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

LoadState = Literal["commit", "load"]


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
            context.add_cookies([{"name": f"session-{self.site.port}", "value": token, "url": self.site.url}])
        return context.new_page()

    def open(self, page: Page, path: str, status: int = 200, until: LoadState = "load") -> None:
        """Go to a path of the site, which answers with this status, and wait until it has come that far."""
        if status >= 400:
            self.watcher.allow(urlsplit(path).path, status)
        response = page.goto(path, wait_until=until)
        assert response is not None
        assert response.status == status, f"{path}: {response.status}"

    def close(self) -> None:
        """Close all profiles."""
        for context in self.contexts:
            context.close()
