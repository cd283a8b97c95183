"""Consents on their way to a client: a code is made for one client and one redirect URI, lives ten minutes,
and is redeemed once. A second time tells of theft: what came from it is revoked (RFC 6749, 4.1.2).
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.orm import Session

from microblog.data.queries import tokens as queries
from microblog.services.tokens import NewToken, hash_secret, issue_token

CODE_LIFETIME = timedelta(minutes=10)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Code:
    """A code that may be redeemed."""

    code_id: int
    application_id: int
    account_id: int
    redirect_uri: str
    scopes: tuple[str, ...]
    code_challenge: str | None


def issue_code(
    session: Session,
    *,
    application_id: int,
    account_id: int,
    session_id: int,
    redirect_uri: str,
    scopes: Sequence[str],
    code_challenge: str | None,
) -> str | None:
    """Note a person's consent; the code, or None where their log-in was ended in this moment.

    `redirect_uri`: as the client gave it, checked by the caller. `code_challenge`: of method S256.
    """
    # Whoever resets a password ends the log-ins before the codes: none is made beside it.
    if not queries.hold_log_in(session, session_id, account_id):
        return None
    code = secrets.token_urlsafe(32)
    queries.insert_code(
        session,
        code_hash=hash_secret(code),
        application_id=application_id,
        account_id=account_id,
        redirect_uri=redirect_uri,
        scopes=scopes,
        code_challenge=code_challenge,
        lifetime=CODE_LIFETIME,
    )
    return code


def find_code(session: Session, *, application_id: int, code: str) -> Code | None:
    """The code where this application may redeem it still, held until the commit; else None.

    A used one revokes the tokens that came from it: the caller has to commit that.
    """
    row = queries.lock_code(session, hash_secret(code), application_id)
    if row is None:
        return None
    if row.used_at is not None:
        revoked = queries.delete_tokens_of_code(session, row.id)
        log.warning("oauth.code_reused", application_id=application_id, revoked=revoked)
        return None
    if row.has_expired:
        return None
    return Code(
        code_id=row.id,
        application_id=application_id,
        account_id=row.account_id,
        redirect_uri=row.redirect_uri,
        scopes=tuple(row.scopes),
        code_challenge=row.code_challenge,
    )


def redeem_code(session: Session, code: Code) -> NewToken:
    """Make a code's token. The caller has found the code in this transaction."""
    queries.use_code(session, code.code_id)
    return issue_token(
        session,
        application_id=code.application_id,
        account_id=code.account_id,
        scopes=code.scopes,
        code_id=code.code_id,
    )
