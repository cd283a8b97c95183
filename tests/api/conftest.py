"""Programs that use the API: one without a token, and one for each person."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from microblog.data.models import Account, Application
from microblog.data.session import Database
from microblog.services import tokens
from tests.factories import make_account

EVERYTHING = "read write follow push"


class Answer(TestResponse):
    """An answer whose JSON is what a test says it is."""

    if TYPE_CHECKING:
        json: Any


class Client:
    """Asks the API, with a token or without. `client.get("/api/v1/…").json`."""

    def __init__(self, app: Flask, token: str | None = None, account_id: int | None = None) -> None:
        self.http: FlaskClient = app.test_client()
        self.token = token
        self.account_id = account_id

    def open(self, method: str, path: str, **options: Any) -> Answer:
        headers = dict(options.pop("headers", {}))
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        return cast("Answer", self.http.open(path, method=method, headers=headers, **options))

    def get(self, path: str, **options: Any) -> Answer:
        return self.open("GET", path, **options)

    def post(self, path: str, **options: Any) -> Answer:
        return self.open("POST", path, **options)

    def put(self, path: str, **options: Any) -> Answer:
        return self.open("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> Answer:
        return self.open("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> Answer:
        return self.open("DELETE", path, **options)


def make_application(session: Session, name: str = "A client", scopes: str = EVERYTHING) -> int:
    """A registered client; its id."""
    known = session.scalars(select(Application.id).where(Application.name == name)).first()
    if known is not None:
        return known
    values = {
        "name": name,
        "client_id": f"client-id-of-{name}".ljust(32, "x"),
        "client_secret_hash": tokens.hash_secret(name),
        "redirect_uris": ["urn:ietf:wg:oauth:2.0:oob"],
        "scopes": scopes.split(),
    }
    return session.scalars(insert(Application).values(**values).returning(Application.id)).one()


def make_token(
    session: Session, account_id: int | None, scopes: str = EVERYTHING, application: str = "A client"
) -> str:
    """An access token of a person (None: of the client itself)."""
    application_id = make_application(session, application)
    made = tokens.issue_token(
        session, application_id=application_id, account_id=account_id, scopes=scopes.split()
    )
    return made.token


@pytest.fixture
def api(app: Flask, database: Database, secret: Callable[[str], str]) -> Callable[..., Client]:
    """Makes a client of the API: `api()` without a token, `api("alice")` for a person (made where there is
    none), `api("alice", scopes="read")`, `api(None, scopes="read")` with a token of the client's own.
    """

    def make(
        username: str | None = "",
        *,
        scopes: str = EVERYTHING,
        is_confirmed: bool = True,
        application: str = "A client",
    ) -> Client:
        if username == "":
            return Client(app)
        with database.unit_of_work() as session:
            account_id = None
            if username is not None:
                account_id = session.scalars(select(Account.id).where(Account.username == username)).first()
                account_id = account_id or make_account(session, username, is_confirmed=is_confirmed)
            token = secret(make_token(session, account_id, scopes, application))
        return Client(app, token, account_id)

    return make


@pytest.fixture
def visitor(app: Flask, database: Database) -> Client:
    """A client without a token."""
    return Client(app)
