"""Authlib's framework-neutral server over our services, made for one request.

What Authlib leaves open or does otherwise is settled here: bodies may be JSON, tokens don't expire, a client
is known by what it really sent, and committing is the edge's. Whoever calls it commits refusals too: a code
used twice takes its tokens with it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from authlib.oauth2 import AuthorizationServer, OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import (
    ClientMixin,
    InvalidClientError,
    InvalidRequestError,
)
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6749.util import extract_basic_authorization
from flask import Response, jsonify
from sqlalchemy.orm import Session
from werkzeug.datastructures import Headers

from microblog.data.base import AnyRow
from microblog.domain import scopes as scope_rules
from microblog.domain.redirect_uris import matches
from microblog.oauth.grants import BASIC, NONE, POST, CodeChallenge, CodeGrant, OwnGrant, Revocation
from microblog.services import applications

GRANT_TYPES = ("authorization_code", "client_credentials")
# Authlib refuses addresses without TLS, which is the edge host's matter here; it looks at nothing else of it.
ADDRESS = "https://localhost/oauth"


class Client(ClientMixin):  # type: ignore[misc]
    """A registered application, as Authlib asks for it."""

    def __init__(self, row: AnyRow) -> None:
        self.row = row

    def get_client_id(self) -> str:
        """The id that it calls itself by."""
        return str(self.row.client_id)

    def get_default_redirect_uri(self) -> None:
        """None: a client always says where it is to be answered."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """What it gets that asks for `scope`; None where it may not ask for that."""
        wanted: Sequence[str] = scope_rules.parse(scope or "")
        if not wanted:
            has_default = scope_rules.covers(self.row.scopes, scope_rules.DEFAULT)
            wanted = [scope_rules.DEFAULT] if has_default else self.row.scopes
        return " ".join(wanted) if scope_rules.covers_all(self.row.scopes, wanted) else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Whether it may be answered there."""
        return matches(self.row.redirect_uris, redirect_uri)

    def check_client_secret(self, client_secret: str) -> bool:
        """Whether that is its secret."""
        return applications.is_secret_right(self.row, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002 - Authlib's
        """Every client has a secret and may do without it where PKCE proves it."""
        return method in (BASIC, POST, NONE)

    def check_response_type(self, response_type: str) -> bool:
        """Codes only."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Codes, and tokens for itself; no refresh tokens."""
        return grant_type in GRANT_TYPES


class Request(OAuth2Request):  # type: ignore[misc]
    """A request as Authlib reads it."""

    def __init__(self, method: str, parameters: Mapping[str, str], headers: Headers) -> None:
        super().__init__(method, ADDRESS, headers=headers)
        self.payload = BasicOAuth2Payload(parameters)

    @property
    def form(self) -> Mapping[str, str]:
        """The body's parameters."""
        parameters: Mapping[str, str] = self.payload.data
        return parameters

    @property
    def args(self) -> Mapping[str, str]:
        """The same ones: where parameters may stand is decided by who reads them."""
        return self.form


class Server(AuthorizationServer):  # type: ignore[misc]
    """One request's authorization server."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.register_grant(CodeGrant, [CodeChallenge(required=True)])
        self.register_grant(OwnGrant)
        self.register_endpoint(Revocation)

    def query_client(self, client_id: str) -> Client | None:
        """The client of that id."""
        row = applications.find_client(self.session, client_id=client_id)
        return Client(row) if row else None

    def authenticate_client(
        self,
        request: Request,
        methods: Sequence[str],
        endpoint: str = "token",  # noqa: ARG002 - Authlib's
    ) -> Client:
        """The client that a request proves to come from. A wrong secret is never as good as none."""
        method, client_id, secret = read_credentials(request)
        client = self.query_client(client_id) if client_id else None
        if (
            client is None
            or method not in methods
            or (method != NONE and not client.check_client_secret(secret))
        ):
            raise InvalidClientError(
                "The client is unknown, or its secret is missing or wrong.", status_code=401
            )
        request.auth_method = method
        return client

    def get_authorization_grant(self, request: Request) -> Any:
        """The grant that a person is asked for. Raises OAuth2Error."""
        # Authlib's own errors repeat what was sent, and fail where that isn't ASCII.
        if not request.payload.response_type:
            raise InvalidRequestError("Missing 'response_type' in request.")
        if request.payload.response_type != "code":
            raise InvalidRequestError(
                "This response type is not supported.", error="unsupported_response_type"
            )
        return super().get_authorization_grant(request)

    def get_token_grant(self, request: Request) -> Any:
        """The grant of a token request. Raises OAuth2Error."""
        if not request.payload.grant_type:
            raise InvalidRequestError("Missing 'grant_type' in request.")
        if request.payload.grant_type not in GRANT_TYPES:
            raise InvalidRequestError("This grant type is not supported.", error="unsupported_grant_type")
        return super().get_token_grant(request)

    def answer_token_request(self, request: Request) -> Response:
        """The answer to a token request, refusals included."""
        try:
            grant = self.get_token_grant(request)
            grant.validate_token_request()
            return self.handle_response(*grant.create_token_response())
        except OAuth2Error as error:
            return self.handle_response(*error())

    def answer_revocation(self, request: Request) -> Response:
        """The answer to a request to revoke a token, refusals included."""
        answer: Response = self.create_endpoint_response(Revocation.ENDPOINT_NAME, request)
        return answer

    def create_oauth2_request(self, request: Request) -> Request:
        """What the edge made already."""
        return request

    def handle_response(self, status: int, body: Any, headers: Sequence[tuple[str, str]]) -> Response:
        """An answer of Authlib's as one of Flask's."""
        response = jsonify(body)
        response.status_code = status
        response.headers.extend([(name, value) for name, value in headers if name == "WWW-Authenticate"])
        return response

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""


def read_credentials(request: Request) -> tuple[str, str, str]:
    """How a client says who it is: method, client id and secret. Raises for two ways at once."""
    header = request.headers.get("Authorization", "")
    client_id, secret = request.form.get("client_id", ""), request.form.get("client_secret", "")
    if header.lower().split()[:1] != ["basic"]:
        return (POST if secret else NONE), client_id, secret
    try:
        basic_id, basic_secret = extract_basic_authorization(request.headers)
    except ValueError:
        basic_id = basic_secret = None
    if secret or (client_id and client_id != basic_id):
        raise InvalidRequestError("The client says who it is in two ways.")
    return BASIC, basic_id or "", basic_secret or ""
