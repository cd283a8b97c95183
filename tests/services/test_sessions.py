from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from microblog.data.models import LogInSession, User
from microblog.domain.errors import InvalidCredentials, NotFound
from microblog.services import accounts, blocks, mutes, sessions
from microblog.services.hashers import Argon2Hasher
from tests.factories import HASHER, PASSWORD, make_account, make_follow


def log_in(session: Session, identifier: str = "ada", password: str = PASSWORD) -> sessions.NewSession:
    return sessions.log_in(
        session,
        HASHER,
        identifier=sessions.normalise_identifier(identifier),
        password=password,
        user_agent="Browser\x00 1",
        lifetime_days=30,
    )


@pytest.mark.parametrize("identifier", ["ada", "ADA", "@ada", "ada@example.org", "Ada@Example.org", " ada "])
def test_log_in_by_name_and_by_confirmed_address(session: Session, identifier: str) -> None:
    account_id = make_account(session, "ada")
    new = log_in(session, identifier)
    viewer = sessions.authenticate(session, token=new.token)
    assert viewer is not None
    assert (viewer.account_id, viewer.username, viewer.is_confirmed) == (account_id, "ada", True)
    assert viewer.session_id == new.session_id


@pytest.mark.parametrize(
    "typed",
    ["vic", "@vic", "@@vic", "@ vic", "@ @vic", " VIC ", "@\u200b@vic", "\u00a0@\tvic", "v\u2060ic"],
)
def test_a_name_has_one_form(typed: str) -> None:
    assert sessions.normalise_identifier(typed) == "vic"
    assert sessions.normalise_identifier(f"{typed.rstrip()}@Example.org") == "vic@example.org"


@pytest.mark.parametrize("identifier", ["@ada", " ada", "@ada@example.org", "@ ada"])
def test_no_other_form_logs_in(session: Session, identifier: str) -> None:
    make_account(session, "ada")
    with pytest.raises(InvalidCredentials):
        sessions.log_in(
            session, HASHER, identifier=identifier, password=PASSWORD, user_agent="", lifetime_days=1
        )


def test_an_unconfirmed_person_logs_in_by_name_only(session: Session) -> None:
    make_account(session, "ada", is_confirmed=False)
    viewer = sessions.authenticate(session, token=log_in(session).token)
    assert viewer is not None
    assert not viewer.is_confirmed
    with pytest.raises(InvalidCredentials):
        log_in(session, "ada@example.org")


@pytest.mark.parametrize(
    ("identifier", "password"),
    [("ada", "wrong"), ("nobody", PASSWORD), ("no@example.org", PASSWORD), ("", "")],
)
def test_what_is_wrong_is_not_said(session: Session, identifier: str, password: str) -> None:
    make_account(session, "ada")
    with pytest.raises(InvalidCredentials) as caught:
        log_in(session, identifier, password)
    assert str(caught.value) == str(InvalidCredentials())


@pytest.mark.parametrize(
    ("password_hash", "costs_extra"),
    [("!", True), ("", True), (HASHER.hash("another one"), False)],
    # A hash has a salt of its own in each process, an id must not.
    ids=["unusable", "empty", "another"],
)
def test_an_account_that_nobody_can_log_in_to_answers_no_sooner(
    session: Session, monkeypatch: pytest.MonkeyPatch, password_hash: str, costs_extra: bool
) -> None:
    make_account(session, "ada")
    session.execute(update(User).values(password_hash=password_hash))
    spent: list[str] = []
    monkeypatch.setattr(HASHER, "verify_nobody", spent.append)
    with pytest.raises(InvalidCredentials):
        log_in(session)
    assert spent == ([PASSWORD] if costs_extra else [])


def test_suspended_people_stay_out(session: Session) -> None:
    make_account(session, "ada")
    accounts.suspend_account(session, username="ada")
    with pytest.raises(InvalidCredentials):
        log_in(session)


