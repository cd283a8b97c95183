"""Log-in sessions and one-time tokens."""

from datetime import timedelta

from sqlalchemy import (
    BigInteger,
    LargeBinary,
    bindparam,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
    update,
)
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.models import Account, LogInSession, Marker, Notification, OneTimeToken, User
from microblog.data.queries.viewers import VIEWER_COLUMNS
from microblog.data.queries.visibility import is_silenced
from microblog.domain.limits import UNREAD_NOTIFICATIONS

_sessions, _accounts, _users = LogInSession.__table__, Account.__table__, User.__table__
_markers, _told = Marker.__table__, Notification.__table__
_causes = Account.__table__.alias("cause")
# Those that the page of notifications shows: what suspended or silenced people did is out.
_unread = (
    select(_told.c.id)
    .join(_causes, _causes.c.id == _told.c.from_account_id)
    # By the notification's own column: a table two levels up would be taken for any account.
    .where(_causes.c.suspended_at.is_(None), ~is_silenced(_told.c.account_id, _causes.c.id))
    .where(
        _told.c.account_id == _accounts.c.id,
        _told.c.id > func.coalesce(_markers.c.last_read_id, literal_column("0")),
    )
    .correlate(_accounts, _markers)
    .limit(literal_column(str(UNREAD_NOTIFICATIONS)))
    .subquery("unread")
)
# All that a signed-in page needs to know of its viewer, in one statement.
_VIEWER = (
    select(
        _sessions.c.id.label("session_id"),
        _sessions.c.last_used_at,
        _accounts.c.id.label("account_id"),
        *VIEWER_COLUMNS,
        select(func.count()).select_from(_unread).scalar_subquery().label("unread_notifications"),
    )
    .join(_accounts, _accounts.c.id == _sessions.c.account_id)
    .join(_users, _users.c.account_id == _accounts.c.id)
    .outerjoin(
        _markers,
        (_markers.c.account_id == _accounts.c.id)
        & (_markers.c.timeline == literal_column("'notifications'")),
    )
    .where(
        _sessions.c.token_hash == bindparam("token_hash", type_=LargeBinary),
        _sessions.c.expires_at > func.now(),
        _accounts.c.suspended_at.is_(None),
    )
    .execution_options(prepared="viewer")
)
_TOUCH = (
    update(LogInSession)
    .where(LogInSession.id == bindparam("session_id", type_=BigInteger))
    .values(last_used_at=func.now())
)


def get_viewer(session: Session, token_hash: bytes) -> AnyRow | None:
    """The person behind a session token, or None where it is unknown, expired or its account suspended."""
    return session.execute(_VIEWER, {"token_hash": token_hash}).one_or_none()


def touch_session(session: Session, session_id: int) -> None:
    """Note that a session is in use."""
    session.execute(_TOUCH, {"session_id": session_id})


def insert_session(
    session: Session, *, account_id: int, token_hash: bytes, user_agent: str, lifetime: timedelta
) -> int:
    """Write a session; its id."""
    statement = insert(LogInSession).values(
        account_id=account_id, token_hash=token_hash, user_agent=user_agent, expires_at=func.now() + lifetime
    )
    return session.scalars(statement.returning(LogInSession.id)).one()


def list_sessions(session: Session, account_id: int, limit: int) -> list[AnyRow]:
    """The account's live sessions, the last used first."""
    statement = (
        select(LogInSession.id, LogInSession.user_agent, LogInSession.created_at, LogInSession.last_used_at)
        .where(LogInSession.account_id == account_id, LogInSession.expires_at > func.now())
        .order_by(LogInSession.last_used_at.desc(), LogInSession.id.desc())
        .limit(limit)
    )
    return list(session.execute(statement))


def delete_session(session: Session, session_id: int, account_id: int) -> bool:
    """Revoke one session of this account; whether there was one."""
    statement = delete(LogInSession).where(
        LogInSession.id == session_id, LogInSession.account_id == account_id
    )
    return session.execute(statement.returning(LogInSession.id)).one_or_none() is not None


def delete_sessions(session: Session, account_id: int, *, but_session_id: int = 0) -> None:
    """Revoke all sessions of this account, but one where it is given."""
    session.execute(
        delete(LogInSession).where(LogInSession.account_id == account_id, LogInSession.id != but_session_id)
    )


def insert_token(session: Session, *, account_id: int, purpose: str, email: str, lifetime: timedelta) -> int:
    """Write a one-time token, in the place of the account's earlier ones for that purpose; its id."""
    delete_tokens(session, account_id, purpose)
    statement = insert(OneTimeToken).values(
        account_id=account_id, purpose=purpose, email=email, expires_at=func.now() + lifetime
    )
    return session.scalars(statement.returning(OneTimeToken.id)).one()


def insert_notice(
    session: Session, *, account_id: int, purpose: str, email: str, other_email: str, lifetime: timedelta
) -> int:
    """Write what a mail to `email` about `other_email` needs, beside the account's earlier ones; its id."""
    statement = insert(OneTimeToken).values(
        account_id=account_id,
        purpose=purpose,
        email=email,
        other_email=other_email,
        expires_at=func.now() + lifetime,
    )
    return session.scalars(statement.returning(OneTimeToken.id)).one()


def insert_reset_token(session: Session, *, email: str, lifetime: timedelta) -> int | None:
    """Write a reset token, in the place of earlier ones, where the address is an account's confirmed one.

    Its id, or None. One statement in either case.
    """
    person = (
        select(User.account_id, User.email)
        .join(Account, Account.id == User.account_id)
        .where(
            func.lower(User.email) == email.lower(),
            User.confirmed_at.is_not(None),
            Account.suspended_at.is_(None),
        )
        .cte("person")
    )
    earlier = delete(OneTimeToken).where(
        OneTimeToken.account_id.in_(select(person.c.account_id)), OneTimeToken.purpose == "reset_password"
    )
    values = select(person.c.account_id, literal("reset_password"), person.c.email, func.now() + lifetime)
    statement = insert(OneTimeToken).from_select(["account_id", "purpose", "email", "expires_at"], values)
    return session.scalars(statement.add_cte(earlier.cte("earlier")).returning(OneTimeToken.id)).one_or_none()


def get_token(session: Session, token_id: int, purpose: str, *, for_update: bool = False) -> AnyRow | None:
    """A token that is still good."""
    statement = select(OneTimeToken.id, OneTimeToken.account_id, OneTimeToken.email).where(
        OneTimeToken.id == token_id, OneTimeToken.purpose == purpose, OneTimeToken.expires_at > func.now()
    )
    return session.execute(statement.with_for_update() if for_update else statement).one_or_none()


def get_pending_email(session: Session, account_id: int) -> str | None:
    """The new address that waits for its confirmation."""
    statement = select(OneTimeToken.email).where(
        OneTimeToken.account_id == account_id,
        OneTimeToken.purpose == "change_email",
        OneTimeToken.expires_at > func.now(),
    )
    return session.scalars(statement.limit(1)).one_or_none()


def delete_tokens(session: Session, account_id: int, *purposes: str) -> None:
    """Make the account's tokens for these purposes useless."""
    session.execute(
        delete(OneTimeToken).where(OneTimeToken.account_id == account_id, OneTimeToken.purpose.in_(purposes))
    )
