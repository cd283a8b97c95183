"""Registering clients, and what people allowed them."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from microblog.data.models import AccessToken, Application
from microblog.domain.errors import NotFound, ValidationError
from microblog.services import applications, sessions, tokens
from microblog.services.applications import NewApplication, register_application
from tests.factories import HASHER, PASSWORD, make_account


def register(session: Session, **changes: object) -> NewApplication:
    values = {"name": "A client", "redirect_uris": "https://app.example/cb", "is_secure": True, **changes}
    return register_application(session, **values)  # type: ignore[arg-type]


def log_in(session: Session, username: str) -> int:
    return sessions.log_in(
        session, HASHER, identifier=username, password=PASSWORD, user_agent="", lifetime_days=1
    ).session_id


def test_a_client_is_registered_with_a_secret_of_its_own(session: Session) -> None:
    first, second = (register(session, scopes="read write:media push", website="") for _ in range(2))
    assert first.row.client_id != second.row.client_id
    assert first.client_secret != second.client_secret
    assert first.row.scopes == ["read", "write:media", "push"]
    assert first.row.website is None
    stored = session.scalars(select(Application.client_secret_hash)).all()
    assert first.client_secret.encode() not in stored
    found = applications.find_client(session, client_id=first.row.client_id)
    assert found is not None
    assert applications.is_secret_right(found, first.client_secret)
    assert not applications.is_secret_right(found, second.client_secret)
    assert not applications.is_secret_right(found, "")
    assert applications.find_client(session, client_id="\0") is None


@pytest.mark.parametrize(
    "redirect_uris",
    [
        "app://a\nhttps://app.example/cb",
        "app://a  https://app.example/cb app://a",
        ["app://a", "https://app.example/cb"],
    ],
)
def test_redirect_uris_come_as_text_or_as_a_list(session: Session, redirect_uris: str | list[str]) -> None:
    new = register(session, redirect_uris=redirect_uris)
    assert new.row.redirect_uris == ["app://a", "https://app.example/cb"]


def test_no_scopes_means_reading(session: Session) -> None:
    assert register(session, scopes="").row.scopes == ["read"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", " \u200b\u3164 "),
        ("name", "x" * 101),
        ("website", "javascript:alert(1)"),
        ("website", "app.example"),
        ("website", "https://"),
        ("website", "http://["),
        ("website", "https://e.example/" + "x" * 2000),
        ("scopes", "read nonsense"),
        ("scopes", "admin:read"),
        ("redirect_uris", ""),
        ("redirect_uris", []),
        ("redirect_uris", "javascript:alert(1)"),
        ("redirect_uris", "http://app.example/cb"),
        ("redirect_uris", ["https://app.example/a https://app.example/b"]),
        ("redirect_uris", ["https://app.example/cb", ""] + [f"https://app.example/{n}" for n in range(20)]),
    ],
)
def test_what_a_client_may_not_be(session: Session, field: str, value: object) -> None:
    with pytest.raises(ValidationError) as error:
        register(session, **{field: value})
    assert list(error.value.errors) == [field]


def test_people_own_and_delete_their_applications(session: Session) -> None:
    ann, bob = make_account(session), make_account(session)
    first, second = (register(session, owner_id=ann).row.id for _ in range(2))
    register(session)
    assert [row.id for row in applications.list_owned(session, account_id=ann)] == [second, first]
    assert applications.list_owned(session, account_id=bob) == []
    with pytest.raises(NotFound):
        applications.delete_application(session, account_id=bob, application_id=first)
    token = tokens.issue_token(session, application_id=first, account_id=bob, scopes=["read"]).token
    applications.delete_application(session, account_id=ann, application_id=first)
    assert tokens.authenticate(session, token=token) is None
    with pytest.raises(NotFound):
        applications.get_application(session, application_id=first)


def test_nobody_makes_applications_without_end(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applications, "OWNED", 2)
    ann = make_account(session)
    for _ in range(2):
        register(session, owner_id=ann)
    with pytest.raises(ValidationError):
        register(session, owner_id=ann)
    register(session, owner_id=make_account(session))


def test_a_personal_token_takes_the_place_of_the_one_before(session: Session) -> None:
    ann = make_account(session, "ann")
    session_id = log_in(session, "ann")
    own, other = register(session, owner_id=ann, scopes="read write").row.id, register(session).row.id

    def make(application_id: int = own) -> str:
        return applications.make_personal_token(
            session, account_id=ann, session_id=session_id, application_id=application_id
        ).token

    assert applications.list_owned(session, account_id=ann)[0].has_token is False
    first = make()
    assert applications.list_owned(session, account_id=ann)[0].has_token is True
    bearer = tokens.authenticate(session, token=first)
    assert bearer is not None
    assert (bearer.account_id, bearer.username, bearer.scopes) == (ann, "ann", frozenset(["read", "write"]))
    second = make()
    assert tokens.authenticate(session, token=first) is None
    assert tokens.authenticate(session, token=second) is not None
    with pytest.raises(NotFound):
        make(other)
    sessions.log_out(session, account_id=ann, session_id=session_id)
    with pytest.raises(NotFound):
        make()


def test_what_people_allowed_is_listed_with_its_last_use_and_taken_back(session: Session) -> None:
    ann, bob = make_account(session), make_account(session)
    seldom, often = register(session, name="Seldom").row.id, register(session, name="Often").row.id
    made = [
        tokens.issue_token(session, application_id=application_id, account_id=account_id, scopes=scopes).token
        for application_id, account_id, scopes in (
            (seldom, ann, ["read"]),
            (often, ann, ["read"]),
            (often, ann, ["read", "write"]),
            (often, bob, ["follow"]),
            (often, None, ["read"]),
        )
    ]
    yesterday = datetime.now(UTC) - timedelta(days=1)
    session.execute(
        update(AccessToken).where(AccessToken.application_id == seldom).values(last_used_at=yesterday)
    )
    listed = applications.list_authorized(session, account_id=ann)
    assert [(row.name, sorted(row.scopes)) for row in listed] == [
        ("Often", ["read", "write"]),
        ("Seldom", ["read"]),
    ]
    assert listed[1].last_used_at == yesterday
    applications.revoke_authorized(session, account_id=ann, application_id=often)
    alive = [tokens.authenticate(session, token=token) is not None for token in made]
    assert alive == [True, False, False, True, True]
    with pytest.raises(NotFound):
        applications.revoke_authorized(session, account_id=ann, application_id=often)
    assert session.scalar(select(func.count()).select_from(AccessToken)) == 3
