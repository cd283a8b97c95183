"""Security and caching headers."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.site import Browser

SHARED = "public, max-age=0, s-maxage=5"
PRIVATE = "private, no-store"
READING = [
    "/",
    "/explore",
    "/statistics",
    "/about",
    "/terms",
    "/privacy",
    "/@alice",
    "/@alice/followers",
    "/tags/x",
]


@pytest.mark.parametrize("page", READING)
def test_reading_pages_of_visitors_can_be_cached(
    people: Callable[..., Browser], browser: Browser, page: str
) -> None:
    people("alice")
    answer = browser.get(page)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == SHARED
    assert "Set-Cookie" not in answer.headers
    assert "csrf" not in answer.text
    assert {"Cookie", "Accept-Language"} <= set(answer.vary)


def test_what_is_gone_replaces_what_a_cache_holds(people: Callable[..., Browser], browser: Browser) -> None:
    for page in ("/@nobody", "/@nobody/1", "/nowhere"):
        answer = browser.get(page)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (404, SHARED)
        assert "Set-Cookie" not in answer.headers
        assert "csrf" not in answer.text
    assert browser.post("/nowhere").headers["Cache-Control"] == PRIVATE
    assert people("alice").get("/@nobody").headers["Cache-Control"] == PRIVATE


def test_addresses_with_tokens_are_not_passed_on(browser: Browser) -> None:
    for page in ("/reset-password/new?token=x", "/confirm-email?token=x", "/unsubscribe?token=x"):
        assert browser.get(page).headers.getlist("Referrer-Policy") == ["no-referrer"]


def test_a_message_for_one_visitor_waits_for_a_page_of_their_own(
    people: Callable[..., Browser], browser: Browser
) -> None:
    alice = people("alice")
    alice.submit("/settings/profile", display_name="Alice")
    alice.client.delete_cookie("session")
    answer = alice.get("/about")
    assert answer.headers["Cache-Control"] == SHARED
    assert "Your profile is saved" not in answer.text


@pytest.mark.parametrize(
    "page",
    [
        "/log-in",
        "/sign-up",
        "/reset-password",
        "/reset-password/new?token=x",
        "/confirm-email?token=x",
        "/unsubscribe?token=x",
        "/home",
    ],
)
def test_doors_and_redirects_are_never_stored(browser: Browser, page: str) -> None:
    assert browser.get(page).headers["Cache-Control"] in (PRIVATE, SHARED if page == "/home" else PRIVATE)


@pytest.mark.parametrize("page", [*READING, "/home", "/notifications", "/write", "/settings/account"])
def test_pages_of_signed_in_people_are_never_stored(people: Callable[..., Browser], page: str) -> None:
    assert people("alice").get(page).headers["Cache-Control"] == PRIVATE


def test_security_headers_on_everything(browser: Browser) -> None:
    for page in ("/", "/nowhere", "/healthz", "/api/v1/nothing", "/home", "/static/x/css/site.css"):
        headers = browser.get(page).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        # Other sites' pages may read the API.
        allowed = "cross-origin" if page.startswith("/api") else "same-origin"
        assert headers.getlist("Cross-Origin-Resource-Policy") == [allowed]
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["X-Frame-Options"] == "DENY"
        assert "geolocation=()" in headers["Permissions-Policy"]
        assert "Strict-Transport-Security" not in headers


def test_strict_transport_under_tls(make_app: Callable[..., Flask]) -> None:
    answer = make_app(base_url="https://localhost").test_client().get("/about")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
