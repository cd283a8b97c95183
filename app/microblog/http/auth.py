"""Who may call a handler: each route declares it by one of four decorators, which also open its transaction.

`@public`, `@signed_in` and `@confirmed` open the unit of work, find the viewer by the log-in cookie (one
statement; none without a cookie), call `handler(context, **url_arguments)` and commit. An answer of 400 and
above is rolled back, so that a form refused half-way leaves nothing behind. `@machine` opens nothing.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

import structlog
from flask import Response, after_this_request, g, make_response, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from microblog.domain.errors import ConfirmationRequired
from microblog.http.context import RequestContext, get_resources
from microblog.http.cookies import delete_log_in_cookie, log_in_cookie_name
from microblog.http.headers import share
from microblog.http.redirects import go_to_log_in
from microblog.observability.logs import bind_context
from microblog.services import sessions
from microblog.services.sessions import Viewer
from microblog.settings import Settings

P = ParamSpec("P")
View = Callable[..., Response]

AUTHENTICATION = "microblog_authentication"
TOKEN_CHARACTERS = 200

log = structlog.get_logger(__name__)


def public(
    handler: Callable[Concatenate[RequestContext[Viewer | None], P], ResponseReturnValue],
) -> Callable[P, Response]:
    """Everybody may call it; shared caches may keep its answers to signed-out visitors for seconds."""
    return _declare(handler, "public")


def signed_in(
    handler: Callable[Concatenate[RequestContext[Viewer], P], ResponseReturnValue],
) -> Callable[P, Response]:
    """Only people who are logged in; others are sent to the log-in page."""
    return _declare(handler, "signed_in")


def confirmed(
    handler: Callable[Concatenate[RequestContext[Viewer], P], ResponseReturnValue],
) -> Callable[P, Response]:
    """Only people who are logged in and have confirmed their e-mail address."""
    return _declare(handler, "confirmed")


def machine(handler: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """For programs and browsers fetching parts: no session is looked at, no unit of work is opened."""
    setattr(handler, AUTHENTICATION, "machine")
    return handler


def _declare(handler: Callable[..., ResponseReturnValue], authentication: str) -> View:
    @wraps(handler)
    def view(**url_arguments: Any) -> Response:
        return _serve(handler, authentication, url_arguments)

    setattr(view, AUTHENTICATION, authentication)
    return view


def _serve(
    handler: Callable[..., ResponseReturnValue], authentication: str, url_arguments: dict[str, Any]
) -> Response:
    resources = get_resources()
    with resources.database.unit_of_work() as session:
        viewer = g.viewer = _find_viewer(resources.settings, session)
        if authentication != "public" and viewer is None:
            return go_to_log_in()
        if authentication == "confirmed" and not cast("Viewer", viewer).is_confirmed:
            raise ConfirmationRequired
        response = make_response(handler(RequestContext(session, viewer, resources), **url_arguments))
        if response.status_code >= 400:
            session.rollback()
    if viewer is None and "Cache-Control" not in response.headers:
        share(response)
    return response


def _find_viewer(settings: Settings, session: Any) -> Viewer | None:
    token = request.cookies.get(log_in_cookie_name(settings))
    if not token:
        return None
    viewer = sessions.authenticate(session, token=token[:TOKEN_CHARACTERS])
    if viewer is None:

        @after_this_request
        def forget(response: Response) -> Response:
            delete_log_in_cookie(response, settings)
            return response

        return None
    bind_context(account_id=viewer.account_id)
    return viewer


def look_up_viewer() -> None:
    """Find the viewer for a page that no handler makes, such as that of an unknown address.

    One statement, none without a cookie; nobody while the database is away.
    """
    resources = get_resources()
    try:
        with resources.database.unit_of_work() as session:
            g.viewer = _find_viewer(resources.settings, session)
    except SQLAlchemyError as error:
        log.warning("viewer.unknown", error=type(error).__name__)


def current_viewer() -> Viewer | None:
    """The viewer of this request, also in error pages; None before or without authentication."""
    viewer: Viewer | None = g.get("viewer")
    return viewer
