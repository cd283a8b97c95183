"""Authorization codes and access tokens."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import BigInteger, LargeBinary, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.models import AccessToken, Account, AuthorizationCode, LogInSession, User
from microblog.data.queries.viewers import VIEWER_COLUMNS

_tokens, _accounts, _users = AccessToken.__table__, Account.__table__, User.__table__
# All that a request by a token needs to know of its person, in one statement.
_BEARER = (
    select(
        _tokens.c.id.label("token_id"),
        _tokens.c.application_id,
        _tokens.c.scopes,
        _tokens.c.last_used_at,
        _tokens.c.account_id,
        *VIEWER_COLUMNS,
        _accounts.c.locked,
    )
    .outerjoin(_accounts, _accounts.c.id == _tokens.c.account_id)
    .outerjoin(_users, _users.c.account_id == _accounts.c.id)
    .where(
        _tokens.c.token_hash == bindparam("token_hash", type_=LargeBinary),
        # A client's own token, or that of a person who isn't suspended.
        or_(
            _tokens.c.account_id.is_(None),
            _users.c.account_id.is_not(None) & _accounts.c.suspended_at.is_(None),
        ),
    )
    .execution_options(prepared="bearer")
)
_TOUCH = (
    update(AccessToken)
    .where(AccessToken.id == bindparam("token_id", type_=BigInteger))
    .values(last_used_at=func.now())
)


def get_bearer(session: Session, token_hash: bytes) -> AnyRow | None:
    """Whom a token stands for, or None where it is unknown or its account suspended."""
    return session.execute(_BEARER, {"token_hash": token_hash}).one_or_none()


def touch_token(session: Session, token_id: int) -> None:
    """Note that a token is in use."""
    session.execute(_TOUCH, {"token_id": token_id})


def insert_token(
    session: Session,
    *,
    token_hash: bytes,
    application_id: int,
    account_id: int | None,
    scopes: Sequence[str],
    code_id: int | None = None,
) -> AnyRow:
    """Write a token; `id`, `created_at`."""
    statement = insert(AccessToken).values(
        token_hash=token_hash,
        application_id=application_id,
        account_id=account_id,
        scopes=list(scopes),
        code_id=code_id,
    )
    return session.execute(statement.returning(AccessToken.id, AccessToken.created_at)).one()


def get_token(session: Session, token_hash: bytes) -> AnyRow | None:
    """`id`, `application_id` of a token."""
    statement = select(AccessToken.id, AccessToken.application_id).where(AccessToken.token_hash == token_hash)
    return session.execute(statement).one_or_none()


def delete_token(session: Session, token_id: int) -> None:
    """Revoke one token."""
    session.execute(delete(AccessToken).where(AccessToken.id == token_id))


def delete_tokens_of_code(session: Session, code_id: int) -> int:
    """Revoke what came from one consent; how many."""
    statement = delete(AccessToken).where(AccessToken.code_id == code_id).returning(AccessToken.id)
    return len(session.execute(statement).all())


def delete_access(session: Session, account_id: int, application_id: int | None = None) -> int:
    """Revoke the codes and tokens that a person gave to one application, or to all; how many tokens."""
    codes = delete(AuthorizationCode).where(AuthorizationCode.account_id == account_id)
    tokens = delete(AccessToken).where(AccessToken.account_id == account_id)
    if application_id is not None:
        codes = codes.where(AuthorizationCode.application_id == application_id)
        tokens = tokens.where(AccessToken.application_id == application_id)
    # The codes first: one that is being redeemed is waited for, and its token found then.
    session.execute(codes)
    return len(session.execute(tokens.returning(AccessToken.id)).all())


def delete_personal_tokens(session: Session, application_id: int, account_id: int) -> None:
    """Revoke the tokens that a person made for themselves on the site."""
    session.execute(
        delete(AccessToken).where(
            AccessToken.application_id == application_id,
            AccessToken.account_id == account_id,
            AccessToken.code_id.is_(None),
        )
    )


def delete_surplus(session: Session, application_id: int, account_id: int | None, keep: int) -> None:
    """Revoke all but the last used of what an application holds of a person, or (None) for itself."""
    surplus = (
        select(AccessToken.id)
        .where(
            AccessToken.application_id == application_id,
            # `IS NULL` for None; the operator that takes both uses no index.
            AccessToken.account_id == account_id,
        )
        .order_by(AccessToken.last_used_at.desc(), AccessToken.id.desc())
        .offset(keep)
    )
    session.execute(delete(AccessToken).where(AccessToken.id.in_(surplus)))


def hold_log_in(session: Session, session_id: int, account_id: int) -> bool:
    """Keep a log-in from being ended until the commit; whether it still lasted."""
    statement = (
        select(LogInSession.id)
        .where(LogInSession.id == session_id, LogInSession.account_id == account_id)
        .with_for_update(read=True, key_share=True)
    )
    return session.scalar(statement) is not None


def insert_code(
    session: Session,
    *,
    code_hash: bytes,
    application_id: int,
    account_id: int,
    redirect_uri: str,
    scopes: Sequence[str],
    code_challenge: str | None,
    lifetime: timedelta,
) -> int:
    """Write a code; its id."""
    statement = insert(AuthorizationCode).values(
        code_hash=code_hash,
        application_id=application_id,
        account_id=account_id,
        redirect_uri=redirect_uri,
        scopes=list(scopes),
        code_challenge=code_challenge,
        expires_at=func.now() + lifetime,
    )
    return session.scalars(statement.returning(AuthorizationCode.id)).one()


def lock_code(session: Session, code_hash: bytes, application_id: int) -> AnyRow | None:
    """A code of this application, also one that was used or has expired, held until the commit."""
    statement = (
        select(
            AuthorizationCode.id,
            AuthorizationCode.account_id,
            AuthorizationCode.redirect_uri,
            AuthorizationCode.scopes,
            AuthorizationCode.code_challenge,
            AuthorizationCode.used_at,
            (AuthorizationCode.expires_at <= func.now()).label("has_expired"),
        )
        .where(AuthorizationCode.code_hash == code_hash, AuthorizationCode.application_id == application_id)
        .with_for_update()
    )
    return session.execute(statement).one_or_none()


def use_code(session: Session, code_id: int) -> None:
    """Note that a code was redeemed."""
    session.execute(
        update(AuthorizationCode).where(AuthorizationCode.id == code_id).values(used_at=func.now())
    )
