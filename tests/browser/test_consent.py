"""Allowing an application in a real browser, which holds redirects after a form against the page's policy."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Page, expect

from microblog.services.applications import register_application
from tests.browser.live_site import LiveSite
from tests.browser.visits import Visits


class Callback(BaseHTTPRequestHandler):
    """A program on one's own machine that waits for the answer."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(
            b'<!doctype html><link rel="icon" href="data:,"><title>The app</title><h1>Thank you</h1>'
        )

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def callback() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Callback) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/callback"
        server.shutdown()
        thread.join()


def make_address(site: LiveSite, redirect_uri: str) -> str:
    with site.resources.database.unit_of_work() as session:
        new = register_application(
            session, name="A client", redirect_uris=redirect_uri, scopes="read write", is_secure=True
        )
    uri = quote(redirect_uri, safe="")
    return f"/oauth/authorize?response_type=code&client_id={new.row.client_id}&redirect_uri={uri}&state=mine"


def open_consent(visit: Visits, site: LiveSite, redirect_uri: str, username: str) -> Page:
    site.add_account(username)
    page = visit(token=site.log_in(username))
    visit.open(page, make_address(site, redirect_uri))
    return page


@pytest.mark.parametrize(("button", "carried"), [("Allow", "code"), ("Don't allow", "error")])
def test_the_browser_goes_on_to_the_application(
    visit: Visits, live_site: LiveSite, callback: str, button: str, carried: str
) -> None:
    visit.watcher.allow_site(callback)
    page = open_consent(visit, live_site, callback, f"consents_to_{carried}")
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert page.url.startswith(callback + "?")
    assert {carried, "state"} <= set(parse_qs(urlsplit(page.url).query))


def test_a_code_is_shown_to_copy(visit: Visits, live_site: LiveSite) -> None:
    page = open_consent(visit, live_site, "urn:ietf:wg:oauth:2.0:oob", "copies")
    page.get_by_role("button", name="Allow", exact=True).click()
    expect(page.get_by_role("heading", name="Copy this code")).to_be_visible()
    assert len(page.locator("code").inner_text()) == 43
