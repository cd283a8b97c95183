from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session

from microblog.data.models import Job, OneTimeToken, User
from microblog.domain.errors import Conflict, InvalidToken, NotFound, ValidationError
from microblog.services import accounts, credentials, sessions
from microblog.services.links import LinkSigner
from tests.factories import HASHER, PASSWORD, make_account

NEW_PASSWORD = "quite another long sentence"


def newest_token(session: Session, links: LinkSigner, purpose: str) -> str:
    token = session.scalars(
        select(OneTimeToken).where(OneTimeToken.purpose == purpose).order_by(OneTimeToken.id.desc()).limit(1)
    ).one()
    return links.sign_token(token.id, purpose)


def sign_up(session: Session, username: str = "ada") -> int:
    return accounts.sign_up(
        session, HASHER, username=username, email=f"{username}@example.org", password=PASSWORD
    )


def log_in(session: Session, password: str) -> sessions.NewSession:
    return sessions.log_in(
        session, HASHER, identifier="ada", password=password, user_agent="", lifetime_days=1
    )


def test_confirming_works_once(session: Session, links: LinkSigner) -> None:
    sign_up(session)
    token = newest_token(session, links, "confirm_email")
    assert credentials.is_confirmation_valid(session, links, token=token)
    assert credentials.confirm_email(session, links, token=token) == "ada"
    assert accounts.get_account(session, username="ada").username == "ada"
    assert not credentials.is_confirmation_valid(session, links, token=token)
    with pytest.raises(InvalidToken):
        credentials.confirm_email(session, links, token=token)


@pytest.mark.parametrize("token", ["", "made-up", "1.x.y", "\x00"])
def test_forged_links_are_refused(session: Session, links: LinkSigner, token: str) -> None:
    assert not credentials.is_confirmation_valid(session, links, token=token)
    with pytest.raises(InvalidToken):
        credentials.confirm_email(session, links, token=token)
    with pytest.raises(InvalidToken):
        credentials.reset_password(session, HASHER, links, token=token, password=NEW_PASSWORD)
    with pytest.raises(InvalidToken):
        credentials.unsubscribe(session, links, token=token)


def test_an_expired_link_is_refused(session: Session, links: LinkSigner) -> None:
    sign_up(session)
    token = newest_token(session, links, "confirm_email")
    session.execute(update(OneTimeToken).values(expires_at=func.now() - timedelta(seconds=1)))
    with pytest.raises(InvalidToken):
        credentials.confirm_email(session, links, token=token)


def test_a_confirmation_link_resets_no_password(session: Session, links: LinkSigner) -> None:
    sign_up(session)
    token = newest_token(session, links, "confirm_email")
    with pytest.raises(InvalidToken):
        credentials.reset_password(session, HASHER, links, token=token, password=NEW_PASSWORD)


def test_only_the_first_of_two_confirms_a_shared_address(session: Session, links: LinkSigner) -> None:
    sign_up(session)
    accounts.sign_up(session, HASHER, username="eve", email="ADA@example.org", password=PASSWORD)
    eve = newest_token(session, links, "confirm_email")
    ada = session.scalars(select(OneTimeToken).order_by(OneTimeToken.id).limit(1)).one()
    credentials.confirm_email(session, links, token=links.sign_token(ada.id, "confirm_email"))
    with pytest.raises(Conflict):
        credentials.confirm_email(session, links, token=eve)


def test_resending_replaces_the_link(session: Session, links: LinkSigner) -> None:
    account_id = sign_up(session)
    first = newest_token(session, links, "confirm_email")
    credentials.resend_confirmation(session, account_id=account_id)
    second = newest_token(session, links, "confirm_email")
    assert not credentials.is_confirmation_valid(session, links, token=first)
    credentials.confirm_email(session, links, token=second)
    jobs = len(session.scalars(select(Job)).all())
    credentials.resend_confirmation(session, account_id=account_id)
    assert len(session.scalars(select(Job)).all()) == jobs
    with pytest.raises(NotFound):
        credentials.resend_confirmation(session, account_id=1)


def test_a_reset_link_sets_the_password_and_ends_all_sessions(session: Session, links: LinkSigner) -> None:
    account_id = make_account(session, "ada")
    old = log_in(session, PASSWORD)
    credentials.request_password_reset(session, email="ADA@example.org")
    token = newest_token(session, links, "reset_password")
    assert credentials.is_token_valid(session, links, token=token, purpose="reset_password")
    with pytest.raises(ValidationError):
        credentials.reset_password(session, HASHER, links, token=token, password="short")
    assert (
        credentials.reset_password(session, HASHER, links, token=token, password=NEW_PASSWORD) == account_id
    )
    assert sessions.authenticate(session, token=old.token) is None
    assert log_in(session, NEW_PASSWORD).account_id == account_id
    with pytest.raises(InvalidToken):
        credentials.reset_password(session, HASHER, links, token=token, password=PASSWORD)


