"""Hashtag pages."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from microblog.domain.errors import NotFound
from microblog.domain.limits import PAGE_STATUSES, TAG_CHARACTERS
from microblog.domain.text import clean_line, normalise_tag
from microblog.http.auth import public
from microblog.http.context import RequestContext
from microblog.services import timelines
from microblog.services.sessions import Viewer
from microblog.web.paging import page_links, read_page_request
from microblog.web.presenters import present_statuses
from microblog.web.rendering import render

blueprint = Blueprint("tags", __name__)


@blueprint.get("/tags/<name>")
@public
def show(context: RequestContext[Viewer | None], name: str) -> ResponseReturnValue:
    """Public posts with a tag."""
    tag = normalise_tag(name)
    if clean_line(tag) != tag or not 0 < len(tag) <= TAG_CHARACTERS:
        raise NotFound
    viewer = context.viewer
    page = timelines.read_tag(
        context.session,
        name=tag,
        viewer_id=viewer.account_id if viewer else None,
        page=read_page_request(PAGE_STATUSES),
    )
    return render("tag.html", tag=tag, statuses=present_statuses(page.items, viewer), **page_links(page))
