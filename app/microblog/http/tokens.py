"""The access token of a request: from its `Authorization: Bearer` header, from nowhere else (RFC 6750, 2.1).

Query strings end up in logs, and bodies belong to their endpoints.
"""

from flask import request
from sqlalchemy.orm import Session

from microblog.domain.errors import InvalidAccessToken
from microblog.http.auth import TOKEN_CHARACTERS
from microblog.observability.logs import bind_context
from microblog.services import tokens
from microblog.services.tokens import Bearer


def read_bearer_token() -> str | None:
    """The token as sent, bounded; None where the request carries no such header, or one of another scheme."""
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    return token.strip()[:TOKEN_CHARACTERS] if scheme.lower() == "bearer" else None


def find_bearer(session: Session) -> Bearer | None:
    """Who calls, or None where no token was sent. Raises InvalidAccessToken where one isn't valid."""
    token = read_bearer_token()
    if token is None:
        return None
    bearer = tokens.authenticate(session, token=token)
    if bearer is None:
        raise InvalidAccessToken
    if bearer.account_id is not None:
        bind_context(account_id=bearer.account_id)
    return bearer
