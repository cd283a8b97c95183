"""From exceptions to answers."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from gunicorn.http.errors import InvalidChunkSize  # type: ignore[import-untyped]
from sqlalchemy import exc
from structlog.testing import capture_logs
from werkzeug import exceptions

from microblog.data.session import Database
from microblog.domain import errors
from microblog.domain.errors import Message
from microblog.http.auth import public
from microblog.http.errors import find_problem
from tests.factories import make_account
from tests.site import Browser

DOMAIN = [
    (errors.ValidationError({"name": Message("No.")}), 422),
    (errors.NotFound(), 404),
    (errors.Forbidden(), 403),
    (errors.ConfirmationRequired(), 403),
    (errors.Conflict(), 409),
    (errors.InvalidCredentials(), 422),
    (errors.InvalidToken(), 400),
    (errors.RateLimited(7), 429),
    (errors.TooLarge(), 413),
    (errors.UnsupportedMedia(), 415),
    (errors.Unavailable(), 503),
    (errors.DomainError(), 400),
]
UNAVAILABLE = [
    exc.OperationalError("SELECT", {}, Exception("gone")),
    exc.InterfaceError("SELECT", {}, Exception("gone")),
    exc.TimeoutError("pool"),
    exc.DBAPIError("SELECT", {}, Exception("gone"), connection_invalidated=True),
]


@pytest.mark.parametrize(("error", "status"), DOMAIN)
def test_domain_errors(error: errors.DomainError, status: int) -> None:
    problem = find_problem(error)
    assert problem.status == status
    assert problem.message is not None
    assert (problem.retry_after is not None) == (status in (429, 503))


@pytest.mark.parametrize("error", UNAVAILABLE)
def test_a_database_that_is_away(error: Exception) -> None:
    assert (find_problem(error).status, find_problem(error).retry_after) == (503, 10)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("x"),
        exc.DBAPIError("SELECT", {}, Exception("x")),
        exceptions.InternalServerError(),
        KeyError("x"),
    ],
)
def test_the_unforeseen(error: Exception) -> None:
    problem = find_problem(error)
    assert (problem.status, problem.message) == (500, None)


def test_a_body_that_the_server_could_not_take_apart_is_the_clients_fault() -> None:
    assert find_problem(InvalidChunkSize(b"password=secret")).status == 400


@pytest.mark.parametrize(("error", "status"), [*DOMAIN, (RuntimeError(), 500), (exceptions.ImATeapot(), 418)])
def test_each_has_a_friendly_page(make_app: Callable[..., Flask], error: Exception, status: int) -> None:
    app = make_app()

    def fail() -> Any:
        raise error

    app.add_url_rule("/fail", view_func=fail)
    answer = app.test_client().get("/fail")
    assert answer.status_code == status
    assert f'<p class="error-code">{status}</p>' in answer.text
    assert 'href="/"' in answer.text


@pytest.mark.parametrize(
    ("seconds", "told"), [(1, "1 second."), (2, "2 seconds."), (60, "1 minute."), (61, "2 minutes.")]
)
def test_how_long_to_wait_is_told_once(make_app: Callable[..., Flask], seconds: int, told: str) -> None:
    app = make_app()

    def fail() -> Any:
        raise errors.RateLimited(seconds)

    app.add_url_rule("/fail", view_func=fail)
    page = app.test_client().get("/fail").text
    assert f"Please wait {told}" in page
    assert page.lower().count("wait") == 1


def test_whoever_is_known_keeps_the_navigation(people: Callable[..., Browser]) -> None:
    alice = people("alice")
    for path in ("/nowhere", "/@nobody"):
        answer = alice.get(path)
        assert answer.status_code == 404
        assert 'href="/notifications"' in answer.text, path
        assert 'action="/log-out"' in answer.text
        assert answer.headers["Cache-Control"] == "private, no-store"
    assert 'href="/notifications"' in alice.post("/about").text


def test_visitors_get_the_plain_page(browser: Browser) -> None:
    with capture_logs() as lines:
        answer = browser.get("/nowhere")
    assert "/notifications" not in answer.text
    assert next(line["db_statements"] for line in lines if line["event"] == "http.request") == 0
    browser.client.set_cookie("session", "ended")
    answer = browser.get("/nowhere")
    assert answer.status_code == 404
    assert "/notifications" not in answer.text


def test_a_broken_page_asks_nothing_more_of_the_site(
    make_app: Callable[..., Flask], database: Database
) -> None:
    app = make_app()

    @public
    def fail(_context: object) -> str:
        raise RuntimeError

    app.add_url_rule("/fail", view_func=fail)
    with database.unit_of_work() as session:
        make_account(session, "alice")
    alice = Browser(app)
    alice.log_in("alice")
    answer = alice.get("/fail")
    assert answer.status_code == 500
    assert "/notifications" not in answer.text


def test_405_names_what_is_allowed(browser: Browser) -> None:
    answer = browser.post("/about")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_too_large_a_form(browser: Browser) -> None:
    token = browser.forms("/log-in")[0].fields["csrf_token"]
    answer = browser.post("/log-in", {"csrf_token": token, "identifier": "x" * 200_000, "password": "x"})
    assert answer.status_code == 413
    assert "Too large" in answer.text
    many = {f"field{number}": "x" for number in range(2000)}
    answer = browser.post("/log-in", many, content_type="multipart/form-data")
    assert answer.status_code == 413


def test_a_missing_form_token_is_explained(browser: Browser) -> None:
    answer = browser.post("/log-in", {"identifier": "x", "password": "x"})
    assert answer.status_code == 400
    assert "This form is too old" in answer.text
