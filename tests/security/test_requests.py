"""Forged requests, other people's things, redirects, and what answers give away."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text

from microblog.data.session import Database
from microblog.http.auth import AUTHENTICATION
from tests.factories import PASSWORD
from tests.site import Browser

# The reasons stand in http/csrf.py.
WITHOUT_TOKEN = {"public.theme", "mail.stop_mails", "oauth_tokens.create", "oauth_tokens.revoke"}
ARGUMENTS = {"username": "bob", "status_id": "1", "session_id": "1", "application_id": "1"}


def test_every_post_wants_the_forms_token(
    people: Callable[..., Browser], app: Flask, database: Database
) -> None:
    alice = people("alice")
    people("bob")
    alice.get("/write")
    foreign = people("carol").forms("/home")[0].fields["csrf_token"]
    tried = 0
    for rule in app.url_map.iter_rules():
        # Programs prove themselves by tokens: a cookie opens none of the API's endpoints.
        is_api = str(getattr(app.view_functions[rule.endpoint], AUTHENTICATION)).startswith("api_")
        if "POST" not in (rule.methods or set()) or rule.endpoint in WITHOUT_TOKEN or is_api:
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: ARGUMENTS[match[1]], rule.rule)
        data = {"text": "forged", "username": "forged", "email": "f@example.org", "password": PASSWORD}
        for token in ({}, {"csrf_token": "nonsense"}, {"csrf_token": foreign}):
            answer = alice.post(path, {**data, **token})
            assert answer.status_code == 400, path
            assert "This form is too old" in answer.text
        assert alice.get(path).status_code in (200, 303, 400, 404, 405), path
        tried += 1
    assert tried >= 15
    with database.unit_of_work() as session:
        assert session.scalar(text("SELECT count(*) FROM statuses")) == 0
        assert session.scalar(text("SELECT count(*) FROM follows")) == 0
        assert session.scalar(text("SELECT count(*) FROM accounts")) == 3
        assert session.scalar(text("SELECT count(*) FROM sessions")) == 3


def test_other_peoples_sessions_stay(people: Callable[..., Browser], database: Database) -> None:
    alice, bob = people("alice"), people("bob")
    with database.unit_of_work() as session:
        session_id = session.scalar(
            text("SELECT s.id FROM sessions s JOIN accounts a ON a.id = account_id WHERE username = 'bob'")
        )
    fields = alice.forms("/home")[0].fields
    assert alice.post(f"/settings/sessions/{session_id}/revoke", fields).status_code == 404
    assert bob.get("/home").status_code == 200
    assert str(session_id) not in alice.get("/settings/sessions").text


def test_fields_that_no_form_has_change_nothing(people: Callable[..., Browser], database: Database) -> None:
    alice = people("alice")
    alice.submit("/settings/profile", display_name="Alice")
    form = next(form for form in alice.forms("/settings/profile") if "note" in form.fields)
    extra = {
        "role": "admin",
        "id": "1",
        "account_id": "1",
        "username": "root",
        "confirmed_at": "now",
        "statuses_count": "9",
    }
    assert alice.post("/settings/profile", {**form.fields, **extra}).status_code == 303
    form = next(form for form in alice.forms("/home") if form.action == "/write")
    extra = {"author_id": "1", "visibility": "direct", "created_at": "1999-01-01", "feed_version": "9"}
    assert alice.post("/write", {**form.fields, "text": "mine", **extra}).status_code == 303
    with database.unit_of_work() as session:
        assert session.execute(text("SELECT username, role FROM accounts")).one() == ("alice", "user")
        assert session.scalar(text("SELECT visibility FROM statuses")) == "public"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/%09/evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "///evil.example",
        "/\t//evil.example",
        "https:/evil.example",
        "@evil.example",
    ],
)
def test_log_in_leads_to_no_other_site(people: Callable[..., Browser], app: Flask, target: str) -> None:
    people("alice")
    browser = Browser(app)
    fields = browser.forms("/log-in")[0].fields
    answer = browser.client.post(
        "/log-in", query_string={"next": target}, data={**fields, "identifier": "alice", "password": PASSWORD}
    )
    assert answer.status_code == 303
    assert answer.location in ("/home", "/%09/evil.example"), "a percent sign stays one: still this site"
    theme = browser.post("/theme", {"theme": "dark", "next": target})
    assert theme.location.startswith("/")
    assert not theme.location.startswith(("//", "/\\"))


def without_tokens(page: str) -> str:
    page = re.sub(r'name="csrf_token"[^>]*value="[^"]*"', "", page)
    return re.sub(r'value="(known|unknown|[\w.]+@example\.org)"', "", page)


def test_log_in_does_not_tell_who_exists(people: Callable[..., Browser], app: Flask) -> None:
    people("known")
    answers = [
        Browser(app).submit("/log-in", identifier=identifier, password="a wrong password")
        for identifier in ("known", "unknown", "known@example.org", "unknown@example.org")
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert len({without_tokens(answer.text) for answer in answers}) == 1


def test_sign_up_does_not_tell_whose_address_it_is(
    people: Callable[..., Browser], app: Flask, database: Database
) -> None:
    people("known")
    answers, pages = [], []
    for username, email in (
        ("anna1", "known@example.org"),
        ("anna2", "unknown@example.org"),
        ("anna3", "KNOWN@example.org"),
    ):
        browser = Browser(app)
        answer = browser.submit("/sign-up", username=username, email=email, password=PASSWORD)
        answers.append((answer.status_code, answer.location, sorted(answer.headers.keys())))
        pages.append(browser.get("/settings/account").text.replace(email, "").replace(username, ""))
    assert answers[0] == answers[1] == answers[2]
    shown = {re.sub(r"/avatars/\d+|value=\"[^\"]*\"", "", page) for page in pages}
    assert len(shown) == 1
    with database.unit_of_work() as session:
        assert session.scalar(text("SELECT count(*) FROM jobs WHERE name = 'mail.confirmation'")) == 3


def test_reset_does_not_tell_whose_address_it_is(
    people: Callable[..., Browser], app: Flask, database: Database
) -> None:
    people("known")
    answers = [
        Browser(app).submit("/reset-password", email=email)
        for email in ("known@example.org", "unknown@example.org")
    ]
    assert answers[0].status_code == answers[1].status_code == 200
    assert answers[0].text == answers[1].text
    with database.unit_of_work() as session:
        assert session.scalar(text("SELECT count(*) FROM jobs WHERE name = 'mail.reset_password'")) == 2


def test_links_of_one_kind_open_nothing_else(
    people: Callable[..., Browser], browser: Browser, database: Database
) -> None:
    people("alice")
    links = browser.client.application.extensions["microblog"].resources.links
    with database.unit_of_work() as session:
        account_id = session.scalar(text("SELECT id FROM accounts")) or 0
        token_id = session.scalar(
            text(
                "INSERT INTO one_time_tokens (account_id, purpose, email, expires_at) VALUES"
                f" ({account_id}, 'confirm_email', 'a@example.org', now() + interval '1 hour')"
                " RETURNING id"
            )
        )
    for purpose in ("confirm_email", "unsubscribe"):
        page = f"/reset-password/new?token={links.sign_token(token_id or 0, purpose)}"
        assert "used already" in browser.get(page).text
    forged = links.sign_token(token_id or 0, "reset_password")
    assert "used already" in browser.get(f"/reset-password/new?token={forged}").text
    assert "does not work" in browser.get(f"/unsubscribe?token={forged}").text


def test_hosts_and_methods_are_not_believed(browser: Browser) -> None:
    answer = browser.get("/home", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert "evil" not in answer.location
    answer = browser.post("/about", headers={"X-HTTP-Method-Override": "GET"})
    assert answer.status_code == 405


def test_pages_of_one_person_never_reach_another(people: Callable[..., Browser], browser: Browser) -> None:
    alice = people("alice")
    assert "log-out" in alice.get("/about").text
    assert "log-out" not in browser.get("/about").text
