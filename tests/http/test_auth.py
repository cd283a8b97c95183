"""Sessions, cookies and the transaction of a request."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from microblog.data.session import Database
from microblog.http.auth import AUTHENTICATION, public, signed_in
from microblog.http.context import RequestContext
from microblog.services.sessions import Viewer
from tests.factories import PASSWORD, make_account
from tests.site import Browser


def test_signed_out_people_are_sent_to_log_in_and_back(browser: Browser) -> None:
    answer = browser.get("/notifications?max_id=7")
    assert answer.status_code == 303
    assert answer.location == "/log-in?next=/notifications?max_id%3D7"


def test_a_form_of_a_session_that_ended_goes_to_log_in(browser: Browser) -> None:
    token = browser.forms("/log-in")[0].fields["csrf_token"]
    answer = browser.post("/write", {"csrf_token": token, "text": "hello"})
    assert (answer.status_code, answer.location) == (303, "/log-in")


@pytest.mark.parametrize("token", ["nonsense", "x" * 4000, "ü%00"])
def test_an_invalid_cookie_means_signed_out_and_is_deleted(browser: Browser, token: str) -> None:
    browser.client.set_cookie("session", token)
    answer = browser.get("/about")
    assert answer.status_code == 200
    assert "Log in" in answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert browser.cookie("session") is None


def test_cookies_over_plain_http(people: Callable[..., Browser], app: Flask) -> None:
    people("alice")
    browser = Browser(app)
    cookies = set_cookies(browser.submit("/log-in", identifier="alice", password=PASSWORD))
    log_in = cookies["session"]
    assert "HttpOnly" in log_in
    assert "SameSite=Lax" in log_in
    assert "Path=/" in log_in
    assert "Max-Age=2592000" in log_in
    assert "Secure" not in log_in
    assert "Secure" not in set_cookies(browser.get("/write"))["state"]


def test_cookies_over_tls(make_app: Callable[..., Flask], database: Database) -> None:
    app = make_app(base_url="https://localhost")
    with database.unit_of_work() as session:
        make_account(session, "alice")
    client = app.test_client()
    page = client.get("/log-in", base_url="https://localhost")
    state = set_cookies(page)["__Host-state"]
    token = page.text.split('name="csrf_token" type="hidden" value="')[1].split('"')[0]
    answer = client.post(
        "/log-in",
        base_url="https://localhost",
        data={"csrf_token": token, "identifier": "alice", "password": PASSWORD},
    )
    log_in = set_cookies(answer)["__Host-session"]
    for cookie in (state, log_in):
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
    theme = set_cookies(client.post("/theme", base_url="https://localhost", data={"theme": "dark"}))
    assert "Secure" in theme["theme"]
    assert client.get("/home", base_url="https://localhost").status_code == 200


def set_cookies(response: Any) -> dict[str, str]:
    return {cookie.split("=", 1)[0]: cookie for cookie in response.headers.getlist("Set-Cookie")}


def test_the_form_token_changes_at_log_in_and_log_out(people: Callable[..., Browser], app: Flask) -> None:
    people("alice")
    browser = Browser(app)
    before = browser.forms("/log-in")[0].fields["csrf_token"]
    browser.log_in("alice")
    assert browser.post("/write", {"csrf_token": before, "text": "hello"}).status_code == 400
    inside = browser.forms("/home")[0].fields["csrf_token"]
    browser.submit("/home", "/log-out")
    assert browser.post("/log-in", {"csrf_token": inside}).status_code == 400


def count_tags(session: Session) -> int:
    return session.scalar(text("SELECT count(*) FROM tags")) or 0


@pytest.mark.parametrize(("status", "kept"), [(200, 1), (303, 1), (400, 0), (422, 0), (500, 0)])
def test_what_is_refused_is_rolled_back(
    make_app: Callable[..., Flask], database: Database, status: int, kept: int
) -> None:
    app = make_app()

    @app.get("/try")
    @public
    def attempt(context: RequestContext[Viewer | None]) -> tuple[str, int]:
        context.session.execute(text("INSERT INTO tags (name) VALUES ('kept')"))
        return "done", status

    assert app.test_client().get("/try").status_code == status
    with database.unit_of_work() as session:
        assert count_tags(session) == kept


def test_an_exception_is_rolled_back_and_tells_nothing(
    make_app: Callable[..., Flask], database: Database
) -> None:
    app = make_app()

    @app.get("/try")
    @public
    def attempt(context: RequestContext[Viewer | None]) -> str:
        context.session.execute(text("INSERT INTO tags (name) VALUES ('kept')"))
        raise RuntimeError("an inner secret")

    answer = app.test_client().get("/try")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert "inner secret" not in answer.text
    with database.unit_of_work() as session:
        assert count_tags(session) == 0


def test_decorators_declare_themselves() -> None:
    def handler(context: RequestContext[Any]) -> str:
        return ""

    assert getattr(public(handler), AUTHENTICATION) == "public"
    assert getattr(signed_in(handler), AUTHENTICATION) == "signed_in"
