"""Following and unfollowing."""

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from microblog.http.auth import confirmed, signed_in
from microblog.http.context import RequestContext, get_limiter
from microblog.http.redirects import go
from microblog.services import accounts, relationships
from microblog.services.sessions import Viewer

blueprint = Blueprint("relationships", __name__)


@blueprint.post("/@<username:username>/follow")
@confirmed
def follow(context: RequestContext[Viewer], username: str) -> ResponseReturnValue:
    """Follow somebody; it sends a mail, so only proven addresses may, and not too often."""
    get_limiter().use("post", follows=str(context.viewer.account_id))
    target = accounts.get_account(context.session, username=username)
    relationships.follow(context.session, account_id=context.viewer.account_id, target_id=target.id)
    return go(url_for("accounts.profile", username=username))


@blueprint.post("/@<username:username>/unfollow")
@signed_in
def unfollow(context: RequestContext[Viewer], username: str) -> ResponseReturnValue:
    """Stop following somebody."""
    target = accounts.get_account(context.session, username=username)
    relationships.unfollow(context.session, account_id=context.viewer.account_id, target_id=target.id)
    return go(url_for("accounts.profile", username=username))