def test_the_password_is_hashed_again_when_parameters_change(session: Session) -> None:
    account_id = make_account(session, "ada")
    costlier = Argon2Hasher(time_cost=2, memory_kib=64, parallelism=1)
    sessions.log_in(session, costlier, identifier="ada", password=PASSWORD, user_agent="", lifetime_days=1)
    password_hash = session.scalars(select(User.password_hash).where(User.account_id == account_id)).one()
    assert "t=2" in password_hash
    assert costlier.verify(password_hash, PASSWORD)


def test_the_token_is_nowhere_in_the_database(session: Session) -> None:
    make_account(session, "ada")
    new = log_in(session)
    row = session.scalars(select(LogInSession)).one()
    assert new.token.encode() not in row.token_hash
    assert row.user_agent == "Browser 1"


def test_expired_and_unknown_tokens_are_nobody(session: Session) -> None:
    make_account(session, "ada")
    new = log_in(session)
    session.execute(update(LogInSession).values(expires_at=func.now() - timedelta(seconds=1)))
    assert sessions.authenticate(session, token=new.token) is None
    assert sessions.authenticate(session, token="made up") is None
    assert sessions.authenticate(session, token="") is None


def test_last_use_is_written_now_and_then(session: Session) -> None:
    make_account(session, "ada")
    new = log_in(session)
    old = func.now() - timedelta(days=2)
    session.execute(update(LogInSession).values(last_used_at=old))
    sessions.authenticate(session, token=new.token)
    is_fresh = LogInSession.last_used_at > func.now() - timedelta(minutes=1)
    assert session.scalars(select(is_fresh)).one()


def test_unread_are_those_that_the_page_shows(session: Session) -> None:
    make_account(session, "ada")
    new = log_in(session)
    for name in ("bob", "eve"):
        make_follow(session, make_account(session, name), "ada")
    accounts.suspend_account(session, username="eve")
    viewer = sessions.authenticate(session, token=new.token)
    assert viewer is not None
    assert viewer.unread_notifications == 1


def test_what_others_have_among_themselves_hides_nothing_unread(session: Session) -> None:
    ada = make_account(session, "ada")
    new = log_in(session)
    people = [make_account(session, name) for name in ("bob", "eve", "joe", "sue")]
    for account_id in people[:3]:
        make_follow(session, account_id, "ada")
    bob, eve, joe, sue = people
    blocks.block(session, account_id=bob, target_id=sue)
    blocks.block(session, account_id=sue, target_id=eve)
    mutes.mute(session, account_id=sue, target_id=joe)

    def unread() -> int:
        viewer = sessions.authenticate(session, token=new.token)
        return viewer.unread_notifications if viewer else 0

    assert unread() == 3
    mutes.mute(session, account_id=ada, target_id=joe)
    assert unread() == 2


def test_sessions_are_listed_and_revoked(session: Session) -> None:
    ada, bob = make_account(session, "ada"), make_account(session, "bob")
    first, second, third = log_in(session), log_in(session), log_in(session)
    theirs = log_in(session, "bob")
    assert {row.id for row in sessions.list_sessions(session, account_id=ada)} == {
        new.session_id for new in (first, second, third)
    }
    sessions.revoke_session(session, account_id=ada, session_id=first.session_id)
    assert sessions.authenticate(session, token=first.token) is None
    with pytest.raises(NotFound):
        sessions.revoke_session(session, account_id=ada, session_id=theirs.session_id)
    sessions.revoke_other_sessions(session, account_id=ada, keep_session_id=third.session_id)
    assert sessions.authenticate(session, token=second.token) is None
    assert sessions.authenticate(session, token=third.token) is not None
    sessions.log_out(session, account_id=ada, session_id=third.session_id)
    sessions.log_out(session, account_id=ada, session_id=third.session_id)
    assert sessions.list_sessions(session, account_id=ada) == []
    assert len(sessions.list_sessions(session, account_id=bob)) == 1
