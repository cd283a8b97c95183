"""The endpoints that clients call: whom they give a token, and to what they say no."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from microblog.data.models import AccessToken, Account, AuthorizationCode
from microblog.data.session import Database
from microblog.services import accounts
from tests.oauth.conftest import CALLBACK, PKCE, VERIFIER, Client
from tests.site import Browser

People = Callable[..., Browser]
MakeClient = Callable[..., Client]
VERIFIED = "/api/v1/apps/verify_credentials"


def error_of(response: TestResponse, status: int = 400) -> str:
    """The error's name; the whole answer is as RFC 6749 wants it."""
    assert response.status_code == status, response.text
    assert response.json is not None
    assert set(response.json) == {"error", "error_description"}
    assert response.headers["Cache-Control"] == "private, no-store"
    assert ("WWW-Authenticate" in response.headers) is (status == 401)
    return str(response.json["error"])


def token_of(response: TestResponse) -> str:
    assert response.status_code == 200, response.text
    return str((response.json or {})["access_token"])


def use(client: Client, token: str, path: str = VERIFIED) -> int:
    """The status of an ordinary request with that token."""
    return client.http.get(path, headers={"Authorization": f"Bearer {token}"}).status_code


def count_tokens(database: Database) -> int:
    with database.unit_of_work() as session:
        return session.scalars(select(func.count()).select_from(AccessToken)).one()


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


@pytest.mark.parametrize("as_json", [True, False])
def test_a_code_becomes_a_token_from_form_and_from_json(
    people: People, client: Client, as_json: bool
) -> None:
    token = token_of(client.redeem(client.get_code(people("alice")), as_json=as_json))
    assert use(client, token) == 200
    assert use(client, token + "x") == 401
    assert use(client, token.swapcase()) == 401


def test_a_code_works_once_and_a_second_time_takes_its_token(people: People, client: Client) -> None:
    alice = people("alice")
    code = client.get_code(alice)
    other = token_of(client.redeem(client.get_code(alice)))
    token = token_of(client.redeem(code))
    assert use(client, token) == 200
    with capture_logs() as lines:
        assert error_of(client.redeem(code)) == "invalid_grant"
    assert [line["event"] for line in lines if line["log_level"] == "warning"] == ["oauth.code_reused"]
    assert use(client, token) == 401
    assert use(client, other) == 200
    assert error_of(client.redeem(code)) == "invalid_grant"


@pytest.mark.parametrize("code", ["", "nonsense", "x" * 10_000, "\0", "größe"])
def test_unknown_codes_are_refused(client: Client, code: str) -> None:
    assert error_of(client.redeem(code)) == "invalid_grant"
    assert error_of(client.redeem(code, as_json=True)) == "invalid_grant"


def test_an_expired_code_is_refused(people: People, client: Client, database: Database) -> None:
    code = client.get_code(people("alice"))
    with database.unit_of_work() as session:
        row = session.execute(select(AuthorizationCode.created_at, AuthorizationCode.expires_at)).one()
        assert timedelta() < row.expires_at - row.created_at <= timedelta(minutes=10)
        session.execute(update(AuthorizationCode).values(expires_at=func.now()))
    assert error_of(client.redeem(code)) == "invalid_grant"


def test_a_code_belongs_to_its_client(people: People, make_client: MakeClient) -> None:
    client, thief = make_client(), make_client(name="Thief")
    code = client.get_code(people("alice"))
    assert error_of(thief.redeem(code)) == "invalid_grant"
    assert error_of(thief.redeem(code, client_id=client.client_id), 401) == "invalid_client"
    token = token_of(client.redeem(code))
    # Nor can another client take the token by sending the code again.
    assert error_of(thief.redeem(code)) == "invalid_grant"
    assert use(client, token) == 200


@pytest.mark.parametrize(
    "uri", [None, "", CALLBACK + "/", "https://app.example/callback", "https://e.example"]
)
def test_the_redirect_uri_must_be_the_same(people: People, client: Client, uri: str | None) -> None:
    code = client.get_code(people("alice"))
    assert error_of(client.redeem(code, redirect_uri=uri)) == "invalid_grant"
    assert client.redeem(code).status_code == 200


