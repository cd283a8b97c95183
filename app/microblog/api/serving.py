"""What every endpoint has in common: who calls, what they may, what they said, and what they are answered."""

from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session

from microblog.api.answers import make_response
from microblog.api.bodies import read_values
from microblog.api.context import ApiContext
from microblog.api.declarations import Access, Endpoint
from microblog.api.limits import count_request
from microblog.api.parameters import convert
from microblog.domain.errors import (
    N_,
    ConfirmationRequired,
    Forbidden,
    InvalidAccessToken,
    NotFound,
    PersonRequired,
)
from microblog.domain.scopes import covers
from microblog.http.context import get_resources
from microblog.http.headers import keep_private, share_data
from microblog.http.tokens import find_bearer
from microblog.services.tokens import Bearer

OUT_OF_SCOPE = N_("This action is outside the authorized scopes")


def serve(endpoint: Endpoint, url_arguments: dict[str, Any]) -> Response:
    """Answer one request in one transaction; what an answer of 400 and above wrote is taken back."""
    if any("\x00" in value for value in url_arguments.values() if isinstance(value, str)):
        # Nothing has such a name, and the database takes no such text.
        raise NotFound
    resources = get_resources()
    with resources.database.unit_of_work() as session:
        bearer = _find_counted_bearer(session)
        _check(endpoint, bearer)
        arguments = dict(url_arguments)
        if endpoint.params is not None:
            arguments["params"] = convert(read_values(), endpoint.params)
        context = ApiContext(session, resources, bearer, _viewer_id(endpoint, bearer))
        response = make_response(endpoint.handler(context, **arguments), resources.settings.base_url)
        if response.status_code >= 400:
            session.rollback()
    if "Cache-Control" not in response.headers:
        _say_who_may_keep(response, is_anonymous=bearer is None)
    return response


def _find_counted_bearer(session: Session) -> Bearer | None:
    try:
        bearer = find_bearer(session)
    except InvalidAccessToken:
        # Guessing tokens is counted as well.
        count_request(None)
        raise
    count_request(bearer)
    return bearer


def _check(endpoint: Endpoint, bearer: Bearer | None) -> None:
    """Whether the caller may do this. Raises what a caller who may not is answered."""
    if endpoint.access is Access.PUBLIC:
        return
    if bearer is None:
        raise InvalidAccessToken
    if endpoint.scope is not None and not covers(bearer.scopes, endpoint.scope):
        raise Forbidden(OUT_OF_SCOPE)
    if endpoint.access is Access.USER:
        if bearer.account_id is None:
            raise PersonRequired
        if not bearer.is_confirmed:
            raise ConfirmationRequired


def _viewer_id(endpoint: Endpoint, bearer: Bearer | None) -> int | None:
    if bearer is None or (endpoint.scope is not None and not covers(bearer.scopes, endpoint.scope)):
        return None
    return bearer.account_id


def _say_who_may_keep(response: Response, *, is_anonymous: bool) -> None:
    if is_anonymous and request.method in ("GET", "HEAD") and "Authorization" not in request.headers:
        share_data(response)
    else:
        keep_private(response)
