"""Access tokens and the codes that become them."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from microblog.data.models import AccessToken, AuthorizationCode, OneTimeToken, User
from microblog.data.session import Database
from microblog.domain import mail_purposes
from microblog.services import accounts, credentials, oauth, sessions, tokens
from microblog.services.applications import register_application
from microblog.services.links import LinkSigner
from tests.factories import HASHER, PASSWORD, make_account

NEW_PASSWORD = "seven green lanterns above water"


def make_application(session: Session) -> int:
    row = register_application(session, name="A client", redirect_uris="app://", is_secure=True).row
    return int(row.id)


def log_in(session: Session, username: str) -> int:
    return sessions.log_in(
        session, HASHER, identifier=username, password=PASSWORD, user_agent="", lifetime_days=1
    ).session_id


def issue_code(session: Session, application_id: int, account_id: int, session_id: int) -> str | None:
    return oauth.issue_code(
        session,
        application_id=application_id,
        account_id=account_id,
        session_id=session_id,
        redirect_uri="app://",
        scopes=["read"],
        code_challenge=None,
    )


def make_token(session: Session, account_id: int | None) -> str:
    return tokens.issue_token(
        session, application_id=make_application(session), account_id=account_id, scopes=["read", "push"]
    ).token


def test_a_token_stands_for_its_person(session: Session) -> None:
    ann = make_account(session, "ann")
    session.execute(update(User).values(default_visibility="private", default_language="de"))
    token = make_token(session, ann)
    bearer = tokens.authenticate(session, token=token)
    assert bearer is not None
    assert (bearer.account_id, bearer.username, bearer.role) == (ann, "ann", "user")
    assert bearer.scopes == frozenset(["read", "push"])
    assert (bearer.is_confirmed, bearer.locked) == (True, False)
    assert (bearer.default_visibility, bearer.default_language) == ("private", "de")
    assert token.encode() not in session.scalars(select(AccessToken.token_hash)).all()


def test_a_client_for_itself_is_nobody(session: Session) -> None:
    bearer = tokens.authenticate(session, token=make_token(session, None))
    assert bearer is not None
    assert (bearer.account_id, bearer.username, bearer.is_confirmed) == (None, "", False)


def test_an_unconfirmed_persons_token_says_so(session: Session) -> None:
    bearer = tokens.authenticate(
        session, token=make_token(session, make_account(session, is_confirmed=False))
    )
    assert bearer is not None
    assert bearer.is_confirmed is False


@pytest.mark.parametrize("token", ["", "unknown", "\0", "größe", "\ud800", "x" * 100_000])
def test_unknown_tokens_stand_for_nobody(session: Session, token: str) -> None:
    assert tokens.authenticate(session, token=token) is None


def test_a_suspension_silences_tokens_while_it_lasts(session: Session) -> None:
    token = make_token(session, make_account(session, "ann"))
    accounts.suspend_account(session, username="ann")
    assert tokens.authenticate(session, token=token) is None
    accounts.unsuspend_account(session, username="ann")
    assert tokens.authenticate(session, token=token) is not None


def test_last_use_is_noted_now_and_then(session: Session) -> None:
    token = make_token(session, make_account(session))
    used_at = select(AccessToken.last_used_at)
    before = session.scalars(used_at).one()
    tokens.authenticate(session, token=token)
    assert session.scalars(used_at).one() == before
    long_ago = datetime.now(UTC) - timedelta(hours=2)
    session.execute(update(AccessToken).values(last_used_at=long_ago))
    tokens.authenticate(session, token=token)
    assert session.scalars(used_at).one() > long_ago


def test_the_tokens_of_one_client_are_bounded(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "TOKENS_KEPT", 2)
    ann, bob, application_id = make_account(session), make_account(session), make_application(session)

    def make(account_id: int | None) -> tokens.NewToken:
        return tokens.issue_token(
            session, application_id=application_id, account_id=account_id, scopes=["read"]
        )

    others = [make(bob), make(None)]
    first, second = make(ann), make(ann)
    session.execute(
        update(AccessToken)
        .where(AccessToken.id == second.token_id)
        .values(last_used_at=datetime.now(UTC) - timedelta(days=1))
    )
    kept = [*others, first, make(ann)]
    assert all(tokens.authenticate(session, token=one.token) for one in kept)
    assert tokens.authenticate(session, token=second.token) is None


def test_a_new_password_by_link_takes_all_back(session: Session, links: LinkSigner) -> None:
    ann, bob = make_account(session, "ann"), make_account(session, "bob")
    theirs, others = make_token(session, ann), make_token(session, bob)
    code = issue_code(session, make_application(session), ann, log_in(session, "ann"))
    credentials.request_password_reset(session, email="ann@example.org")
    token_id = session.scalars(select(OneTimeToken.id)).one()
    link = links.sign_token(token_id, mail_purposes.RESET)
    credentials.reset_password(session, HASHER, links, token=link, password=NEW_PASSWORD)
    assert tokens.authenticate(session, token=theirs) is None
    assert tokens.authenticate(session, token=others) is not None
    assert code
    assert session.scalars(select(AuthorizationCode.id)).all() == []


def test_an_operators_new_password_takes_all_back(session: Session) -> None:
    token = make_token(session, make_account(session, "ann"))
    credentials.set_password(session, HASHER, username="ann", password=NEW_PASSWORD)
    assert tokens.authenticate(session, token=token) is None


def test_a_changed_password_leaves_applications_alone(session: Session) -> None:
    ann = make_account(session, "ann")
    token, session_id = make_token(session, ann), log_in(session, "ann")
    credentials.change_password(
        session,
        HASHER,
        account_id=ann,
        current_password=PASSWORD,
        new_password=NEW_PASSWORD,
        keep_session_id=session_id,
    )
    assert tokens.authenticate(session, token=token) is not None


def test_whose_log_in_ended_consents_to_nothing(session: Session) -> None:
    ann, bob = make_account(session, "ann"), make_account(session, "bob")
    application_id, session_id = make_application(session), log_in(session, "ann")
    assert issue_code(session, application_id, bob, session_id) is None
    assert issue_code(session, application_id, ann, session_id) is not None
    sessions.log_out(session, account_id=ann, session_id=session_id)
    assert issue_code(session, application_id, ann, session_id) is None


def impatient(session: Session) -> Session:
    session.execute(text("SET LOCAL lock_timeout = '50ms'"))
    return session


@pytest.fixture
def consent(database: Database) -> tuple[int, int, int]:
    """The ids of a client, of @ann, and of her log-in."""
    with database.unit_of_work() as session:
        ann = make_account(session, "ann")
        return make_application(session), ann, log_in(session, "ann")


def test_a_code_sent_twice_at_once_gives_no_token_that_lasts(
    database: Database, consent: tuple[int, int, int]
) -> None:
    application_id = consent[0]
    with database.unit_of_work() as session:
        code = issue_code(session, *consent) or ""
    with database.unit_of_work() as first:
        found = oauth.find_code(first, application_id=application_id, code=code)
        assert found is not None
        # The other one has to wait for this one's end.
        with pytest.raises(OperationalError), database.unit_of_work() as second:
            oauth.find_code(impatient(second), application_id=application_id, code=code)
        token = oauth.redeem_code(first, found).token
    with database.unit_of_work() as second:
        assert tokens.authenticate(second, token=token) is not None
        assert oauth.find_code(second, application_id=application_id, code=code) is None
    with database.unit_of_work() as session:
        assert tokens.authenticate(session, token=token) is None


def test_a_new_password_waits_for_a_consent_on_its_way_and_ends_it(
    database: Database, consent: tuple[int, int, int]
) -> None:
    with database.unit_of_work() as first:
        assert issue_code(first, *consent)
        with pytest.raises(OperationalError), database.unit_of_work() as second:
            credentials.set_password(impatient(second), HASHER, username="ann", password=NEW_PASSWORD)
    with database.unit_of_work() as second:
        credentials.set_password(second, HASHER, username="ann", password=NEW_PASSWORD)
        assert second.scalars(select(AuthorizationCode.id)).all() == []


def test_a_new_password_waits_for_a_code_that_becomes_a_token_and_revokes_it(
    database: Database, consent: tuple[int, int, int]
) -> None:
    with database.unit_of_work() as session:
        code = issue_code(session, *consent) or ""
    with database.unit_of_work() as first:
        found = oauth.find_code(first, application_id=consent[0], code=code)
        assert found is not None
        with pytest.raises(OperationalError), database.unit_of_work() as second:
            tokens.revoke_access(impatient(second), account_id=consent[1])
        token = oauth.redeem_code(first, found).token
    with database.unit_of_work() as second:
        tokens.revoke_access(second, account_id=consent[1])
        assert tokens.authenticate(second, token=token) is None
