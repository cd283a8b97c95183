"""Preferences, markers, reports, suggestions, and what there is none of."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from microblog.api.empty import ADDRESSES
from microblog.bootstrap import Resources
from microblog.data.models import Account, Report, User
from microblog.data.session import Database
from tests.api.conftest import Client
from tests.api.contract.checking import check
from tests.factories import make_status


@pytest.mark.parametrize(("path", "scope"), [(path, scope) for path, _, scope, _ in ADDRESSES])
def test_what_there_is_none_of(
    api: Callable[..., Client], visitor: Client, path: str, scope: str | None
) -> None:
    answer = api("alice", scopes="read").get(path)
    assert answer.status_code == 200
    check("Nothing", answer.get_json())
    assert visitor.get(path).status_code == (401 if scope else 200)
    if scope and scope != "read:blocks":
        assert api("alice", scopes="write follow").get(path).status_code == 403


def test_preferences(api: Callable[..., Client], database: Database) -> None:
    alice = api("alice")
    check("Preferences", alice.get("/api/v1/preferences").get_json())
    with database.unit_of_work() as session:
        session.execute(
            update(User).values(default_visibility="private", default_sensitive=True, default_language="de")
        )
    told = alice.get("/api/v1/preferences").get_json()
    check("Preferences", told)
    assert told["posting:default:visibility"] == "private"
    assert told["posting:default:sensitive"] is True
    assert told["posting:default:language"] == "de"


@pytest.mark.parametrize(
    "options",
    [
        {"json": {"home": {"last_read_id": "103"}, "notifications": {"last_read_id": 104}}},
        {"data": {"home[last_read_id]": "103", "notifications[last_read_id]": "104"}},
    ],
)
def test_markers(api: Callable[..., Client], options: dict[str, Any]) -> None:
    alice = api("alice")
    assert alice.get("/api/v1/markers").get_json() == {}
    assert alice.get("/api/v1/markers?timeline[]=home&timeline[]=notifications").get_json() == {}
    told = alice.post("/api/v1/markers", **options).get_json()
    check("Markers", told)
    assert {name: marker["last_read_id"] for name, marker in told.items()} == {
        "home": "103",
        "notifications": "104",
    }
    assert alice.get("/api/v1/markers?timeline[]=home").get_json() == {"home": told["home"]}
    # Never backwards, and nobody else's.
    back = alice.post("/api/v1/markers", json={"home": {"last_read_id": "5"}}).get_json()
    assert back["home"]["last_read_id"] == "103"
    assert api("bob").get("/api/v1/markers?timeline=home").get_json() == {}


def test_markers_of_nothing(api: Callable[..., Client]) -> None:
    alice = api("alice")
    assert alice.get("/api/v1/markers?timeline[]=nowhere").status_code == 422
    bodies: tuple[dict[str, Any], ...] = ({"home": {"last_read_id": "x"}}, {"home": {}}, {"home": "5"})
    for body in bodies:
        assert alice.post("/api/v1/markers", json=body).status_code == 422
    assert api("alice", scopes="read").post("/api/v1/markers", json={}).status_code == 403


def test_reports(api: Callable[..., Client], database: Database, site_resources: Resources) -> None:
    alice, bob = api("alice"), api("bob")
    with database.unit_of_work() as session:
        status_id = make_status(session, site_resources.feeds, bob.account_id or 0)
    told = alice.post(
        "/api/v1/reports",
        data={
            "account_id": bob.account_id,
            "status_ids[]": [status_id, 5],
            "comment": "No.",
            "rule_ids[]": 1,
        },
    ).get_json()
    check("Report", told)
    assert told["target_account"]["username"] == "bob"
    assert (told["category"], told["rule_ids"]) == ("violation", ["1"])
    assert told["status_ids"] == [str(status_id)]
    with database.unit_of_work() as session:
        assert session.scalars(select(Report.comment)).one() == "No."


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({}, 422, "Validation failed: account_id can't be blank"),
        ({"account_id": "7"}, 404, None),
        ({"account_id": "9" * 40}, 404, None),
        ({"account_id": "x"}, 422, "Validation failed: account_id is not an id"),
        ({"account_id": "own"}, 422, "Validation failed: account: You can't report yourself."),
        (
            {"account_id": "1", "category": "boring"},
            422,
            "Validation failed: category is not included in the list",
        ),
        ({"account_id": "1", "status_ids": ["1"] * 101}, 422, None),
        ({"account_id": "1", "comment": "x" * 1001}, 422, None),
        ({"account_id": "1", "rule_ids": ["9" * 40]}, 404, None),
    ],
)
def test_refused_reports(
    api: Callable[..., Client], body: dict[str, Any], status: int, error: str | None
) -> None:
    alice = api("alice")
    if body.get("account_id") == "own":
        body = {"account_id": str(alice.account_id)}
    answer = alice.post("/api/v1/reports", json=body)
    assert answer.status_code == status
    check("Error", answer.get_json())
    assert error is None or answer.get_json() == {"error": error}


def test_suggestions(api: Callable[..., Client], database: Database, site_resources: Resources) -> None:
    alice, bob = api("alice"), api("bob")
    with database.unit_of_work() as session:
        make_status(session, site_resources.feeds, bob.account_id or 0)
    told = alice.get("/api/v2/suggestions").get_json()
    assert [one["account"]["username"] for one in told] == ["bob"]
    assert set(told[0]) == {"source", "sources", "account"}
    check("Account", told[0]["account"])
    check("[Account]", alice.get("/api/v1/suggestions").get_json())
    assert len(alice.get("/api/v1/suggestions").get_json()) == 1
    assert alice.get("/api/v2/suggestions?limit=-1").status_code == 200


def test_accounts_are_told_with_absolute_addresses(
    api: Callable[..., Client], database: Database, site_resources: Resources
) -> None:
    alice, bob = api("alice"), api("bob")
    with database.unit_of_work() as session:
        make_status(session, site_resources.feeds, bob.account_id or 0)
        session.execute(
            update(Account)
            .where(Account.id == bob.account_id)
            .values(
                note_html='<p><a href="/tags/x">#x</a> <a href="https://else.example">e</a></p>',
                fields=[{"name": "n", "value": "@alice", "value_html": '<a href="/@alice">@alice</a>'}],
                avatar_key="k1",
                header_key="k2",
                role="admin",
            )
        )
    account = alice.get("/api/v1/suggestions").get_json()[0]
    check("Account", account)
    assert account["note"] == (
        '<p><a href="http://localhost/tags/x">#x</a> <a href="https://else.example">e</a></p>'
    )
    assert account["fields"][0]["value"] == '<a href="http://localhost/@alice">@alice</a>'
    assert account["avatar"] == account["avatar_static"] == "http://localhost/media/k1/400.webp"
    assert account["header"].startswith("http://localhost/media/k2/")
    assert (account["acct"], account["url"]) == ("bob", "http://localhost/@bob")
    assert account["roles"][0]["name"] == "Admin"
    assert account["created_at"].endswith("T00:00:00.000Z")
    assert len(account["last_status_at"]) == 10
