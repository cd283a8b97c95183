"""Access tokens: clients hold a random one, the server only its SHA-256. They last until they are revoked.

Tokens of a suspended account answer nothing while the suspension lasts. A reset password revokes all that
the person gave away, as in Mastodon: somebody else may have consented. A changed one ends the other sessions
only, since it takes the present password.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from microblog.data.queries import tokens as queries

# Writing "last used" more often would make every call a write.
TOUCH_AFTER = timedelta(hours=1)
TOKEN_BYTES = 32
# Web clients ask for one in each browser, scripts in each run, and few give them back.
TOKENS_KEPT = 100


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who calls, by an access token. `account_id` is None for a client for itself; texts are empty then."""

    token_id: int
    application_id: int
    scopes: frozenset[str]
    account_id: int | None
    username: str
    display_name: str
    avatar_key: str | None
    role: str
    is_confirmed: bool
    locked: bool
    time_zone: str
    locale: str
    feed_version: int
    following_count: int
    default_visibility: str
    default_sensitive: bool
    default_language: str | None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made; `token` exists nowhere else."""

    token: str
    token_id: int
    scopes: tuple[str, ...]
    created_at: datetime


def authenticate(session: Session, *, token: str) -> Bearer | None:
    """Whom a token stands for, or None where it is unknown, revoked, or its account suspended or deleted.

    One statement; another one now and then (TOUCH_AFTER).
    """
    row = queries.get_bearer(session, hash_secret(token))
    if row is None:
        return None
    if datetime.now(UTC) - row.last_used_at > TOUCH_AFTER:
        queries.touch_token(session, row.token_id)
    return Bearer(
        token_id=row.token_id,
        application_id=row.application_id,
        scopes=frozenset(row.scopes),
        account_id=row.account_id,
        username=row.username or "",
        display_name=row.display_name or "",
        avatar_key=row.avatar_key,
        role=row.role or "user",
        is_confirmed=row.confirmed_at is not None,
        locked=bool(row.locked),
        time_zone=row.time_zone or "UTC",
        locale=row.locale or "en",
        feed_version=row.feed_version or 0,
        following_count=row.following_count or 0,
        default_visibility=row.default_visibility or "public",
        default_sensitive=bool(row.default_sensitive),
        default_language=row.default_language,
    )


def issue_token(
    session: Session,
    *,
    application_id: int,
    account_id: int | None,
    scopes: Sequence[str],
    code_id: int | None = None,
) -> NewToken:
    """Make a token for an application, to act for a person or (None) for itself.

    Of more than TOKENS_KEPT those that were not used for the longest time are revoked.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = queries.insert_token(
        session,
        token_hash=hash_secret(token),
        application_id=application_id,
        account_id=account_id,
        scopes=scopes,
        code_id=code_id,
    )
    queries.delete_surplus(session, application_id, account_id, TOKENS_KEPT)
    return NewToken(token, row.id, tuple(scopes), row.created_at)


def revoke_access(session: Session, *, account_id: int) -> None:
    """Take back all that a person allowed any application."""
    queries.delete_access(session, account_id)


def revoke_token(session: Session, *, application_id: int, token: str) -> bool:
    """Revoke a token of this application, where there is such a one (RFC 7009).

    Answers False where it is another application's, and does nothing then.
    """
    row = queries.get_token(session, hash_secret(token))
    if row is None:
        return True
    if row.application_id != application_id:
        return False
    queries.delete_token(session, row.id)
    return True


def hash_secret(secret: str) -> bytes:
    """What is stored of a token, a code or a client's secret: they are random, so no slow hash is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
