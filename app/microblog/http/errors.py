"""From exceptions to status codes, the same on every surface; how an error looks is each surface's own.

Nothing here needs the database: its being away is one of the errors.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog
from flask import Blueprint, Flask, make_response
from flask.typing import ResponseReturnValue
from sqlalchemy import exc
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from microblog.domain import errors
from microblog.domain.errors import DomainError, Message

RETRY_SECONDS = 10
# PostgreSQL's SQLSTATE.
FOREIGN_KEY_VIOLATION = "23503"

STATUS_OF: dict[type[DomainError], int] = {
    errors.ValidationError: 422,
    errors.NotFound: 404,
    errors.Forbidden: 403,
    errors.Conflict: 409,
    errors.InvalidCredentials: 422,
    errors.InvalidToken: 400,
    errors.InvalidAccessToken: 401,
    errors.PersonRequired: 422,
    errors.RateLimited: 429,
    errors.TooLarge: 413,
    errors.UnsupportedMedia: 415,
    errors.Unavailable: 503,
}

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Problem:
    """An error as an answer. `message` is None where the status says all; `retry_after` is in seconds.

    `fields`: what is wrong with which field, where the surface has names for them.
    """

    status: int
    message: Message | None = None
    retry_after: int | None = None
    is_csrf: bool = False
    fields: Mapping[str, Message] = field(default_factory=dict)


def find_problem(error: Exception) -> Problem:
    """What to answer; unforeseen errors are logged with their trace, and their text is shown to nobody."""
    if isinstance(error, DomainError):
        return _of_domain(error)
    if isinstance(error, HTTPException) and error.code is not None and error.code < 500:
        return Problem(error.code, is_csrf=type(error).__name__ == "CSRFError")
    if type(error).__module__.startswith("gunicorn."):
        # A body that the server couldn't take apart; the error's text holds a part of it.
        return Problem(400)
    if isinstance(error, exc.IntegrityError) and getattr(error.orig, "pgcode", "") == FOREIGN_KEY_VIOLATION:
        # What this is about was deleted in the same moment.
        return _of_domain(errors.NotFound())
    if is_database_away(error):
        log.warning("database.unavailable", error=type(error).__name__)
        return Problem(503, retry_after=RETRY_SECONDS)
    log.error("http.failed", exc_info=error)
    return Problem(500)


def _of_domain(error: DomainError) -> Problem:
    status = next((STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF), 400)
    retry_after = error.retry_after if isinstance(error, errors.RateLimited) else None
    if status == 503:
        retry_after = RETRY_SECONDS
    fields = error.errors if isinstance(error, errors.ValidationError) else {}
    return Problem(status, _message_of(error), retry_after, fields=fields)


def _message_of(error: DomainError) -> Message:
    # Where no form shows them at their fields, the first one says more than "check the fields".
    return next(iter(error.errors.values())) if isinstance(error, errors.ValidationError) else error.message


def is_database_away(error: Exception) -> bool:
    """Whether PostgreSQL can't be reached or can't serve now: trying again in a moment may help."""
    if isinstance(error, exc.OperationalError | exc.InterfaceError | exc.TimeoutError):
        return True
    return isinstance(error, exc.DBAPIError) and error.connection_invalidated


def register_errors(surface: Flask | Blueprint, show: Callable[[Problem], ResponseReturnValue]) -> None:
    """Answer each exception of a surface by `show(problem)`."""

    @surface.errorhandler(Exception)
    def answer(error: Exception) -> AnyResponse:
        return answer_error(error, show)


def answer_error(error: Exception, show: Callable[[Problem], ResponseReturnValue]) -> AnyResponse:
    """The exception as `show(problem)`, with the headers that belong to it."""
    problem = find_problem(error)
    response = make_response(show(problem), problem.status)
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    if isinstance(error, errors.InvalidAccessToken):
        # RFC 6750, 3.
        response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    if isinstance(error, HTTPException):
        # Such as Allow, which 405 must name.
        response.headers.extend(
            [(name, value) for name, value in error.get_headers() if name in ("Allow", "Retry-After")]
        )
    return response
