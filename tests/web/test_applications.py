"""The pages for applications: those that may use one's account, and those that one made."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from microblog.data.models import Account, Application
from microblog.data.session import Database
from microblog.services import tokens
from microblog.services.applications import register_application
from tests.site import Browser

People = Callable[..., Browser]
AUTHORIZED, OWN = "/settings/authorized", "/settings/applications"
FIELDS = {
    "name": "My script",
    "website": "https://script.example",
    "redirect_uris": "urn:ietf:wg:oauth:2.0:oob\r\nhttps://script.example/cb",
    "scopes": "read write:statuses",
}


@pytest.fixture
def shown(secret: Callable[[str], str]) -> Callable[[TestResponse], list[str]]:
    """The secrets that a page shows."""
    return lambda page: [
        secret(text) for text in re.findall(r'<code class="secret">([^<]+)</code>', page.text)
    ]


def allow(database: Database, username: str, name: str = "A client", scopes: str = "read") -> str:
    """Somebody's token for a client of that name."""
    with database.unit_of_work() as session:
        account_id = session.scalars(select(Account.id).where(Account.username == username)).one()
        application_id = session.scalars(select(Application.id).where(Application.name == name)).first()
        if application_id is None:
            application_id = register_application(
                session, name=name, redirect_uris="app://", scopes=scopes, is_secure=True
            ).row.id
        return tokens.issue_token(
            session, application_id=application_id, account_id=account_id, scopes=scopes.split()
        ).token


def is_good(database: Database, token: str) -> bool:
    with database.unit_of_work() as session:
        return tokens.authenticate(session, token=token) is not None


def test_what_may_use_the_account_is_listed_and_taken_back(people: People, database: Database) -> None:
    alice, bob = people("alice"), people("bob")
    assert "No application uses your account" in alice.get(AUTHORIZED).text
    first, again = (allow(database, "alice", "Tower <b>", "read write:media") for _ in range(2))
    others = allow(database, "bob", "Tower <b>")
    page = alice.get(AUTHORIZED).text
    assert page.count("Tower &lt;b&gt;") == 2  # the name, and once more for the button's readers
    assert "Read all that you can read here" in page
    assert "Upload pictures" in page
    [revoke] = [form.action for form in alice.forms(AUTHORIZED) if form.action.endswith("/revoke")]
    assert alice.post(revoke, {}).status_code == 400
    answer = alice.submit(AUTHORIZED, revoke)
    assert (answer.status_code, answer.location) == (303, AUTHORIZED)
    assert "no access to your account any more" in alice.follow_redirect(answer).text
    assert [is_good(database, token) for token in (first, again, others)] == [False, False, True]
    # Nothing is left to take back, and nobody takes back what others allowed.
    allow(database, "alice")
    form = next(form for form in alice.forms(AUTHORIZED) if form.action.endswith("/revoke"))
    assert alice.post(revoke, form.fields).status_code == 404
    assert bob.post(form.action, bob.forms(AUTHORIZED)[0].fields).status_code == 404
    assert "A client" in alice.get(AUTHORIZED).text


def test_an_application_is_made_and_its_secret_shown_once(
    people: People, database: Database, shown: Callable[[TestResponse], list[str]]
) -> None:
    alice = people("alice")
    made = alice.submit(OWN, **FIELDS)
    assert made.status_code == 200
    assert made.headers["Cache-Control"] == "private, no-store"
    client_id, client_secret = shown(made)
    page = alice.get(OWN).text
    for text in ("My script", client_id, "https://script.example/cb", "read write:statuses"):
        assert text in page
    assert client_secret not in page
    with database.unit_of_work() as session:
        [row] = session.execute(select(Application.client_id, Application.website, Application.redirect_uris))
    assert row == (client_id, FIELDS["website"], ["urn:ietf:wg:oauth:2.0:oob", "https://script.example/cb"])


def test_a_token_for_oneself_works_and_is_shown_once(
    people: People, database: Database, shown: Callable[[TestResponse], list[str]]
) -> None:
    alice = people("alice")
    alice.submit(OWN, **FIELDS)
    [make] = [form.action for form in alice.forms(OWN) if form.action.endswith("/token")]
    [first] = shown(alice.submit(OWN, make))
    answer = alice.client.get("/api/v1/apps/verify_credentials", headers={"Authorization": f"Bearer {first}"})
    assert answer.json is not None
    assert (answer.json["name"], answer.json["scopes"]) == ("My script", ["read", "write:statuses"])
    assert "Replace the token" in alice.get(OWN).text
    [second] = shown(alice.submit(OWN, make))
    assert [is_good(database, token) for token in (first, second)] == [False, True]
    assert "My script" in alice.get(AUTHORIZED).text


def test_deleting_an_application_takes_everybodys_tokens(people: People, database: Database) -> None:
    alice = people("alice")
    people("bob")
    alice.submit(OWN, **FIELDS)
    token = allow(database, "bob", "My script")
    [delete] = [form.action for form in alice.forms(OWN) if form.action.endswith("/delete")]
    assert alice.follow_redirect(alice.submit(OWN, delete)).status_code == 200
    assert not is_good(database, token)
    assert "My script" not in alice.get(OWN).text


def test_other_peoples_applications_are_out_of_reach(people: People, database: Database) -> None:
    alice, bob = people("alice"), people("bob")
    alice.submit(OWN, **FIELDS)
    assert "My script" not in bob.get(OWN).text
    token = next(form for form in bob.forms(OWN) if "scopes" in form.fields).fields["csrf_token"]
    for form in alice.forms(OWN):
        if form.action.startswith(f"{OWN}/"):
            assert bob.post(form.action, {"csrf_token": token}).status_code == 404
    assert "My script" in alice.get(OWN).text


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("name", "", "Please fill this in."),
        ("name", "x" * 101, "at most 100 characters"),
        ("website", "script.example", "Give a website such as"),
        ("redirect_uris", "javascript:alert(1)", "can&#39;t be of this kind"),
        ("redirect_uris", "nowhere", "in full"),
        ("scopes", "read nonsense", "don&#39;t exist here"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(people: People, field: str, value: str, told: str) -> None:
    alice = people("alice")
    refused = alice.submit(OWN, **{**FIELDS, field: value})
    assert refused.status_code == 422
    assert told in refused.text
    assert 'aria-invalid="true"' in refused.text
    assert "script.example" in refused.text


def test_only_confirmed_people_make_applications(people: People) -> None:
    carol = people("carol", is_confirmed=False)
    assert carol.submit(OWN, **FIELDS).status_code == 403


def test_people_make_applications_slowly(make_app: Callable[..., Flask], people: People) -> None:
    people("alice")
    alice = Browser(make_app(rate_limit_app="2 per hour"))
    alice.log_in("alice")
    assert [alice.submit(OWN, **FIELDS).status_code for _ in range(3)] == [200, 200, 429]


def test_the_pages_are_among_the_settings(people: People) -> None:
    alice = people("alice")
    assert f'href="{AUTHORIZED}"' in alice.get("/settings/profile").text
    assert f'href="{OWN}"' in alice.get(AUTHORIZED).text
    for path in (AUTHORIZED, OWN):
        assert f'href="{AUTHORIZED}" aria-current="page"' in alice.get(path).text
