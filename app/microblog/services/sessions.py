"""Log-in sessions: the cookie holds a random token, the server only its SHA-256."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.queries import accounts as account_queries
from microblog.data.queries import sessions as queries
from microblog.domain.errors import N_, InvalidCredentials, NotFound
from microblog.domain.limits import USER_AGENT_CHARACTERS
from microblog.domain.text import clean_line
from microblog.services.hashers import PasswordHasher

# Writing "last used" more often would make every page view a write.
TOUCH_AFTER = timedelta(minutes=10)
SESSIONS_LISTED = 100


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a page. `unread_notifications` is counted up to `limits.UNREAD_NOTIFICATIONS`."""

    account_id: int
    username: str
    display_name: str
    avatar_key: str | None
    role: str
    is_confirmed: bool
    time_zone: str
    locale: str
    default_visibility: str
    default_sensitive: bool
    default_language: str | None
    feed_version: int
    following_count: int
    unread_notifications: int
    session_id: int


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just made; `token` exists nowhere else."""

    token: str
    session_id: int
    account_id: int


def normalise_identifier(typed: str) -> str:
    """The one form of a name or an address typed to log in, for `log_in` and for counting tries."""
    return clean_line(typed).lstrip("@ ").lower()


def log_in(
    session: Session,
    hasher: PasswordHasher,
    *,
    identifier: str,
    password: str,
    user_agent: str,
    lifetime_days: int,
) -> NewSession:
    """Check a name (or a confirmed address) and password, and make a session. Raises InvalidCredentials.

    `identifier`: as `normalise_identifier` makes it.
    """
    user = _find_user(session, identifier)
    if user is None:
        hasher.verify_nobody(password)
        raise InvalidCredentials
    if not hasher.verify(user.password_hash, password):
        raise InvalidCredentials
    _hold_password(session, hasher, user, password)
    token = secrets.token_urlsafe(32)
    session_id = queries.insert_session(
        session,
        account_id=user.account_id,
        token_hash=_hash(token),
        user_agent=clean_line(user_agent)[:USER_AGENT_CHARACTERS],
        lifetime=timedelta(days=lifetime_days),
    )
    return NewSession(token, session_id, user.account_id)


def _find_user(session: Session, identifier: str) -> AnyRow | None:
    if "@" in identifier:
        return account_queries.get_confirmed_user_by_email(session, identifier)
    return account_queries.get_user_by_name(session, identifier)


def _hold_password(session: Session, hasher: PasswordHasher, user: AnyRow, password: str) -> None:
    """Keep the password that was verified until the commit, in a hash of today's parameters.

    Raises InvalidCredentials where it was reset, or the account suspended, while it was verified: neither
    would end a session made afterwards.
    """
    new_hash = hasher.hash(password) if hasher.needs_rehash(user.password_hash) else None
    present = account_queries.lock_password(session, user.account_id)
    if present == user.password_hash:
        if new_hash:
            account_queries.update_user(session, user.account_id, password_hash=new_hash)
    # Another log-in may have hashed the same password again.
    elif present is None or not hasher.verify(present, password):
        raise InvalidCredentials


def authenticate(session: Session, *, token: str) -> Viewer | None:
    """The viewer whom a cookie's token stands for, or None. One statement; another one now and
    then (TOUCH_AFTER).
    """
    row = queries.get_viewer(session, _hash(token))
    if row is None:
        return None
    if datetime.now(UTC) - row.last_used_at > TOUCH_AFTER:
        queries.touch_session(session, row.session_id)
    return Viewer(
        account_id=row.account_id,
        username=row.username,
        display_name=row.display_name,
        avatar_key=row.avatar_key,
        role=row.role,
        is_confirmed=row.confirmed_at is not None,
        time_zone=row.time_zone,
        locale=row.locale,
        default_visibility=row.default_visibility,
        default_sensitive=row.default_sensitive,
        default_language=row.default_language,
        feed_version=row.feed_version,
        following_count=row.following_count,
        unread_notifications=row.unread_notifications,
        session_id=row.session_id,
    )


def log_out(session: Session, *, account_id: int, session_id: int) -> None:
    """End a session; nothing happens where it has ended already."""
    queries.delete_session(session, session_id, account_id)


def list_sessions(session: Session, *, account_id: int) -> list[AnyRow]:
    """Live sessions, the last used first: `id`, `user_agent`, `created_at`, `last_used_at`."""
    return queries.list_sessions(session, account_id, SESSIONS_LISTED)


def revoke_session(session: Session, *, account_id: int, session_id: int) -> None:
    """End one of the person's sessions. Raises NotFound, also for other people's."""
    if not queries.delete_session(session, session_id, account_id):
        raise NotFound(N_("This session has ended already."))


def revoke_other_sessions(session: Session, *, account_id: int, keep_session_id: int) -> None:
    """Log out everywhere but here."""
    queries.delete_sessions(session, account_id, but_session_id=keep_session_id)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
