"""Profiles, and who follows whom."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Row
from werkzeug import Response

from microblog.domain.errors import N_
from microblog.domain.limits import PAGE_ACCOUNTS, PAGE_STATUSES
from microblog.domain.pages import Page
from microblog.http.auth import public
from microblog.http.context import RequestContext
from microblog.services import accounts, relationships, timelines
from microblog.services.sessions import Viewer
from microblog.web.forms import ConfirmForm
from microblog.web.paging import page_links, read_page_request
from microblog.web.presenters import present_account, present_accounts, present_statuses
from microblog.web.rendering import render

blueprint = Blueprint("accounts", __name__)


@dataclass(frozen=True)
class Relationship:
    """What is between the viewer and the account of a profile. `is_apart`: a block stands between them."""

    following: bool = False
    followed_by: bool = False
    requested: bool = False
    is_apart: bool = False
    is_self: bool = False


@blueprint.get("/@<username:username>")
@public
def profile(context: RequestContext[Viewer | None], username: str) -> ResponseReturnValue:
    """Somebody's profile with their posts."""
    viewer = context.viewer
    account = accounts.get_account(context.session, username=username)
    if account.username != username:
        return _go_to_right_name(account.username)
    page = timelines.read_account(
        context.session,
        account_id=account.id,
        viewer_id=viewer.account_id if viewer else None,
        page=read_page_request(PAGE_STATUSES),
    )
    return render(
        "profile.html",
        account=present_account(account, viewer),
        statuses=present_statuses(page.items, viewer),
        relationship=_find_relationship(context, account.id),
        form=ConfirmForm() if viewer else None,
        **page_links(page),
    )


def _find_relationship(context: RequestContext[Viewer | None], account_id: int) -> Relationship | None:
    if context.viewer is None:
        return None
    if context.viewer.account_id == account_id:
        return Relationship(is_self=True)
    row = relationships.get_relationship(
        context.session, account_id=context.viewer.account_id, target_id=account_id
    )
    is_apart = row.blocking or row.blocked_by
    return Relationship(row.following, row.followed_by, row.requested, is_apart)


@blueprint.get("/@<username:username>/followers")
@public
def followers(context: RequestContext[Viewer | None], username: str) -> ResponseReturnValue:
    """Who follows somebody."""
    return _show_accounts(context, username, relationships.list_followers, N_("Who follows %(name)s"))


@blueprint.get("/@<username:username>/following")
@public
def following(context: RequestContext[Viewer | None], username: str) -> ResponseReturnValue:
    """Whom somebody follows."""
    return _show_accounts(context, username, relationships.list_following, N_("Whom %(name)s follows"))


def _show_accounts(
    context: RequestContext[Viewer | None],
    username: str,
    read: Callable[..., Page[Row[Any]]],
    heading: str,
) -> ResponseReturnValue:
    account = accounts.get_account(context.session, username=username)
    if account.username != username:
        return _go_to_right_name(account.username)
    page = read(
        context.session,
        account_id=account.id,
        viewer_id=context.viewer.account_id if context.viewer else None,
        page=read_page_request(PAGE_ACCOUNTS),
    )
    return render(
        "accounts.html",
        account=present_account(account, context.viewer),
        accounts=present_accounts(page.items, context.viewer),
        heading=gettext(heading, name=account.display_name or account.username),
        **page_links(page),
    )


def _go_to_right_name(username: str) -> Response:
    query = urlencode({name: request.args[name] for name in ("max_id", "min_id") if name in request.args})
    target = url_for(request.endpoint or "", username=username)
    # Names never change, so that the address in its right spelling may be remembered.
    return redirect(f"{target}?{query}" if query else target, 301)
