"""What a person allowed applications, and the applications that they made themselves."""

from flask import Blueprint, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from microblog.domain.errors import ValidationError
from microblog.http.auth import confirmed, signed_in
from microblog.http.context import RequestContext, get_limiter
from microblog.http.redirects import go
from microblog.services import applications
from microblog.services.sessions import Viewer
from microblog.web.application_views import present_authorized, present_owned
from microblog.web.forms import ApplicationForm, ConfirmForm
from microblog.web.rendering import render, render_refused

blueprint = Blueprint("applications", __name__, url_prefix="/settings")


@blueprint.get("/authorized")
@signed_in
def authorized(context: RequestContext[Viewer]) -> ResponseReturnValue:
    """The applications that may use the viewer's account."""
    rows = applications.list_authorized(context.session, account_id=context.viewer.account_id)
    return render(
        "settings/authorized.html", applications=present_authorized(rows, context.viewer), form=ConfirmForm()
    )


@blueprint.post("/authorized/<id:application_id>/revoke")
@signed_in
def revoke(context: RequestContext[Viewer], application_id: int) -> ResponseReturnValue:
    """Take back what an application may do."""
    applications.revoke_authorized(
        context.session, account_id=context.viewer.account_id, application_id=application_id
    )
    flash(gettext("The application has no access to your account any more."), "success")
    return go(url_for("applications.authorized"))


@blueprint.get("/applications")
@signed_in
def index(context: RequestContext[Viewer]) -> ResponseReturnValue:
    """The applications that the viewer made, and the form for a new one."""
    return render("settings/applications.html", **_page(context, ApplicationForm(formdata=None)))


@blueprint.post("/applications")
@confirmed
def create(context: RequestContext[Viewer]) -> ResponseReturnValue:
    """Make an application; its secret is shown this once."""
    form = ApplicationForm()
    if not form.validate():
        return render_refused("settings/applications.html", **_page(context, form))
    get_limiter().use("app", account=str(context.viewer.account_id))
    try:
        new = applications.register_application(
            context.session,
            name=form.name.data or "",
            redirect_uris=form.redirect_uris.data or "",
            scopes=form.scopes.data or "",
            website=form.website.data or "",
            is_secure=context.resources.settings.is_secure,
            owner_id=context.viewer.account_id,
        )
    except ValidationError as error:
        form.add_errors(error)
        return render_refused("settings/applications.html", **_page(context, form))
    return render("settings/application_secret.html", name=new.row.name, client=new)


@blueprint.post("/applications/<id:application_id>/token")
@confirmed
def make_token(context: RequestContext[Viewer], application_id: int) -> ResponseReturnValue:
    """Make a token for oneself; it is shown this once."""
    viewer = context.viewer
    new = applications.make_personal_token(
        context.session,
        account_id=viewer.account_id,
        session_id=viewer.session_id,
        application_id=application_id,
    )
    name = applications.get_application(context.session, application_id=application_id).name
    return render("settings/application_secret.html", name=name, token=new.token)


@blueprint.post("/applications/<id:application_id>/delete")
@signed_in
def delete(context: RequestContext[Viewer], application_id: int) -> ResponseReturnValue:
    """Delete an application of one's own; it loses its access to everybody's account."""
    applications.delete_application(
        context.session, account_id=context.viewer.account_id, application_id=application_id
    )
    flash(gettext("The application is deleted."), "success")
    return go(url_for("applications.index"))


def _page(context: RequestContext[Viewer], form: ApplicationForm) -> dict[str, object]:
    rows = applications.list_owned(context.session, account_id=context.viewer.account_id)
    return {"applications": present_owned(rows, context.viewer), "form": form}
