"""Pages for everybody: the front page, explore, statistics, and the site's texts."""

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from microblog.domain.limits import PAGE_STATUSES
from microblog.http.auth import public
from microblog.http.context import RequestContext
from microblog.http.cookies import THEMES, set_theme_cookie
from microblog.http.csrf import csrf_exempt, refuse_other_sites
from microblog.http.redirects import go, safe_next
from microblog.services import accounts, statistics, timelines
from microblog.services.sessions import Viewer
from microblog.web.charts import build_charts
from microblog.web.paging import page_links, read_page_request
from microblog.web.presenters import present_accounts, present_days, present_statuses, present_tags
from microblog.web.rendering import render

EXPLORE_ACCOUNTS = 5
EXPLORE_TAGS = 10
STATISTICS_DAYS = 30

blueprint = Blueprint("public", __name__)


@blueprint.get("/")
@public
def front(context: RequestContext[Viewer | None]) -> ResponseReturnValue:
    """The public timeline with a welcome; people who are logged in go home."""
    if context.viewer:
        return go(url_for("timelines.home"))
    page = timelines.read_public(context.session, viewer_id=None, page=read_page_request(PAGE_STATUSES))
    return render("front.html", statuses=present_statuses(page.items, None), **page_links(page))


@blueprint.get("/explore")
@public
def explore(context: RequestContext[Viewer | None]) -> ResponseReturnValue:
    """What is talked about, who writes, and the public timeline."""
    viewer_id = context.viewer.account_id if context.viewer else None
    page = timelines.read_public(context.session, viewer_id=viewer_id, page=read_page_request(PAGE_STATUSES))
    people = accounts.suggest_accounts(context.session, viewer_id=viewer_id, limit=EXPLORE_ACCOUNTS)
    return render(
        "explore.html",
        tags=present_tags(statistics.top_tags(context.session, limit=EXPLORE_TAGS)),
        accounts=present_accounts(people, context.viewer),
        statuses=present_statuses(page.items, context.viewer),
        **page_links(page),
    )


@blueprint.get("/statistics", endpoint="statistics")
@public
def show_statistics(context: RequestContext[Viewer | None]) -> ResponseReturnValue:
    """Daily figures as charts, and the most used tags."""
    days = statistics.list_days(context.session, limit=STATISTICS_DAYS)
    tags = present_tags(statistics.top_tags(context.session, limit=EXPLORE_TAGS))
    return render("statistics.html", charts=build_charts(present_days(days)), tags=tags)


@blueprint.get("/about")
@public
def about(_context: RequestContext[Viewer | None]) -> ResponseReturnValue:
    """What this site is."""
    return render("about.html")


@blueprint.get("/terms")
@public
def terms(_context: RequestContext[Viewer | None]) -> ResponseReturnValue:
    """The rules of the site."""
    return render("terms.html")


@blueprint.get("/privacy")
@public
def privacy(_context: RequestContext[Viewer | None]) -> ResponseReturnValue:
    """What is stored, and who sees it."""
    return render("privacy.html")


@blueprint.post("/theme")
@csrf_exempt
@public
def theme(context: RequestContext[Viewer | None]) -> ResponseReturnValue:
    """Keep the chosen theme in its cookie."""
    settings = context.resources.settings
    refuse_other_sites(settings)
    response = go(safe_next(request.form.get("next")) or url_for("public.front"))
    if (chosen := request.form.get("theme")) in THEMES:
        set_theme_cookie(response, settings, chosen)
    return response