@pytest.mark.parametrize("as_json", [True, False])
def test_a_secret_must_be_right(people: People, client: Client, as_json: bool) -> None:
    code = client.get_code(people("alice"), **PKCE)
    for changes in (
        {"client_secret": "wrong"},
        {"client_secret": client.client_secret + "x"},
        {"client_secret": client.client_secret.swapcase()},
        {"client_id": "x" * 43},
        {"client_id": None},
        {"client_id": "\0"},
    ):
        answer = client.redeem(code, as_json=as_json, code_verifier=VERIFIER, **changes)
        assert error_of(answer, 401) == "invalid_client"
    assert client.redeem(code, as_json=as_json, code_verifier=VERIFIER).status_code == 200


def test_a_client_may_say_who_it_is_in_the_header(people: People, client: Client) -> None:
    values = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
    code = client.get_code(people("alice"), **PKCE)
    values |= {"code": code, "code_verifier": VERIFIER}
    for wrong in (
        basic(client.client_id, "wrong"),
        basic(client.client_id, ""),
        basic("", ""),
        {"Authorization": "Basic ####"},
        {"Authorization": "Basic " + base64.b64encode(b"\xff\xfe:x").decode()},
        {"Authorization": "Basic"},
    ):
        # A wrong secret is not as good as none, though the verifier is there.
        for more in ({}, {"client_id": client.client_id}):
            answer = client.call("/oauth/token", {**values, **more}, headers=wrong)
            assert answer.status_code in (400, 401), wrong
            assert (answer.json or {})["error"] in ("invalid_client", "invalid_request")
    right = basic(client.client_id, client.client_secret)
    twice = client.call("/oauth/token", {**values, "client_secret": client.client_secret}, headers=right)
    assert error_of(twice) == "invalid_request"
    assert client.call("/oauth/token", values, headers=right).status_code == 200


def test_a_client_without_its_secret_needs_pkce(people: People, client: Client) -> None:
    alice = people("alice")
    plain = client.get_code(alice)
    assert error_of(client.redeem(plain, client_secret=None)) == "invalid_request"
    assert error_of(client.redeem(plain, client_secret="")) == "invalid_request"
    assert error_of(client.redeem(plain, client_secret=None, code_verifier=VERIFIER)) == "invalid_request"
    proven = client.get_code(alice, **PKCE)
    assert error_of(client.redeem(proven, client_secret=None)) == "invalid_request"
    assert client.redeem(proven, client_secret=None, code_verifier=VERIFIER).status_code == 200


def test_pkce_can_not_be_taken_back(people: People, client: Client) -> None:
    alice = people("alice")
    code = client.get_code(alice, **PKCE)
    assert error_of(client.redeem(code)) == "invalid_request"
    assert error_of(client.redeem(code, code_verifier="")) == "invalid_request"
    assert error_of(client.redeem(code, code_verifier="short")) == "invalid_request"
    assert error_of(client.redeem(code, code_verifier=PKCE["code_challenge"])) == "invalid_grant"
    assert error_of(client.redeem(code, code_verifier=VERIFIER + "x")) == "invalid_grant"
    assert client.redeem(code, code_verifier=VERIFIER).status_code == 200
    # A verifier for a code without a challenge: somebody took the challenge out on the way.
    assert error_of(client.redeem(client.get_code(alice), code_verifier=VERIFIER)) == "invalid_request"


def test_scopes_do_not_grow_on_the_way(people: People, client: Client) -> None:
    code = client.get_code(people("alice"), scope="read:statuses")
    answer = client.redeem(code, scope="read write follow")
    assert (answer.json or {})["scope"] == "read:statuses"


