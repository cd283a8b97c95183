"""What clients call: tokens for codes and for themselves, revoking, and the server's metadata.

Answers are JSON, errors in the form of RFC 6749, 5.2.
"""

from collections.abc import Callable
from http import HTTPStatus

from authlib.oauth2 import OAuth2Error
from flask import Blueprint, Response, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from microblog.domain import scopes
from microblog.domain.errors import RateLimited
from microblog.http.auth import machine
from microblog.http.context import get_limiter, get_resources
from microblog.http.csrf import csrf_exempt
from microblog.http.errors import Problem, register_errors
from microblog.http.ratelimit import client_subject
from microblog.oauth.bodies import read_request
from microblog.oauth.grants import BASIC, NONE, POST, S256
from microblog.oauth.server import GRANT_TYPES, Request, Server
from microblog.settings import Settings

ERROR_OF = {500: "server_error", 503: "temporarily_unavailable"}

blueprint = Blueprint("oauth_tokens", __name__)


def show_error(problem: Problem) -> ResponseReturnValue:
    """What is no refusal of the protocol's, in its form."""
    text = str(problem.message or HTTPStatus(problem.status).phrase)
    return jsonify(error=ERROR_OF.get(problem.status, "invalid_request"), error_description=text)


register_errors(blueprint, show_error)


@blueprint.after_request
def keep_out_of_old_caches(response: Response) -> Response:
    """RFC 6749, 5.1; `no-store` is added to all answers that are nobody else's."""
    response.headers["Pragma"] = "no-cache"
    return response


@blueprint.post("/oauth/token")
@csrf_exempt
@machine
def create() -> ResponseReturnValue:
    """Make a token."""
    return _answer(Server.answer_token_request)


@blueprint.post("/oauth/revoke")
@csrf_exempt
@machine
def revoke() -> ResponseReturnValue:
    """End a token."""
    return _answer(Server.answer_revocation)


def _answer(serve: Callable[[Server, Request], Response]) -> Response:
    # Guessing secrets and codes isn't free, and neither are the rows that tokens are.
    window = get_limiter().count_request("address", client_subject())
    if window.is_over:
        raise RateLimited(window.seconds_left)
    with get_resources().database.unit_of_work() as session:
        server = Server(session)
        try:
            asked = read_request()
        except OAuth2Error as error:
            return server.handle_response(*error())
        # Refusals are committed, too: a code used twice takes its tokens with it.
        return serve(server, asked)


@blueprint.get("/.well-known/oauth-authorization-server")
@machine
def metadata() -> ResponseReturnValue:
    """What this server can do, and where (RFC 8414)."""
    base = find_base(get_resources().settings)
    methods = [BASIC, POST, NONE]
    return jsonify(
        issuer=base,
        authorization_endpoint=base + url_for("oauth.ask"),
        token_endpoint=base + url_for("oauth_tokens.create"),
        revocation_endpoint=base + url_for("oauth_tokens.revoke"),
        # Mastodon's name for where clients register themselves.
        app_registration_endpoint=f"{base}/api/v1/apps",
        scopes_supported=list(scopes.COVERED),
        response_types_supported=["code"],
        response_modes_supported=["query"],
        grant_types_supported=list(GRANT_TYPES),
        code_challenge_methods_supported=[S256],
        token_endpoint_auth_methods_supported=methods,
        revocation_endpoint_auth_methods_supported=methods,
    )


def find_base(settings: Settings) -> str:
    """The site's address with the scheme that it was asked by: clients compare it with what they typed."""
    scheme = "https" if settings.is_secure else request.scheme
    return f"{scheme}://{settings.host}"
