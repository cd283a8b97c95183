"""A registered client and what it does: sends a person to the consent page, and redeems what comes back."""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from microblog.data.session import Database
from microblog.services import applications
from tests.site import Browser

CALLBACK = "https://app.example/callback?from=us"
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
VERIFIER = "a-verifier-of-at-least-forty-three-characters-long"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
VERIFIED = "/api/v1/apps/verify_credentials"
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


@dataclass
class Client:
    """A program with a client id and secret."""

    http: FlaskClient
    application_id: int
    client_id: str
    client_secret: str
    secret: Callable[[str], str]
    redirect_uri: str = CALLBACK
    headers: dict[str, str] = field(default_factory=dict)

    def address(self, **changes: str | None) -> str:
        """The consent page's address."""
        values = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "read",
            "state": "a state & more",
            **changes,
        }
        return "/oauth/authorize?" + urlencode(
            {name: value for name, value in values.items() if value is not None}
        )

    def ask(self, browser: Browser, decision: str = "allow", **changes: str | None) -> TestResponse:
        """What comes of the consent page's button."""
        forms = browser.forms(self.address(**changes))
        form = next(form for form in forms if ("decision", decision) in form.buttons)
        return browser.post(form.action, {**form.fields, "decision": decision})

    def get_code(self, browser: Browser, **changes: str | None) -> str:
        """A code that a person allowed."""
        answer = read_answer(self.ask(browser, "allow", **changes))
        return self.secret(answer["code"])

    def redeem(self, code: str, *, as_json: bool = False, **changes: str | None) -> TestResponse:
        """The token endpoint's answer to a code."""
        values = {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "redirect_uri": self.redirect_uri,
            "code": code,
            **changes,
        }
        return self.call("/oauth/token", values, as_json=as_json)

    def call(
        self, path: str, values: dict[str, Any], *, as_json: bool = False, **options: Any
    ) -> TestResponse:
        """A request to the token endpoints; what is None is left out."""
        sent = {name: value for name, value in values.items() if value is not None}
        answer = self.http.post(path, **({"json": sent} if as_json else {"data": sent}), **options)
        if token := (answer.get_json(silent=True) or {}).get("access_token"):
            self.secret(token)
        return answer


def read_answer(response: TestResponse) -> dict[str, str]:
    """The parameters that a redirect carries to the client."""
    assert response.status_code == 303, response.text
    assert response.location.startswith(CALLBACK + "&"), response.location
    return dict(parse_qsl(urlsplit(response.location).query, strict_parsing=True))


def read_shown_code(response: TestResponse) -> str:
    """The code of the out-of-band page."""
    found = re.search(r'<code class="secret">([^<]+)</code>', response.text)
    assert found, response.text
    return found[1]


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


@pytest.fixture
def make_client(app: Flask, database: Database, secret: Callable[[str], str]) -> Callable[..., Client]:
    """Registers a client."""

    def make(redirect_uri: str = CALLBACK, scopes: str = "read write", **options: Any) -> Client:
        with database.unit_of_work() as session:
            new = applications.register_application(
                session,
                **{
                    "name": "A client",
                    "redirect_uris": redirect_uri,
                    "scopes": scopes,
                    "is_secure": False,
                    **options,
                },
            )
        secret(new.client_secret)
        return Client(
            app.test_client(),
            new.row.id,
            new.row.client_id,
            new.client_secret,
            secret,
            redirect_uri.split(maxsplit=1)[0],
        )

    return make


@pytest.fixture
def client(make_client: Callable[..., Client]) -> Client:
    return make_client()
