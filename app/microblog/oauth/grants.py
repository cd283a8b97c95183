"""What a client may ask for: a token for a code, a token for itself, and the end of a token."""

import re
from typing import Any

from authlib.oauth2.rfc6749 import (
    AuthorizationCodeGrant,
    AuthorizationCodeMixin,
    ClientCredentialsGrant,
    InvalidRequestError,
    InvalidScopeError,
    UnauthorizedClientError,
)
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge as AnyCodeChallenge

from microblog.services import oauth, tokens
from microblog.services.oauth import Code
from microblog.services.tokens import NewToken

BASIC, POST, NONE = "client_secret_basic", "client_secret_post", "none"
S256 = "S256"
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")

# Status, body and headers, as Authlib passes answers on.
Answer = tuple[int, dict[str, Any], list[tuple[str, str]]]


class FoundCode(AuthorizationCodeMixin):  # type: ignore[misc]
    """A code that may be redeemed, as Authlib asks for it."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self.code_challenge = code.code_challenge

    def get_redirect_uri(self) -> str:
        """Where it was sent: what the client has to give again."""
        return self.code.redirect_uri

    def get_scope(self) -> str:
        """What was consented to."""
        return " ".join(self.code.scopes)


class CodeChallenge(AnyCodeChallenge):  # type: ignore[misc]
    """RFC 7636 with S256 alone; a client that sends no secret must use it."""

    def validate_code_challenge(self, grant: Any, redirect_uri: Any) -> None:  # noqa: ARG002 - Authlib's
        """Refuse the method `plain`, which is also what leaving the method out means."""
        parameters = grant.request.payload.data
        challenge, method = parameters.get("code_challenge"), parameters.get("code_challenge_method")
        if not challenge and not method:
            return
        if method != S256:
            raise InvalidRequestError("The code_challenge_method must be S256.")
        if not CHALLENGE.fullmatch(challenge or ""):
            raise InvalidRequestError("The code_challenge is missing or malformed.")

    def get_authorization_code_challenge_method(self, authorization_code: FoundCode) -> str:  # noqa: ARG002
        """The only one."""
        return S256


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    """A token for a person's consent. Its scopes are those consented to, whatever the request says."""

    TOKEN_ENDPOINT_AUTH_METHODS = (BASIC, POST, NONE)

    def query_authorization_code(self, code: str, client: Any) -> FoundCode | None:
        """The client's code, if it is still good."""
        found = oauth.find_code(self.server.session, application_id=client.row.id, code=code)
        return FoundCode(found) if found else None

    def create_token_response(self) -> Answer:
        """Redeem the code."""
        token = oauth.redeem_code(self.server.session, self.request.authorization_code.code)
        return 200, describe_token(token), []


class OwnGrant(ClientCredentialsGrant):  # type: ignore[misc]
    """A token for the client itself, which stands for nobody."""

    TOKEN_ENDPOINT_AUTH_METHODS = (BASIC, POST)

    def create_token_response(self) -> Answer:
        """Make the token."""
        client = self.request.client
        scope = client.get_allowed_scope(self.request.payload.scope)
        if scope is None:
            raise InvalidScopeError
        token = tokens.issue_token(
            self.server.session, application_id=client.row.id, account_id=None, scopes=scope.split()
        )
        return 200, describe_token(token), []


class Revocation(RevocationEndpoint):  # type: ignore[misc]
    """The end of a token (RFC 7009). Who holds it and names its client may end it without the secret."""

    CLIENT_AUTH_METHODS = (BASIC, POST, NONE)

    def create_endpoint_response(self, request: Any) -> Answer:
        """Revoke the token; one that is unknown is as good as revoked."""
        client = self.authenticate_endpoint_client(request)
        token = request.form.get("token")
        if not token:
            raise InvalidRequestError("Missing 'token' in request.")
        if not tokens.revoke_token(self.server.session, application_id=client.row.id, token=token):
            raise UnauthorizedClientError("You are not authorized to revoke this token.", status_code=403)
        return 200, {}, []

    def __call__(self, request: Any) -> Answer:
        """Answer a request."""
        return self.create_endpoint_response(request)


def describe_token(token: NewToken) -> dict[str, Any]:
    """The answer that carries a token; it doesn't expire."""
    return {
        "access_token": token.token,
        "token_type": "Bearer",
        "scope": " ".join(token.scopes),
        "created_at": int(token.created_at.timestamp()),
    }
