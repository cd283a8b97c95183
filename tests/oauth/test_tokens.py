"""The endpoints that clients call: whom they give a token, and to what they say no."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from microblog.data.models import AccessToken, Account
from microblog.data.session import Database
from microblog.services import accounts
from tests.oauth.conftest import CALLBACK, VERIFIED, Client, error_of, token_of, use
from tests.site import Browser

People = Callable[..., Browser]
MakeClient = Callable[..., Client]


def count_tokens(database: Database) -> int:
    with database.unit_of_work() as session:
        return session.scalars(select(func.count()).select_from(AccessToken)).one()


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
