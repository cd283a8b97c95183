"""What links in mails lead to besides confirming and resetting: stopping a kind of mail."""

from flask import Blueprint, Response, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from microblog.domain.errors import InvalidToken
from microblog.http.auth import public
from microblog.http.context import RequestContext
from microblog.http.csrf import csrf_exempt
from microblog.http.headers import hide_address
from microblog.services import credentials
from microblog.services.sessions import Viewer
from microblog.web.forms import ConfirmForm
from microblog.web.rendering import render, render_refused

blueprint = Blueprint("mail", __name__)


@blueprint.after_request
def keep_to_ourselves(response: Response) -> Response:
    """The address holds a token."""
    hide_address(response)
    return response


@blueprint.get("/unsubscribe")
@public
def unsubscribe(context: RequestContext[Viewer | None]) -> ResponseReturnValue:
    """A page with a button, since mail scanners follow links."""
    try:
        context.resources.links.read_unsubscribe(request.args.get("token", ""))
    except InvalidToken:
        return render("unsubscribe.html", form=ConfirmForm(), token_valid=False)
    return render("unsubscribe.html", form=ConfirmForm(), token_valid=True)


@blueprint.post("/unsubscribe")
@csrf_exempt
@public
def stop_mails(context: RequestContext[Viewer | None]) -> ResponseReturnValue:
    """Stop one kind of mail: the page's button, or the mail program's one click (RFC 8058)."""
    try:
        credentials.unsubscribe(context.session, context.resources.links, token=request.args.get("token", ""))
    except InvalidToken:
        return render_refused("unsubscribe.html", form=ConfirmForm(), token_valid=False)
    # Shown by this very answer: a mail program's one click must not be redirected.
    flash(gettext("You get no more mails of this kind."), "success")
    return render("unsubscribe.html", form=ConfirmForm(), token_valid=True, done=True)
