"""Clients that register themselves."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from microblog.data.models import Application
from microblog.data.session import Database

APPS = "/api/v1/apps"
VALUES = {
    "client_name": "A client",
    "redirect_uris": "app://\nhttps://app.example/cb",
    "scopes": "read write",
    "website": "https://app.example",
}


@pytest.mark.parametrize("kind", ["data", "json", "query_string"])
def test_a_client_registers(app: Flask, database: Database, secret: Callable[[str], str], kind: str) -> None:
    answer = app.test_client().post(APPS, **{kind: VALUES})
    assert answer.status_code == 200, answer.text
    found = answer.json or {}
    client_secret = secret(found.pop("client_secret"))
    with database.unit_of_work() as session:
        row = session.execute(select(Application.id, Application.client_id)).one()
    assert found == {
        "id": str(row.id),
        "name": "A client",
        "website": "https://app.example",
        "scopes": ["read", "write"],
        "redirect_uri": "app://\nhttps://app.example/cb",
        "redirect_uris": ["app://", "https://app.example/cb"],
        "client_id": row.client_id,
        "client_secret_expires_at": 0,
        "vapid_key": "",
    }
    assert len(client_secret) == 43
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("kind", "uris"),
    [
        ("json", {"redirect_uris": ["app://", "https://app.example/cb"]}),
        ("data", {"redirect_uris[]": ["app://", "https://app.example/cb"]}),
        ("json", {"redirect_uris": "app:// https://app.example/cb"}),
    ],
)
def test_redirect_uris_come_in_each_form(
    app: Flask, secret: Callable[[str], str], kind: str, uris: dict[str, Any]
) -> None:
    answer = app.test_client().post(APPS, **{kind: {"client_name": "A client", **uris}})
    found = answer.json or {}
    secret(found["client_secret"])
    assert found["redirect_uris"] == ["app://", "https://app.example/cb"]
    assert (found["scopes"], found["website"]) == (["read"], None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("client_name", ""),
        ("client_name", None),
        ("client_name", ["a", {}]),
        ("client_name", "x" * 101),
        ("redirect_uris", None),
        ("redirect_uris", ""),
        ("redirect_uris", []),
        ("redirect_uris", [5]),
        ("redirect_uris", {"a": "b"}),
        ("redirect_uris", "javascript:alert(1)"),
        ("redirect_uris", ["https://app.example/\r\nSet-Cookie:a=b"]),
        ("scopes", "read nonsense"),
        ("scopes", "admin:write"),
        ("website", "javascript:alert(1)"),
    ],
)
def test_what_is_wrong_is_told(app: Flask, database: Database, field: str, value: object) -> None:
    answer = app.test_client().post(APPS, json={**VALUES, field: value})
    assert answer.status_code == 422, answer.text
    assert set(answer.json or {}) == {"error"}
    assert (answer.json or {})["error"].startswith("Validation failed: ")
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Application)) == 0


def test_a_hundred_registrations_in_a_row_meet_the_limit(
    make_app: Callable[..., Flask], settings: Any
) -> None:
    client = make_app(rate_limit_app=settings.rate_limit_app).test_client()
    answers = [client.post(APPS, json=VALUES) for _ in range(100)]
    assert [answer.status_code for answer in answers] == [200] * 30 + [429] * 70
    assert set(answers[-1].json or {}) == {"error"}
    assert int(answers[-1].headers["Retry-After"]) > 0
    # Neither a slash nor another address that a client makes up gets around it.
    assert client.post(APPS + "/", json=VALUES).status_code == 429
    assert client.post(APPS, json=VALUES, headers={"X-Forwarded-For": "192.0.2.9"}).status_code == 429
    assert client.post(APPS, json=VALUES, environ_base={"REMOTE_ADDR": "192.0.2.9"}).status_code == 200


def test_nobody_verifies_without_a_token(app: Flask) -> None:
    assert app.test_client().get(f"{APPS}/verify_credentials").status_code == 401