def test_asking_for_a_reset_looks_the_same_for_an_unknown_address(session: Session) -> None:
    make_account(session, "ada", is_confirmed=False)
    for email in ("nobody@example.org", "ada@example.org"):
        credentials.request_password_reset(session, email=email)
    jobs = session.scalars(select(Job).where(Job.name == "mail.reset_password")).all()
    assert [job.arguments for job in jobs] == [{"token_id": 0}, {"token_id": 0}]


def count_statements(session: Session, work: Callable[[], object]) -> int:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(session.connection(), "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(session.connection(), "before_cursor_execute", note)
    return len(seen)


def test_asking_for_a_reset_costs_the_same_for_an_unknown_address(session: Session) -> None:
    make_account(session, "ada")
    ask = credentials.request_password_reset
    ask(session, email="ada@example.org")
    counts = {
        email: count_statements(session, lambda email=email: ask(session, email=email))  # type: ignore[misc]
        for email in ("ada@example.org", "nobody@example.org")
    }
    assert counts == {"ada@example.org": 2, "nobody@example.org": 2}
    assert len(session.scalars(select(OneTimeToken.id)).all()) == 1, "the earlier link is dead"


def test_changing_the_password_keeps_this_session_only(session: Session) -> None:
    account_id = make_account(session, "ada")
    here, there = log_in(session, PASSWORD), log_in(session, PASSWORD)
    change: dict[str, Any] = {"account_id": account_id, "keep_session_id": here.session_id}
    with pytest.raises(ValidationError) as caught:
        credentials.change_password(
            session, HASHER, current_password="wrong", new_password=NEW_PASSWORD, **change
        )
    assert set(caught.value.errors) == {"current_password"}
    with pytest.raises(ValidationError) as caught:
        credentials.change_password(session, HASHER, current_password=PASSWORD, new_password="x", **change)
    assert set(caught.value.errors) == {"new_password"}
    credentials.change_password(
        session, HASHER, current_password=PASSWORD, new_password=NEW_PASSWORD, **change
    )
    assert sessions.authenticate(session, token=here.token) is not None
    assert sessions.authenticate(session, token=there.token) is None


def test_a_new_address_counts_when_confirmed(session: Session, links: LinkSigner) -> None:
    account_id = make_account(session, "ada")
    change: dict[str, Any] = {"account_id": account_id, "current_password": PASSWORD}
    with pytest.raises(ValidationError) as caught:
        credentials.request_email_change(session, HASHER, email="nonsense", **change)
    assert set(caught.value.errors) == {"email"}
    credentials.request_email_change(session, HASHER, email="new@example.org", **change)
    assert credentials.get_pending_email(session, account_id=account_id) == "new@example.org"
    assert accounts.get_preferences(session, account_id=account_id).email == "ada@example.org"
    credentials.confirm_email(session, links, token=newest_token(session, links, "change_email"))
    assert accounts.get_preferences(session, account_id=account_id).email == "new@example.org"
    assert credentials.get_pending_email(session, account_id=account_id) is None


def test_an_operator_sets_a_password(session: Session) -> None:
    make_account(session, "ada")
    credentials.set_password(session, HASHER, username="Ada", password=NEW_PASSWORD)
    assert log_in(session, NEW_PASSWORD).token
    with pytest.raises(NotFound):
        credentials.set_password(session, HASHER, username="nobody", password=NEW_PASSWORD)


def test_unsubscribing_needs_no_log_in(session: Session, links: LinkSigner) -> None:
    account_id = make_account(session, "ada")
    for kind, preference in (("mentions", "mail_mentions"), ("follows", "mail_follows")):
        token = links.sign_unsubscribe(account_id, kind)
        credentials.unsubscribe(session, links, token=token)
        credentials.unsubscribe(session, links, token=token)
        assert getattr(accounts.get_preferences(session, account_id=account_id), preference) is False


def test_the_hash_is_salted(session: Session) -> None:
    make_account(session, "ada")
    make_account(session, "bob")
    first, second = session.scalars(select(User.password_hash)).all()
    assert first != second
    assert first.startswith("$argon2id$")


def test_recovering_the_account_ends_a_change_of_address_begun_by_somebody_else(
    session: Session, links: LinkSigner
) -> None:
    account_id = make_account(session, "ada")
    credentials.request_email_change(
        session, HASHER, account_id=account_id, current_password=PASSWORD, email="evil@example.org"
    )
    theirs = newest_token(session, links, "change_email")
    credentials.request_password_reset(session, email="ada@example.org")
    token = newest_token(session, links, "reset_password")
    credentials.reset_password(session, HASHER, links, token=token, password=NEW_PASSWORD)
    with pytest.raises(InvalidToken):
        credentials.confirm_email(session, links, token=theirs)


def test_a_reset_link_to_the_former_address_dies_with_the_change(session: Session, links: LinkSigner) -> None:
    account_id = make_account(session, "ada")
    credentials.request_password_reset(session, email="ada@example.org")
    token = newest_token(session, links, "reset_password")
    credentials.request_email_change(
        session, HASHER, account_id=account_id, current_password=PASSWORD, email="new@example.org"
    )
    credentials.confirm_email(session, links, token=newest_token(session, links, "change_email"))
    with pytest.raises(InvalidToken):
        credentials.reset_password(session, HASHER, links, token=token, password=NEW_PASSWORD)
