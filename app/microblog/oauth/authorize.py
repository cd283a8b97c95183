"""The page on which a person lets a client act for them, or doesn't (RFC 6749, 4.1.1; RFC 9700).

Where the client or its redirect URI is unknown, nobody is sent anywhere; all other errors are the client's to
read. Nobody is sent on before they have logged in: an attacker's client would make a redirector of us.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AccessDeniedError
from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import Headers, MultiDict

from microblog.data.base import AnyRow
from microblog.domain import scopes
from microblog.domain.errors import N_, ConfirmationRequired, DomainError
from microblog.domain.redirect_uris import OUT_OF_BAND, add_parameters, find_host, find_source
from microblog.http.auth import public
from microblog.http.context import RequestContext
from microblog.http.headers import CONTENT_SECURITY_POLICY, hide_address
from microblog.http.redirects import go_to_log_in
from microblog.oauth.bodies import read_once
from microblog.oauth.server import Client, Request, Server
from microblog.services import oauth
from microblog.services.sessions import Viewer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# `force_login` and `lang` of Mastodon's clients are let through unread: the page asks in any case, and it is
# in the person's own language.
PARAMETERS = (
    "response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method",
)  # fmt: skip
BROKEN_LINK = N_("This link to allow an application is not right. Please start again in the application.")

blueprint = Blueprint("oauth", __name__)
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Question:
    """What a client asks of a person. `error`: why it can't be asked."""

    client: Client
    parameters: dict[str, str]
    redirect_uri: str
    scopes: Sequence[str]
    error: OAuth2Error | None = None

    @property
    def application(self) -> AnyRow:
        """The client's row."""
        return self.client.row

    @property
    def is_out_of_band(self) -> bool:
        """Whether the code is shown instead of sent."""
        return self.redirect_uri == OUT_OF_BAND


class Redirect(Response):
    """One whose address stays letter for letter: of an app's `example://` werkzeug would make `example:`."""

    def get_wsgi_headers(self, environ: "WSGIEnvironment") -> Headers:
        """The headers as they are sent."""
        headers = super().get_wsgi_headers(environ)
        headers["Location"] = self.headers["Location"]
        return headers


@blueprint.after_request
def let_it_through(response: Response) -> Response:
    """The pages belong to one person, and the window that opened one waits for its answer."""
    hide_address(response)
    response.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return response


@blueprint.get("/oauth/authorize")
@public
def ask(context: RequestContext[Viewer | None]) -> ResponseReturnValue:
    """Show who asks for what."""
    question = read_question(context.session, request.args)
    if context.viewer is None:
        return go_to_log_in()
    _check_person(context.viewer)
    if question.error:
        return _report(question, question.error)
    page = render_template(
        "oauth/authorize.html",
        application=question.application,
        host=find_host(question.redirect_uri),
        is_out_of_band=question.is_out_of_band,
        words=[scopes.WORDS[scope] for scope in scopes.simplify(question.scopes)],
        parameters=question.parameters,
    )
    response = make_response(page)
    response.headers["Content-Security-Policy"] = _make_policy(question)
    return response


@blueprint.post("/oauth/authorize")
@public
def answer(context: RequestContext[Viewer | None]) -> ResponseReturnValue:
    """Tell the client what the person decided."""
    question = read_question(context.session, request.form)
    viewer = context.viewer
    if viewer is None:
        return go_to_log_in()
    _check_person(viewer)
    if question.error:
        return _report(question, question.error)
    if request.form.get("decision") != "allow":
        return _deny(question)
    code = oauth.issue_code(
        context.session,
        application_id=question.application.id,
        account_id=viewer.account_id,
        session_id=viewer.session_id,
        redirect_uri=question.redirect_uri,
        scopes=question.scopes,
        code_challenge=question.parameters.get("code_challenge"),
    )
    if code is None:
        return go_to_log_in()
    log.info("oauth.allowed", application_id=question.application.id)
    if question.is_out_of_band:
        return render_template("oauth/code.html", application=question.application, code=code)
    return _send(question, [("code", code)])


def read_question(session: Session, values: MultiDict[str, str]) -> Question:
    """What is asked. Raises DomainError (400) where client or redirect URI are unknown."""
    server = Server(session)
    ids, uris = values.getlist("client_id"), values.getlist("redirect_uri")
    client = server.query_client(ids[0]) if len(ids) == 1 else None
    if client is None or len(uris) != 1 or not client.check_redirect_uri(uris[0]):
        raise DomainError(BROKEN_LINK)
    try:
        parameters = read_once(values, PARAMETERS)
        grant = server.get_consent_grant(Request("GET", parameters, request.headers))
    except OAuth2Error as error:
        state = {"state": values["state"]} if values.get("state") else {}
        return Question(client, state, uris[0], (), error)
    return Question(client, parameters, uris[0], scopes.parse(grant.request.scope))


def _check_person(viewer: Viewer) -> None:
    if not viewer.is_confirmed:
        raise ConfirmationRequired


def _report(question: Question, error: OAuth2Error) -> Response:
    if question.is_out_of_band:
        raise DomainError(BROKEN_LINK)
    return _send(question, [("error", error.error), ("error_description", error.get_error_description())])


def _deny(question: Question) -> ResponseReturnValue:
    if question.is_out_of_band:
        return render_template("oauth/code.html", application=question.application, code=None)
    denied = AccessDeniedError()
    return _send(question, [("error", denied.error), ("error_description", denied.description)])


def _send(question: Question, parameters: list[tuple[str, str]]) -> Response:
    if state := question.parameters.get("state"):
        parameters.append(("state", state))
    # 303: the browser must not send the form on.
    address = add_parameters(question.redirect_uri, parameters)
    return Redirect(status=303, headers={"Location": address})


def _make_policy(question: Question) -> str:
    # Browsers hold also the redirect after the form against it.
    if question.is_out_of_band:
        return CONTENT_SECURITY_POLICY
    allowed = f"form-action 'self' {find_source(question.redirect_uri)};"
    return CONTENT_SECURITY_POLICY.replace("form-action 'self';", allowed)
