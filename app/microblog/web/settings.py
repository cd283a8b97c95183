"""What people set for themselves: profile, address and password, preferences, sessions."""

from collections.abc import Callable

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.datastructures import FileStorage

from microblog.domain.errors import TooLarge, UnsupportedMedia, ValidationError
from microblog.http.auth import signed_in
from microblog.http.bodies import takes_upload
from microblog.http.context import RequestContext, get_limiter
from microblog.http.redirects import go
from microblog.services import accounts, credentials, media, sessions
from microblog.services.sessions import Viewer
from microblog.web.forms import ConfirmForm, EmailForm, PasswordForm, PreferencesForm, ProfileForm, SiteForm
from microblog.web.limits import limit_confirmation
from microblog.web.presenters import present_account, present_sessions
from microblog.web.rendering import render, render_refused

blueprint = Blueprint("settings", __name__, url_prefix="/settings")


@blueprint.get("/")
@signed_in
def index(_context: RequestContext[Viewer]) -> ResponseReturnValue:
    """The settings begin with the profile."""
    return go(url_for("settings.profile"))


@blueprint.get("/profile")
@signed_in
def profile(context: RequestContext[Viewer]) -> ResponseReturnValue:
    """The form for display name, bio and picture."""
    account = accounts.get_account_by_id(context.session, account_id=context.viewer.account_id)
    form = ProfileForm(display_name=account.display_name, note=account.note)
    return render("settings/profile.html", form=form, account=present_account(account, context.viewer))


@blueprint.post("/profile")
@takes_upload
@signed_in
def save_profile(context: RequestContext[Viewer]) -> ResponseReturnValue:
    """Save the profile: all of it, or nothing where one part is refused."""
    form = ProfileForm()
    if not form.validate() or not _save_profile(context, form):
        account = accounts.get_account_by_id(context.session, account_id=context.viewer.account_id)
        return render_refused(
            "settings/profile.html", form=form, account=present_account(account, context.viewer)
        )
    flash(gettext("Your profile is saved."), "success")
    return go(url_for("settings.profile"))


def _save_profile(context: RequestContext[Viewer], form: ProfileForm) -> bool:
    account_id = context.viewer.account_id
    get_limiter().use("post", profile=str(account_id))
    try:
        accounts.update_profile(
            context.session,
            account_id=account_id,
            display_name=form.display_name.data or "",
            note=form.note.data or "",
        )
        if form.remove_avatar.data:
            media.remove_avatar(context.session, account_id=account_id)
        elif form.avatar.data:
            _store_avatar(context, form.avatar.data)
    except ValidationError as error:
        form.add_errors(error)
        return False
    return True


def _store_avatar(context: RequestContext[Viewer], upload: FileStorage) -> None:
    resources = context.resources
    get_limiter().use("post", uploads=str(context.viewer.account_id))
    try:
        media.store_avatar(
            context.session,
            resources.storage,
            account_id=context.viewer.account_id,
            data=upload.stream.read(resources.settings.upload_max_bytes + 1),
            max_bytes=resources.settings.upload_max_bytes,
            max_pixels=resources.settings.upload_max_pixels,
        )
    except (TooLarge, UnsupportedMedia) as error:
        raise ValidationError({"avatar": error.message}) from error


@blueprint.get("/account")
@signed_in
def account(context: RequestContext[Viewer]) -> ResponseReturnValue:
    """The forms for e-mail address and password."""
    return render("settings/account.html", **_account_page(context, EmailForm(), PasswordForm()))


@blueprint.post("/account")
@signed_in
def save_account(context: RequestContext[Viewer]) -> ResponseReturnValue:
    """Change the address or the password, by the button pressed."""
    if request.form.get("change") == "email":
        email_form, password_form = EmailForm(), PasswordForm(formdata=None)
        is_done = email_form.validate() and _try(email_form, lambda: _change_email(context, email_form))
    else:
        email_form, password_form = EmailForm(formdata=None), PasswordForm()
        is_done = password_form.validate() and _try(
            password_form, lambda: _change_password(context, password_form)
        )
    if not is_done:
        return render_refused("settings/account.html", **_account_page(context, email_form, password_form))
    return go(url_for("settings.account"))


