"""Signing up, confirming an address, logging in and out, and resetting a password.

Nothing here tells whether an address has an account: answers differ only in the mail that follows.
"""

import structlog
from flask import Blueprint, Response, flash, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from microblog.domain import mail_purposes
from microblog.domain.errors import InvalidCredentials, InvalidToken, ValidationError
from microblog.domain.text import clean_line
from microblog.http.auth import public, signed_in
from microblog.http.context import RequestContext
from microblog.http.cookies import delete_log_in_cookie, set_log_in_cookie
from microblog.http.headers import hide_address
from microblog.http.redirects import go, safe_next
from microblog.observability import metrics
from microblog.observability.logs import bind_context
from microblog.services import accounts, credentials, sessions
from microblog.services.sessions import Viewer
from microblog.web.forms import ConfirmForm, ForgotForm, LogInForm, ResetForm, SignUpForm
from microblog.web.limits import (
    check_limits,
    limit_confirmation,
    limit_log_in,
    may_mail_reset,
    sign_up_limits,
    use_limits,
)
from microblog.web.rendering import render, render_refused

blueprint = Blueprint("auth", __name__)
log = structlog.get_logger(__name__)


@blueprint.after_request
def keep_to_ourselves(response: Response) -> Response:
    """These pages hold tokens of forms and links."""
    hide_address(response)
    return response


@blueprint.get("/sign-up")
@public
def sign_up(context: RequestContext[Viewer | None]) -> ResponseReturnValue:
    """The form for a new account."""
    return _go_home() if context.viewer else render("sign_up.html", form=SignUpForm())


@blueprint.post("/sign-up")
@public
def create_account(context: RequestContext[Viewer | None]) -> ResponseReturnValue:
    """Make an unconfirmed account and log in to it; a link is mailed to the address."""
    form = SignUpForm()
    if not form.validate():
        return render_refused("sign_up.html", form=form)
    username, password = form.username.data or "", form.password.data or ""
    email = form.email.data or ""
    # Checked first, since a hash is dear.
    limits = sign_up_limits(email)
    check_limits(limits)
    try:
        accounts.sign_up(
            context.session, context.resources.hasher, username=username, email=email, password=password
        )
    except ValidationError as error:
        form.add_errors(error)
        return render_refused("sign_up.html", form=form)
    # Only accounts made count: a name that is taken or a password too common must not lock anybody out.
    use_limits(limits)
    metrics.SIGN_UPS.inc()
    response = _start_session(
        context, sessions.normalise_identifier(username), password, url_for("auth.check_mail")
    )
    log.info("account.signed_up")
    return response


@blueprint.get("/sign-up/check-mail")
@public
def check_mail(_context: RequestContext[Viewer | None]) -> ResponseReturnValue:
    """Tell a new person to look into their mailbox."""
    return render("check_mail.html", purpose="confirm")


@blueprint.get("/log-in")
@public
def log_in(context: RequestContext[Viewer | None]) -> ResponseReturnValue:
    """The form to log in."""
    return _go_home() if context.viewer else render("log_in.html", form=LogInForm())


@blueprint.post("/log-in")
@public
def start_session(context: RequestContext[Viewer | None]) -> ResponseReturnValue:
    """Check name and password, make a session and end the one the browser had."""
    form = LogInForm()
    if not form.validate():
        return render_refused("log_in.html", form=form)
    identifier = sessions.normalise_identifier(form.identifier.data or "")
    limits = limit_log_in(identifier)
    target = safe_next(request.args.get("next")) or url_for("timelines.home")
    try:
        return _start_session(context, identifier, form.password.data or "", target)
    except InvalidCredentials as error:
        metrics.LOG_INS.labels("refused").inc()
        log.info("log_in.refused")
        use_limits(limits)
        form.add_errors(error)
        return render_refused("log_in.html", form=form)