@pytest.mark.parametrize("as_json", [True, False])
def test_a_client_gets_a_token_for_itself(make_client: MakeClient, as_json: bool) -> None:
    client = make_client(scopes="read write:media")
    values = {
        "grant_type": "client_credentials",
        "client_id": client.client_id,
        "client_secret": client.client_secret,
    }
    for scope, granted in ((None, "read"), ("", "read"), ("read:accounts write:media",) * 2):
        answer = client.call("/oauth/token", {**values, "scope": scope}, as_json=as_json)
        assert (answer.json or {})["scope"] == granted
        assert use(client, token_of(answer)) == 200
    for scope in ("write", "read follow", "nonsense", "größe"):
        assert error_of(client.call("/oauth/token", {**values, "scope": scope})) == "invalid_scope"
    for secret in (None, "", "wrong"):
        answer = client.call("/oauth/token", {**values, "client_secret": secret}, as_json=as_json)
        assert error_of(answer, 401) == "invalid_client"


@pytest.mark.parametrize(
    ("grant_type", "error"),
    [
        ("password", "unsupported_grant_type"),
        ("refresh_token", "unsupported_grant_type"),
        ("urn:ietf:params:oauth:grant-type:device_code", "unsupported_grant_type"),
        ('größe"\\', "unsupported_grant_type"),
        ("", "invalid_request"),
        (None, "invalid_request"),
    ],
)
def test_other_grants_are_refused(client: Client, grant_type: str | None, error: str) -> None:
    assert error_of(client.redeem("x", grant_type=grant_type, username="alice", password="x")) == error


@pytest.mark.parametrize(
    "options",
    [
        {"data": b"{", "content_type": "application/json"},
        {"data": b"[]", "content_type": "application/json"},
        {"data": b'"x"', "content_type": "application/json"},
        {"data": b"\xff", "content_type": "application/json"},
        {"data": b"[" * 100_000, "content_type": "application/json"},
        {"data": b'{"grant_type": ["client_credentials"]}', "content_type": "application/json"},
        {"data": b'{"grant_type": "client_credentials", "client_id": 5}', "content_type": "application/json"},
        {"data": b"", "content_type": "application/json"},
        {"data": b"grant_type=x&grant_type=y", "content_type": "application/x-www-form-urlencoded"},
        {"data": b"%ff=%00", "content_type": "application/x-www-form-urlencoded"},
        {"data": b"grant_type=client_credentials", "content_type": "text/plain"},
        {"data": b"--", "content_type": "multipart/form-data; boundary=x"},
        {},
    ],
)
def test_broken_bodies_are_refused(client: Client, options: dict[str, Any]) -> None:
    assert error_of(client.http.post("/oauth/token", **options)) == "invalid_request"


def test_a_body_too_large_is_refused_in_the_protocols_form(client: Client) -> None:
    answer = client.http.post("/oauth/token", data={"code": "x" * 1_000_000})
    assert error_of(answer, 413) == "invalid_request"


def test_nothing_is_read_from_the_query(people: People, client: Client) -> None:
    code = client.get_code(people("alice"))
    query = {
        "grant_type": "authorization_code",
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "redirect_uri": CALLBACK,
        "code": code,
    }
    assert error_of(client.http.post("/oauth/token", query_string=query)) == "invalid_request"
    assert client.http.get("/oauth/token", query_string=query).status_code == 405
    assert client.redeem(code).status_code == 200


def test_a_token_in_a_query_or_a_body_is_not_looked_at(people: People, client: Client) -> None:
    token = token_of(client.redeem(client.get_code(people("alice"))))
    assert client.http.get(VERIFIED, query_string={"access_token": token}).status_code == 401
    assert client.http.get(VERIFIED, data={"access_token": token}).status_code == 401
    for header in (token, f"Token {token}", "Bearer", "Bearer ", f"Bearer {token} x", f"bearer{token}"):
        assert client.http.get(VERIFIED, headers={"Authorization": header}).status_code == 401
    assert client.http.get(VERIFIED, headers={"Authorization": f"bearer  {token}"}).status_code == 200


