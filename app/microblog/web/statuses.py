"""Posts: showing one with its thread, writing, deleting."""

import structlog
from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from microblog.domain.errors import NotFound, ValidationError
from microblog.domain.ids import parse_id
from microblog.domain.visibility import Visibility
from microblog.http.auth import confirmed, public, signed_in
from microblog.http.context import RequestContext, get_limiter
from microblog.http.redirects import go
from microblog.services import posting, statuses
from microblog.services.posting import Draft
from microblog.services.sessions import Viewer
from microblog.web.forms import ComposeForm, ConfirmForm
from microblog.web.presenters import StatusView, present_status, present_statuses
from microblog.web.rendering import render, render_refused

blueprint = Blueprint("statuses", __name__)
log = structlog.get_logger(__name__)


@blueprint.get("/@<username:username>/<id:status_id>")
@public
def show(context: RequestContext[Viewer | None], username: str, status_id: int) -> ResponseReturnValue:
    """One post with what it answers and what answers it."""
    viewer = context.viewer
    thread = statuses.get_thread(
        context.session, status_id=status_id, viewer_id=viewer.account_id if viewer else None
    )
    if thread.status.author_username != username:
        right = url_for("statuses.show", username=thread.status.author_username, status_id=status_id)
        return redirect(right, 301)
    return render(
        "status.html",
        ancestors=present_statuses(thread.ancestors, viewer),
        status=present_status(thread.status, viewer),
        descendants=present_statuses(thread.descendants, viewer),
        form=ComposeForm(in_reply_to_id=status_id) if viewer and viewer.is_confirmed else None,
    )


@blueprint.get("/write")
@signed_in
def write(context: RequestContext[Viewer]) -> ResponseReturnValue:
    """The form for a post, or for a reply (`?in_reply_to=`)."""
    if not context.viewer.is_confirmed:
        flash(gettext("Confirm your e-mail address first, then you can write."), "info")
        return go(url_for("timelines.home"))
    answered_id = parse_id(request.args.get("in_reply_to"))
    answered = _present(context, answered_id) if answered_id is not None else None
    return render("write.html", form=ComposeForm(in_reply_to_id=answered_id), in_reply_to=answered)


@blueprint.post("/write")
@confirmed
def create(context: RequestContext[Viewer]) -> ResponseReturnValue:
    """Write the post; a refused one comes back with its text."""
    form, viewer = ComposeForm(), context.viewer
    answered_id = parse_id(form.in_reply_to_id.data)
    try:
        if not form.validate():
            return _render_refused(context, form, answered_id)
        get_limiter().use("post", account=str(viewer.account_id))
        status_id = posting.post_status(
            context.session,
            context.resources.feeds,
            author_id=viewer.account_id,
            feed_version=viewer.feed_version,
            draft=Draft(
                text=form.text.data or "",
                sensitive=viewer.default_sensitive,
                language=viewer.default_language,
            ),
            visibility=Visibility(viewer.default_visibility),
            is_chosen=False,
            in_reply_to_id=answered_id,
        )
    except ValidationError as error:
        form.add_errors(error)
        return _render_refused(context, form, answered_id)
    log.info("status.posted", status_id=status_id)
    flash(gettext("Your post is published."), "success")
    if answered_id is None:
        return go(url_for("timelines.home"))
    return go(url_for("statuses.show", username=viewer.username, status_id=status_id))


def _render_refused(
    context: RequestContext[Viewer], form: ComposeForm, answered_id: int | None
) -> ResponseReturnValue:
    try:
        answered = _present(context, answered_id) if answered_id is not None else None
    except NotFound:
        answered = None
    return render_refused("write.html", form=form, in_reply_to=answered)


@blueprint.get("/@<username:username>/<id:status_id>/delete")
@signed_in
def delete(context: RequestContext[Viewer], username: str, status_id: int) -> ResponseReturnValue:
    """Ask once before deleting."""
    status = _present(context, status_id)
    if not status.is_own or status.author.username.lower() != username.lower():
        raise NotFound
    return render("delete_status.html", status=status, form=ConfirmForm())


@blueprint.post("/@<username:username>/<id:status_id>/delete")
@signed_in
def delete_now(context: RequestContext[Viewer], username: str, status_id: int) -> ResponseReturnValue:  # noqa: ARG001 - the id alone decides
    """Delete one's own post."""
    statuses.delete_status(context.session, account_id=context.viewer.account_id, status_id=status_id)
    log.info("status.deleted", status_id=status_id)
    flash(gettext("Your post is deleted."), "success")
    return go(url_for("accounts.profile", username=context.viewer.username))


def _present(context: RequestContext[Viewer], status_id: int) -> StatusView:
    viewer = context.viewer
    row = statuses.get_status(context.session, status_id=status_id, viewer_id=viewer.account_id)
    return present_status(row, viewer)
