"""Deleting what has expired, a bounded number of rows at a time."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, delete, func, select, tuple_, update
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.models import (
    AccessToken,
    Application,
    AuthorizationCode,
    IdempotencyKey,
    Job,
    LogInSession,
    MediaFile,
    Mute,
    OneTimeToken,
    RateLimitWindow,
    User,
)


def delete_sessions(session: Session, *, limit: int) -> int:
    """Delete expired log-ins; how many."""
    return _delete(session, LogInSession, LogInSession.expires_at < func.now(), limit)


def delete_tokens(session: Session, *, limit: int) -> int:
    """Delete expired links; how many."""
    return _delete(session, OneTimeToken, OneTimeToken.expires_at < func.now(), limit)


def delete_rate_limits(session: Session, *, limit: int) -> int:
    """Delete windows that have passed; how many."""
    return _delete(session, RateLimitWindow, RateLimitWindow.expires_at < func.now(), limit)


def delete_mutes(session: Session, *, limit: int) -> int:
    """Delete mutes whose time is up; how many."""
    return _delete(session, Mute, Mute.expires_at < func.now(), limit)


def delete_codes(session: Session, *, limit: int) -> int:
    """Delete expired codes; how many. Those whose token lives stay: a second use would revoke it."""
    token = select(AccessToken.id).where(AccessToken.code_id == AuthorizationCode.id)
    is_over = AuthorizationCode.expires_at < func.now()
    return _delete(session, AuthorizationCode, is_over & ~token.exists(), limit)


def delete_abandoned_applications(session: Session, *, age: timedelta, limit: int) -> int:
    """Delete clients that registered themselves so long ago and hold neither code nor token; how many."""
    token = select(AccessToken.id).where(AccessToken.application_id == Application.id)
    code = select(AuthorizationCode.id).where(AuthorizationCode.application_id == Application.id)
    is_old = Application.account_id.is_(None) & (Application.created_at < func.now() - age)
    return _delete(session, Application, is_old & ~token.exists() & ~code.exists(), limit)


def delete_idempotency_keys(session: Session, *, age: timedelta, limit: int) -> int:
    """Delete keys sent so long ago; how many."""
    return _delete(session, IdempotencyKey, IdempotencyKey.created_at < func.now() - age, limit)


def delete_done_jobs(session: Session, *, age: timedelta, limit: int) -> int:
    """Delete jobs done so long ago; how many."""
    is_old = Job.finished_at < func.now() - age
    return _delete(session, Job, (Job.state == "done") & is_old, limit)


def find_unconfirmed(session: Session, *, age: timedelta, limit: int) -> Sequence[int]:
    """Ids of accounts made so long ago whose address nobody confirmed, locked."""
    statement = (
        select(User.account_id)
        .where(User.confirmed_at.is_(None), User.created_at < func.now() - age)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(statement).all()


def find_unfinished_media(session: Session, *, age: timedelta, limit: int) -> Sequence[AnyRow]:
    """Pictures that were discarded, or never processed, and are so old, locked: id, key."""
    statement = (
        select(MediaFile.id, MediaFile.key)
        .where(MediaFile.state != "ready", MediaFile.created_at < func.now() - age)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.execute(statement).all()


def discard_media(session: Session, *, media_ids: Sequence[int]) -> None:
    """Note that these pictures' files go."""
    session.execute(update(MediaFile).where(MediaFile.id.in_(media_ids)).values(state="discarded"))


def delete_media(session: Session, *, media_ids: Sequence[int]) -> None:
    """Delete rows of pictures."""
    session.execute(delete(MediaFile).where(MediaFile.id.in_(media_ids)))


def _delete(session: Session, model: Any, condition: ColumnElement[bool], limit: int) -> int:
    key = tuple_(*cast("Table", model.__table__).primary_key.columns)
    # Rows in use are left for the next time: tidying up never waits for anybody.
    chosen = select(*key.clauses).where(condition).limit(limit).with_for_update(skip_locked=True)
    return len(session.execute(delete(model).where(key.in_(chosen)).returning(*key.clauses)).all())