def test_a_refused_token_is_told_how_to_ask(client: Client) -> None:
    answer = client.http.get(VERIFIED, headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code == 401
    assert answer.json == {"error": "The access token is invalid"}
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("as_json", [True, False])
def test_a_client_gives_its_token_back(people: People, client: Client, as_json: bool) -> None:
    token = token_of(client.redeem(client.get_code(people("alice"))))
    values = {"client_id": client.client_id, "client_secret": client.client_secret, "token": token}
    for _ in range(2):
        answer = client.call("/oauth/revoke", values, as_json=as_json)
        assert (answer.status_code, answer.json) == (200, {})
        assert use(client, token) == 401
    hinted = {**values, "token": "unknown", "token_type_hint": "anything"}
    assert client.call("/oauth/revoke", hinted, as_json=as_json).status_code == 200


def test_nobody_gives_back_the_token_of_another_client(people: People, make_client: MakeClient) -> None:
    client, other = make_client(), make_client(name="Other")
    token = token_of(client.redeem(client.get_code(people("alice"))))
    values = {"client_id": other.client_id, "client_secret": other.client_secret, "token": token}
    assert error_of(client.call("/oauth/revoke", values), 403) == "unauthorized_client"
    wrong = {**values, "client_id": client.client_id}
    assert error_of(client.call("/oauth/revoke", wrong), 401) == "invalid_client"
    assert error_of(client.call("/oauth/revoke", {"token": token}), 401) == "invalid_client"
    assert error_of(client.call("/oauth/revoke", {**values, "token": None})) == "invalid_request"
    assert use(client, token) == 200


def test_tokens_of_suspended_accounts_answer_nothing(
    people: People, client: Client, database: Database
) -> None:
    alice = people("alice")
    token, code = token_of(client.redeem(client.get_code(alice))), client.get_code(alice)
    own = {"grant_type": "client_credentials", "client_id": client.client_id}
    clients = token_of(client.call("/oauth/token", {**own, "client_secret": client.client_secret}))
    with database.unit_of_work() as session:
        accounts.suspend_account(session, username="alice")
    assert use(client, token) == 401
    assert use(client, client.redeem(code).json["access_token"]) == 401  # type: ignore[index]
    assert use(client, clients) == 200
    with database.unit_of_work() as session:
        accounts.unsuspend_account(session, username="alice")
    assert use(client, token) == 200


def test_tokens_and_codes_of_deleted_accounts_are_gone(
    people: People, client: Client, database: Database
) -> None:
    alice = people("alice")
    token, code = token_of(client.redeem(client.get_code(alice))), client.get_code(alice)
    with database.unit_of_work() as session:
        session.execute(delete(Account))
    assert use(client, token) == 401
    assert error_of(client.redeem(code)) == "invalid_grant"
    assert count_tokens(database) == 0


def test_another_sites_script_may_ask(client: Client) -> None:
    for path in ("/oauth/token", "/oauth/revoke"):
        assert client.http.options(path).headers["Access-Control-Allow-Origin"] == "*"
        assert client.http.post(path, data={}).headers["Access-Control-Allow-Origin"] == "*"


def test_metadata_tells_what_there_is(app: Flask) -> None:
    answer = app.test_client().get("/.well-known/oauth-authorization-server")
    found = answer.json or {}
    assert found["issuer"] == "http://localhost"
    assert found["authorization_endpoint"] == "http://localhost/oauth/authorize"
    assert found["token_endpoint"] == "http://localhost/oauth/token"
    assert found["revocation_endpoint"] == "http://localhost/oauth/revoke"
    assert found["response_types_supported"] == ["code"]
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["grant_types_supported"] == ["authorization_code", "client_credentials"]
    assert {"read", "write:statuses", "push"} <= set(found["scopes_supported"])


def test_metadata_carries_the_scheme_it_was_asked_by(make_app: Callable[..., Flask]) -> None:
    path = "/.well-known/oauth-authorization-server"
    behind = make_app(trusted_proxies=("127.0.0.1/32",)).test_client()
    for scheme in ("http", "https"):
        answer = behind.get(path, base_url="http://x.example", headers={"X-Forwarded-Proto": scheme})
        assert (answer.json or {})["issuer"] == f"{scheme}://localhost"
    secure = make_app(base_url="https://blog.example").test_client()
    assert (secure.get(path).json or {})["issuer"] == "https://blog.example"
