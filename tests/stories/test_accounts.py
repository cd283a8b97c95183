"""Whole lives of accounts over HTTP: from the first page to the last log-out, without JavaScript."""

from collections.abc import Callable

from flask import Flask
from sqlalchemy import text

from microblog.bootstrap import Resources
from microblog.data.session import Database
from tests.site import Browser, mailed_token

NEW_PASSWORD = "four quiet horses wander home"
PASSWORD = "seven green lanterns above water"


def test_sign_up_confirm_and_write(
    browser: Browser, database: Database, site_resources: Resources, secret: Callable[[str], str]
) -> None:
    address = secret("alice.of.the.story@example.org")
    answer = browser.submit("/sign-up", username="Alice", email=address, password=secret(PASSWORD))
    assert answer.location == "/sign-up/check-mail"
    assert "mailbox" in browser.follow_redirect(answer).text

    home = browser.get("/home")
    assert "Confirm your e-mail address" in home.text
    assert browser.get("/write").location == "/home"
    assert browser.get("/@alice").status_code == 404

    token = secret(mailed_token(database, site_resources, "Alice", "confirm_email"))
    page = f"/confirm-email?token={token}"
    assert "is_confirmed" not in browser.get(page).text
    assert browser.get("/@alice").status_code == 404, "opening the link alone confirms nothing"
    assert "is confirmed" in browser.follow_redirect(browser.submit(page)).text
    assert "used already" in browser.get(page).text
    assert (
        browser.post(page, {"csrf_token": browser.forms("/home")[0].fields["csrf_token"]}).status_code == 422
    )

    answer = browser.submit("/home", "/write", text="Good morning, #world")
    assert answer.location == "/home"
    assert "Good morning" in browser.follow_redirect(answer).text
    profile = browser.get("/@alice")
    assert profile.location == "/@Alice"
    assert "Good morning" in browser.follow_redirect(profile).text


def test_a_new_link_for_the_mail_that_never_came(people: Callable[..., Browser], database: Database) -> None:
    alice = people("alice", is_confirmed=False)
    assert "once more" in alice.follow_redirect(alice.submit("/home", "/confirm-email/resend")).text
    with database.unit_of_work() as session:
        assert session.scalar(text("SELECT count(*) FROM jobs WHERE name = 'mail.confirmation'")) == 1


def test_log_in_with_name_or_address_and_log_out(people: Callable[..., Browser], app: Flask) -> None:
    people("alice")
    for identifier in ("ALICE", "@alice", "Alice@Example.org"):
        browser = Browser(app)
        answer = browser.submit(
            "/log-in?next=/notifications", identifier=identifier, password="correct horse battery staple"
        )
        assert answer.location == "/notifications"
        old = browser.cookie("session")
        assert "log-out" in browser.get("/home").text
        answer = browser.submit("/home", "/log-out")
        assert answer.location == "/"
        assert browser.cookie("session") is None
        browser.client.set_cookie("session", old or "")
        assert browser.get("/home").location == "/log-in?next=/home", (
            "the session has ended on the server too"
        )
        assert browser.cookie("session") is None


def test_people_who_are_logged_in_need_no_door(people: Callable[..., Browser]) -> None:
    alice = people("alice")
    for page in ("/", "/log-in", "/sign-up"):
        assert alice.get(page).location == "/home"


def test_wrong_password_keeps_the_name(people: Callable[..., Browser], browser: Browser) -> None:
    people("alice")
    answer = browser.submit("/log-in", identifier="alice", password="not the right one")
    assert answer.status_code == 422
    assert "The name or the password is wrong." in answer.text
    assert 'value="alice"' in answer.text
    assert "not the right one" not in answer.text
    assert browser.cookie("session") is None


def test_forgotten_password(
    people: Callable[..., Browser], browser: Browser, database: Database, site_resources: Resources
) -> None:
    alice = people("alice")
    assert "on its way" in browser.submit("/reset-password", email="alice@example.org").text
    page = f"/reset-password/new?token={mailed_token(database, site_resources, 'alice', 'reset_password')}"
    refused = browser.submit(page, password="password")
    assert refused.status_code == 422
    assert "field-error" in refused.text
    assert browser.submit(page, password="").status_code == 422
    answer = browser.submit(page, password=NEW_PASSWORD)
    assert answer.location == "/log-in"
    assert "Log in with the new one" in browser.follow_redirect(answer).text
    assert alice.get("/home").status_code == 303, "all sessions have ended"
    assert "used already" in browser.get(page).text
    browser.log_in("alice", NEW_PASSWORD)
    assert browser.submit("/settings/profile").status_code == 303