def _account_page(
    context: RequestContext[Viewer], email_form: EmailForm, password_form: PasswordForm
) -> dict[str, object]:
    account_id = context.viewer.account_id
    return {
        "email": accounts.get_preferences(context.session, account_id=account_id).email,
        "pending_email": credentials.get_pending_email(context.session, account_id=account_id),
        "email_form": email_form,
        "password_form": password_form,
    }


def _change_email(context: RequestContext[Viewer], form: EmailForm) -> None:
    account_id = context.viewer.account_id
    get_limiter().use("log_in", account=str(account_id))
    limit_confirmation(account_id, form.email.data or "")
    credentials.request_email_change(
        context.session,
        context.resources.hasher,
        account_id=account_id,
        current_password=form.current_password.data or "",
        email=form.email.data or "",
    )
    flash(gettext("A link is on its way to the new address. Follow it to confirm the change."), "success")


def _change_password(context: RequestContext[Viewer], form: PasswordForm) -> None:
    get_limiter().use("log_in", account=str(context.viewer.account_id))
    credentials.change_password(
        context.session,
        context.resources.hasher,
        account_id=context.viewer.account_id,
        current_password=form.current_password.data or "",
        new_password=form.new_password.data or "",
        keep_session_id=context.viewer.session_id,
    )
    flash(gettext("Your password is changed, and all your other sessions are ended."), "success")


@blueprint.get("/preferences")
@signed_in
def preferences(context: RequestContext[Viewer]) -> ResponseReturnValue:
    """The form for time zone and mails."""
    present = accounts.get_preferences(context.session, account_id=context.viewer.account_id)
    return render("settings/preferences.html", form=PreferencesForm(obj=present))


@blueprint.post("/preferences")
@signed_in
def save_preferences(context: RequestContext[Viewer]) -> ResponseReturnValue:
    """Save time zone and mails."""
    form = PreferencesForm()
    if not form.validate() or not _try(form, lambda: _save_preferences(context, form)):
        return render_refused("settings/preferences.html", form=form)
    flash(gettext("Your preferences are saved."), "success")
    return go(url_for("settings.preferences"))


def _save_preferences(context: RequestContext[Viewer], form: PreferencesForm) -> None:
    accounts.update_preferences(
        context.session,
        account_id=context.viewer.account_id,
        time_zone=form.time_zone.data or "",
        mail_mentions=bool(form.mail_mentions.data),
        mail_follows=bool(form.mail_follows.data),
    )


@blueprint.get("/sessions", endpoint="sessions")
@signed_in
def list_sessions(context: RequestContext[Viewer]) -> ResponseReturnValue:
    """Where the viewer is logged in."""
    rows = sessions.list_sessions(context.session, account_id=context.viewer.account_id)
    return render(
        "settings/sessions.html", sessions=present_sessions(rows, context.viewer), form=ConfirmForm()
    )


@blueprint.post("/sessions/<id:session_id>/revoke")
@signed_in
def revoke_session(context: RequestContext[Viewer], session_id: int) -> ResponseReturnValue:
    """End one of one's own sessions."""
    sessions.revoke_session(context.session, account_id=context.viewer.account_id, session_id=session_id)
    flash(gettext("The session is ended."), "success")
    return go(url_for("settings.sessions"))


@blueprint.post("/sessions/revoke-others")
@signed_in
def revoke_others(context: RequestContext[Viewer]) -> ResponseReturnValue:
    """Log out everywhere but here."""
    viewer = context.viewer
    sessions.revoke_other_sessions(
        context.session, account_id=viewer.account_id, keep_session_id=viewer.session_id
    )
    flash(gettext("You are logged out everywhere else."), "success")
    return go(url_for("settings.sessions"))


def _try(form: SiteForm, change: Callable[[], None]) -> bool:
    """Whether the service took the change; its objections go to the form."""
    try:
        change()
    except ValidationError as error:
        form.add_errors(error)
        return False
    return True
