"""Notifications: mentions and follows."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from microblog.domain.limits import PAGE_NOTIFICATIONS
from microblog.http.auth import signed_in
from microblog.http.context import RequestContext
from microblog.services import notifications
from microblog.services.sessions import Viewer
from microblog.web.paging import page_links, read_page_request
from microblog.web.presenters import present_notifications
from microblog.web.rendering import render

blueprint = Blueprint("notifications", __name__)


@blueprint.get("/notifications")
@signed_in
def index(context: RequestContext[Viewer]) -> ResponseReturnValue:
    """What happened to the viewer; what the page shows counts as read from then on."""
    session, viewer = context.session, context.viewer
    page = notifications.list_notifications(
        session, account_id=viewer.account_id, page=read_page_request(PAGE_NOTIFICATIONS)
    )
    last_read_id = notifications.last_read_id(session, account_id=viewer.account_id)
    newest = max((item.id for item in page.items), default=0)
    if newest > last_read_id:
        notifications.mark_read(session, account_id=viewer.account_id, up_to_id=newest)
    pairs = [(item.account, item.status) for item in page.items]
    return render(
        "notifications.html",
        notifications=present_notifications(pairs, viewer, last_read_id),
        **page_links(page),
    )