def test_a_reset_link_used_twice_at_once(
    people: Callable[..., Browser], app: Flask, database: Database, site_resources: Resources
) -> None:
    people("alice")
    first, second = Browser(app), Browser(app)
    first.submit("/reset-password", email="alice@example.org")
    page = f"/reset-password/new?token={mailed_token(database, site_resources, 'alice', 'reset_password')}"
    late = second.forms(page)[0]
    assert first.submit(page, password=NEW_PASSWORD).status_code == 303
    answer = second.post(page, {**late.fields, "password": "another good long password"})
    assert answer.status_code == 422
    assert "used already" in answer.text


def test_change_of_password_ends_other_sessions(people: Callable[..., Browser], app: Flask) -> None:
    alice, elsewhere = people("alice"), Browser(app)
    elsewhere.log_in("alice")
    page = "/settings/account"
    wrong = alice.submit(page, current_password="wrong", new_password=NEW_PASSWORD, change="password")
    assert wrong.status_code == 422
    assert "present password" in wrong.text
    empty = alice.submit(page, current_password="", new_password="", change="password")
    assert empty.status_code == 422
    good = alice.submit(
        page,
        current_password="correct horse battery staple",
        new_password=NEW_PASSWORD,
        change="password",
    )
    assert "other sessions are ended" in alice.follow_redirect(good).text
    assert elsewhere.get("/home").status_code == 303
    assert alice.get("/home").status_code == 200


def test_change_of_address(
    people: Callable[..., Browser], database: Database, site_resources: Resources
) -> None:
    alice, page = people("alice"), "/settings/account"
    wrong = alice.submit(page, email="new@example.org", current_password="wrong", change="email")
    assert wrong.status_code == 422
    assert "new@example.org" in wrong.text
    good = alice.submit(
        page, email="new@example.org", current_password="correct horse battery staple", change="email"
    )
    shown = alice.follow_redirect(good).text
    assert "alice@example.org" in shown
    assert "new@example.org waits" in shown
    token = mailed_token(database, site_resources, "alice", "change_email")
    alice.submit(f"/confirm-email?token={token}")
    assert "Mails go to new@example.org" in alice.get(page).text


def test_sessions_elsewhere_can_be_ended(people: Callable[..., Browser], app: Flask) -> None:
    alice, phone, tablet = people("alice"), Browser(app), Browser(app)
    phone.client.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Android 14) Firefox/130.0"
    phone.log_in("alice")
    page = alice.get("/settings/sessions").text
    assert "Firefox on Android" in page
    assert (page.count("In use now"), page.count("Last used")) == (1, 1)
    revoke = next(form for form in alice.forms("/settings/sessions") if form.action.endswith("/revoke"))
    assert "ended" in alice.follow_redirect(alice.post(revoke.action, revoke.fields)).text
    assert phone.get("/home").status_code == 303
    assert alice.post(revoke.action, revoke.fields).status_code == 404
    tablet.log_in("alice")
    alice.submit("/settings/sessions", "/settings/sessions/revoke-others")
    assert tablet.get("/home").status_code == 303
    assert alice.get("/home").status_code == 200


def test_log_in_again_ends_the_session_the_browser_had(people: Callable[..., Browser], app: Flask) -> None:
    alice, other = people("alice"), Browser(app)
    people("bob")
    old, fields = alice.cookie("session") or "", alice.forms("/home")[0].fields
    other.client.set_cookie("session", old)
    answer = alice.post(
        "/log-in",
        {**fields, "identifier": "bob", "password": "correct horse battery staple"},
    )
    assert answer.status_code == 303
    assert alice.cookie("session") != old
    assert other.get("/home").status_code == 303


def test_suspended_people_are_out_at_once(people: Callable[..., Browser], database: Database) -> None:
    alice = people("alice")
    with database.unit_of_work() as session:
        session.execute(text("UPDATE accounts SET suspended_at = now()"))
    assert alice.get("/home").status_code == 303
    assert alice.get("/@alice").status_code == 404
