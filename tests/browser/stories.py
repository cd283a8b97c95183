"""Ann and Bob, who try everything in a real browser."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from devstack.processes import wait_for
from tests.browser.live_site import LiveSite
from tests.browser.visits import DESKTOP, PATIENCE_MS, PHONE, Visits

SIGN_UP_PASSWORD = "seven green lanterns above water"
NEW_PASSWORD = "four quiet horses wander home"
WAYS = [
    pytest.param((True, False), id="scripts-desktop"),
    pytest.param((True, True), id="scripts-phone"),
    pytest.param((False, False), id="plain-desktop"),
    pytest.param((False, True), id="plain-phone"),
]


@dataclass
class Story:
    """Two people and their browsers, and what happens to them."""

    site: LiveSite
    visit: Visits
    secret: Callable[[str], str]
    has_scripts: bool
    is_phone: bool

    def __post_init__(self) -> None:
        kind = f"{'on' if self.has_scripts else 'off'}_{'phone' if self.is_phone else 'desk'}"
        self.ann, self.bob = f"Ann_{kind}", f"Bob_{kind}"
        self.address = self.secret(f"{self.ann}@example.org".lower())

    def browser(self) -> Page:
        """A new browser of this story's kind."""
        return self.visit(
            size=PHONE if self.is_phone else DESKTOP, has_scripts=self.has_scripts, is_phone=self.is_phone
        )

    def log_in(self, page: Page, username: str, password: str) -> None:
        page.goto("/")
        page.get_by_role("link", name="Log in").first.click()
        page.get_by_label("Username or e-mail address").fill(username)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", name="Home", level=1)).to_be_visible()

    def mail_to(self, address: str, subject: str) -> EmailMessage:
        """The mail that the worker sends, once it is there."""

        def look() -> list[EmailMessage]:
            return [
                mail
                for mail in self.site.mails.messages()
                if mail["To"].lower() == address and subject in mail["Subject"]
            ]

        found = wait_for(look, PATIENCE_MS / 1000, lambda: f"no mail with {subject!r} came")
        assert len(found) == 1
        return found[0]

    def link_in(self, mail: EmailMessage, path: str) -> str:
        """The address in the mail's text that leads to this path."""
        part = mail.get_body(("plain",))
        assert part is not None
        links = re.findall(rf"{re.escape(self.site.url)}{path}\?\S+", part.get_content())
        assert len(links) == 1
        self.secret(parse_qs(urlsplit(links[0]).query)["token"][0])
        return str(links[0])

    def navigate(self, page: Page, name: str) -> None:
        page.get_by_role("navigation", name="Main").get_by_role("link", name=name).click()


def flash(page: Page, text: str) -> None:
    expect(page.get_by_role("status").filter(has_text=text)).to_be_visible()


def post_with(page: Page, text: str) -> Locator:
    return page.get_by_role("article").filter(has_text=text)


def see_in_time(page: Page, what: Locator) -> None:
    """Load the page again until a job has brought what is awaited."""

    def look() -> bool:
        page.reload()
        return what.count() > 0

    wait_for(lambda: what.count() > 0 or look(), PATIENCE_MS / 1000, lambda: f"{what} never came")
    expect(what.first).to_be_visible()
