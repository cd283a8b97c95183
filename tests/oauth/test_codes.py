"""Codes: who redeems them, how often, and with which proofs."""

import base64
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from structlog.testing import capture_logs

from microblog.data.models import AuthorizationCode
from microblog.data.session import Database
from tests.oauth.conftest import CALLBACK, PKCE, VERIFIER, Client, error_of, token_of, use
from tests.site import Browser

People = Callable[..., Browser]
MakeClient = Callable[..., Client]


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