def _start_session(
    context: RequestContext[Viewer | None], identifier: str, password: str, target: str
) -> Response:
    resources = context.resources
    new = sessions.log_in(
        context.session,
        resources.hasher,
        identifier=identifier,
        password=password,
        user_agent=request.headers.get("User-Agent", ""),
        lifetime_days=resources.settings.session_days,
    )
    if old := context.viewer:
        sessions.log_out(context.session, account_id=old.account_id, session_id=old.session_id)
    metrics.LOG_INS.labels("succeeded").inc()
    bind_context(account_id=new.account_id)
    log.info("log_in.succeeded", session_id=new.session_id)
    # A form token made before the log-in must not work after it.
    session.clear()
    response = go(target)
    set_log_in_cookie(response, resources.settings, new.token)
    return response


@blueprint.post("/log-out")
@signed_in
def log_out(context: RequestContext[Viewer]) -> ResponseReturnValue:
    """End this session."""
    viewer = context.viewer
    sessions.log_out(context.session, account_id=viewer.account_id, session_id=viewer.session_id)
    session.clear()
    response = go(url_for("public.front"))
    delete_log_in_cookie(response, context.resources.settings)
    return response


@blueprint.get("/confirm-email")
@public
def confirm(context: RequestContext[Viewer | None]) -> ResponseReturnValue:
    """The page behind a mailed link: a button only, since mail scanners follow links."""
    is_valid = credentials.is_confirmation_valid(
        context.session, context.resources.links, token=request.args.get("token", "")
    )
    return render("confirm_email.html", form=ConfirmForm(), token_valid=is_valid)


@blueprint.post("/confirm-email")
@public
def use_confirmation(context: RequestContext[Viewer | None]) -> ResponseReturnValue:
    """Make the address the account's own."""
    try:
        credentials.confirm_email(
            context.session, context.resources.links, token=request.args.get("token", "")
        )
    except InvalidToken:
        return render_refused("confirm_email.html", form=ConfirmForm(), token_valid=False)
    flash(gettext("Your e-mail address is confirmed."), "success")
    return _go_home() if context.viewer else go(url_for("auth.log_in"))


@blueprint.post("/confirm-email/resend")
@signed_in
def resend(context: RequestContext[Viewer]) -> ResponseReturnValue:
    """Mail the confirmation link once more."""
    account_id = context.viewer.account_id
    email = accounts.get_preferences(context.session, account_id=account_id).email
    limit_confirmation(account_id, email)
    credentials.resend_confirmation(context.session, account_id=account_id)
    flash(gettext("The link is on its way once more."), "success")
    return _go_home()


@blueprint.get("/reset-password")
@public
def forgot(_context: RequestContext[Viewer | None]) -> ResponseReturnValue:
    """The form that asks for a reset link."""
    return render("forgot_password.html", form=ForgotForm())


@blueprint.post("/reset-password")
@public
def send_reset(context: RequestContext[Viewer | None]) -> ResponseReturnValue:
    """Mail a reset link, if there is such an account; the answer is always the same."""
    form = ForgotForm()
    if not form.validate():
        return render_refused("forgot_password.html", form=form)
    email = clean_line(form.email.data or "")
    if may_mail_reset(email):
        credentials.request_password_reset(context.session, email=email)
    return render("check_mail.html", purpose="reset")


@blueprint.get("/reset-password/new")
@public
def reset(context: RequestContext[Viewer | None]) -> ResponseReturnValue:
    """The form behind a mailed reset link."""
    is_valid = credentials.is_token_valid(
        context.session,
        context.resources.links,
        token=request.args.get("token", ""),
        purpose=mail_purposes.RESET,
    )
    return render("reset_password.html", form=ResetForm(), token_valid=is_valid)


@blueprint.post("/reset-password/new")
@public
def use_reset(context: RequestContext[Viewer | None]) -> ResponseReturnValue:
    """Set the new password; all sessions end."""
    form, resources = ResetForm(), context.resources
    if not form.validate():
        return render_refused("reset_password.html", form=form, token_valid=True)
    try:
        credentials.reset_password(
            context.session,
            resources.hasher,
            resources.links,
            token=request.args.get("token", ""),
            password=form.password.data or "",
        )
    except InvalidToken:
        return render_refused("reset_password.html", form=form, token_valid=False)
    except ValidationError as error:
        form.add_errors(error)
        return render_refused("reset_password.html", form=form, token_valid=True)
    flash(gettext("The password is changed. Log in with the new one."), "success")
    return go(url_for("auth.log_in"))


def _go_home() -> Response:
    return go(url_for("timelines.home"))
