"""The home timeline."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from microblog.domain.limits import PAGE_STATUSES
from microblog.http.auth import signed_in
from microblog.http.context import RequestContext
from microblog.services import timelines
from microblog.services.sessions import Viewer
from microblog.web.forms import ComposeForm
from microblog.web.paging import page_links, read_page_request
from microblog.web.presenters import present_statuses
from microblog.web.rendering import render

blueprint = Blueprint("timelines", __name__)


@blueprint.get("/home")
@signed_in
def home(context: RequestContext[Viewer]) -> ResponseReturnValue:
    """Posts of those whom the viewer follows, and their own."""
    viewer = context.viewer
    page = timelines.read_home(
        context.session,
        context.resources.feeds,
        viewer_id=viewer.account_id,
        feed_version=viewer.feed_version,
        following_count=viewer.following_count,
        page=read_page_request(PAGE_STATUSES),
    )
    return render(
        "home.html",
        statuses=present_statuses(page.items, viewer),
        form=ComposeForm(),
        needs_confirmation=not viewer.is_confirmed,
        **page_links(page),
    )
