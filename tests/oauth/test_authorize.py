"""The consent page: who sees it, what it says, and where it leads."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import func, select

from microblog.data.models import AuthorizationCode
from microblog.data.session import Database
from tests.factories import PASSWORD
from tests.oauth.conftest import CALLBACK, OUT_OF_BAND, PKCE, Client, read_answer, read_shown_code
from tests.site import Browser

People = Callable[..., Browser]
MakeClient = Callable[..., Client]


def count_codes(database: Database) -> int:
    with database.unit_of_work() as session:
        return session.scalars(select(func.count()).select_from(AuthorizationCode)).one()


def test_a_person_allows_and_the_client_gets_a_token(people: People, client: Client) -> None:
    alice = people("alice")
    page = alice.get(client.address(scope="read write:statuses", force_login="true", lang="de"))
    assert page.status_code == 200
    for text in ("A client", "@alice", "app.example", "Read all that you can read", "boost and delete posts"):
        assert text in page.text
    answer = read_answer(client.ask(alice, scope="read write:statuses"))
    assert answer["state"] == "a state & more"
    token = client.redeem(answer["code"])
    assert token.status_code == 200
    assert token.json is not None
    assert set(token.json) == {"access_token", "token_type", "scope", "created_at"}
    assert token.json["token_type"] == "Bearer"
    assert token.json["scope"] == "read write:statuses"
    assert type(token.json["created_at"]) is int
    assert token.headers["Cache-Control"] == "private, no-store"


def test_somebody_signed_out_logs_in_first_and_comes_back(people: People, client: Client, app: Flask) -> None:
    people("alice")
    visitor = Browser(app)
    address = client.address()
    answer = visitor.get(address)
    assert answer.status_code == 303
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert parse_qs(urlsplit(answer.location).query) == {"next": [address]}
    form = visitor.forms(answer.location)[0]
    back = visitor.post(answer.location, {**form.fields, "identifier": "alice", "password": PASSWORD})
    assert (back.status_code, back.location) == (303, address)
    assert "A client" in visitor.get(back.location).text


def test_somebody_unconfirmed_allows_nothing(people: People, client: Client) -> None:
    carol = people("carol", is_confirmed=False)
    answer = carol.get(client.address())
    assert answer.status_code == 403
    assert "confirm your e-mail address" in answer.text


def test_denying_is_told_to_the_client(people: People, client: Client, database: Database) -> None:
    answer = read_answer(client.ask(people("alice"), "deny"))
    assert answer["error"] == "access_denied"
    assert answer["state"] == "a state & more"
    assert "code" not in answer
    assert count_codes(database) == 0


def test_a_form_without_a_decision_allows_nothing(people: People, client: Client, database: Database) -> None:
    alice = people("alice")
    form = next(form for form in alice.forms(client.address()) if form.buttons[0][0] == "decision")
    assert read_answer(alice.post(form.action, form.fields))["error"] == "access_denied"
    assert count_codes(database) == 0


def test_consent_needs_the_form_of_this_page(people: People, client: Client, database: Database) -> None:
    alice = people("alice")
    form = next(form for form in alice.forms(client.address()) if form.buttons[0][0] == "decision")
    forged = {**form.fields, "decision": "allow"}
    del forged["csrf_token"]
    assert alice.post("/oauth/authorize", forged).status_code == 400
    assert alice.post(client.address(), {"decision": "allow"}).status_code == 400
    assert count_codes(database) == 0


def test_a_form_of_somebody_else_allows_nothing(people: People, client: Client, database: Database) -> None:
    alice, bob = people("alice"), people("bob")
    form = next(form for form in bob.forms(client.address()) if form.buttons[0][0] == "decision")
    assert alice.post(form.action, {**form.fields, "decision": "allow"}).status_code == 400
    assert count_codes(database) == 0


def test_nobody_can_frame_the_page_and_its_answer_gets_through(people: People, client: Client) -> None:
    headers = people("alice").get(client.address()).headers
    policy = headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' https://app.example;" in policy
    assert headers["Cross-Origin-Opener-Policy"] == "unsafe-none"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("uri", "source"),
    [
        ("https://app.example:8443/cb", "https://app.example:8443"),
        ("http://127.0.0.1:5000/cb", "http://127.0.0.1:5000"),
        ("http://[::1]:5000/cb", "http:"),
        ("icecubesapp://", "icecubesapp:"),
        ("org.example.app:/cb", "org.example.app:"),
    ],
)
def test_its_policy_lets_exactly_that_answer_through(
    people: People, make_client: MakeClient, uri: str, source: str
) -> None:
    client = make_client(uri)
    alice = people("alice")
    policy = alice.get(client.address()).headers["Content-Security-Policy"]
    assert f"form-action 'self' {source};" in policy
    answer = client.ask(alice)
    assert answer.status_code == 303
    assert answer.location.startswith(uri + "?code=")


def test_out_of_band_shows_the_code(people: People, make_client: MakeClient) -> None:
    client, alice = make_client(OUT_OF_BAND), people("alice")
    assert "form-action 'self';" in alice.get(client.address()).headers["Content-Security-Policy"]
    shown = client.ask(alice)
    assert shown.status_code == 200
    code = client.secret(read_shown_code(shown))
    assert shown.headers["Cache-Control"] == "private, no-store"
    assert client.redeem(code).status_code == 200
    denied = client.ask(alice, "deny")
    assert denied.status_code == 200
    assert "Not allowed" in denied.text
    assert 'class="secret"' not in denied.text
    assert alice.get(client.address(scope="nonsense")).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": None},
        {"client_id": "nobody-knows-this-client"},
        {"client_id": "\0"},
        {"client_id": "größe" * 10},
        {"redirect_uri": None},
        {"redirect_uri": ""},
        {"redirect_uri": "https://app.example/callback"},
        {"redirect_uri": CALLBACK + "&more"},
        {"redirect_uri": CALLBACK + "#fragment"},
        {"redirect_uri": CALLBACK.upper()},
        {"redirect_uri": "https://app.example.evil.example/callback?from=us"},
        {"redirect_uri": "https://app.example:443/callback?from=us"},
        {"redirect_uri": "https://app.example/x/../callback?from=us"},
        {"redirect_uri": "http://app.example/callback?from=us"},
        {"redirect_uri": "https://evil.example@app.example/callback?from=us"},
        {"redirect_uri": 'https://evil.example/ö"'},
        {"redirect_uri": "//evil.example"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": OUT_OF_BAND},
        {"redirect_uri": "http://[::1"},
    ],
)
def test_what_is_unknown_leads_nowhere(
    people: People, client: Client, app: Flask, changes: dict[str, str | None]
) -> None:
    for visitor in (people("alice"), Browser(app)):
        for address in (client.address(**changes), client.address(**changes, scope="nonsense")):
            answer = visitor.get(address)
            assert answer.status_code == 400
            assert "Location" not in answer.headers
            assert "evil" not in answer.text


def test_a_parameter_given_twice_leads_nowhere_or_is_refused(people: People, client: Client) -> None:
    alice = people("alice")
    assert alice.get(client.address() + "&redirect_uri=https://evil.example").status_code == 400
    assert alice.get(client.address() + "&client_id=x").status_code == 400
    assert read_answer(alice.get(client.address() + "&scope=write"))["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": 'cöde"'}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"scope": "read nonsense"}, "invalid_scope"),
        ({"scope": "follow"}, "invalid_scope"),
        ({"scope": "read write admin:read"}, "invalid_scope"),
        ({**PKCE, "code_challenge_method": "plain"}, "invalid_request"),
        ({**PKCE, "code_challenge_method": None}, "invalid_request"),
        ({**PKCE, "code_challenge": None}, "invalid_request"),
        ({**PKCE, "code_challenge": "short"}, "invalid_request"),
        ({**PKCE, "code_challenge": "ö" * 43}, "invalid_request"),
    ],
)
def test_other_errors_are_the_clients_to_read_once_somebody_is_logged_in(
    people: People, client: Client, app: Flask, changes: dict[str, str | None], error: str
) -> None:
    answer = read_answer(people("alice").get(client.address(**changes)))
    assert answer["error"] == error
    assert answer["state"] == "a state & more"
    assert answer["error_description"]
    assert Browser(app).get(client.address(**changes)).location.startswith("/log-in?next=")


def test_asking_for_nothing_means_reading(people: People, make_client: MakeClient) -> None:
    alice = people("alice")
    for registered, granted in (("read write", "read"), ("write:media", "write:media")):
        client = make_client(scopes=registered)
        code = client.get_code(alice, scope=None)
        assert (client.redeem(code).json or {})["scope"] == granted


def test_the_port_of_a_loopback_address_is_free(people: People, make_client: MakeClient) -> None:
    client, alice = make_client("http://127.0.0.1/cb"), people("alice")
    answer = client.ask(alice, redirect_uri="http://127.0.0.1:51234/cb")
    assert answer.location.startswith("http://127.0.0.1:51234/cb?code=")
    code = client.secret(parse_qs(urlsplit(answer.location).query)["code"][0])
    # What was said to the page is what counts for the token.
    assert client.redeem(code).status_code == 400
    assert client.redeem(code, redirect_uri="http://127.0.0.1:51234/cb").status_code == 200
    for other in ("http://127.0.0.1:51234/other", "https://127.0.0.1:1/cb", "http://127.0.0.2:1/cb"):
        assert alice.get(client.address(redirect_uri=other)).status_code == 400


def test_slashes_at_the_end_do_no_harm(people: People, client: Client) -> None:
    assert people("alice").get(client.address().replace("authorize?", "authorize/?")).status_code == 200
    assert client.http.get("/.well-known/oauth-authorization-server/").status_code == 200
    assert client.http.post("/oauth/token/", data={}).status_code == 400
    assert client.http.post("/oauth/revoke/", data={}).status_code == 401


def test_markup_in_a_name_is_text(people: People, make_client: MakeClient) -> None:
    client = make_client(name='<b>"Bold"</b>', website="https://app.example/?a=1&b='2'")
    page = people("alice").get(client.address(state='"><script>alert(1)</script>')).text
    assert "<b>" not in page
    assert "<script>alert" not in page
