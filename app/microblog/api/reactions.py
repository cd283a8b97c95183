"""What people do with posts: favourites, boosts, bookmarks, pins, muted conversations, and lists of them
(docs.joinmastodon.org/methods/statuses, favourites, bookmarks).
"""

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from microblog.api.answers import Paged
from microblog.api.context import ApiContext
from microblog.api.endpoints import PUBLIC, USER, Endpoints
from microblog.api.entities.accounts import Account
from microblog.api.entities.statuses import Status
from microblog.api.pagination import LongPaging, Paging
from microblog.api.presenters.accounts import present_accounts
from microblog.api.presenters.statuses import present_statuses
from microblog.api.statuses import answer_status
from microblog.domain.visibility import Visibility
from microblog.services import reactions

endpoints = Endpoints("reactions")

STATUS = "/api/v1/statuses/<id:status_id>"


class NewBoost(Struct, frozen=True, kw_only=True):
    """A boost to be."""

    visibility: Literal["public", "unlisted", "private"] | None = None


@endpoints.post(f"{STATUS}/favourite", access=USER, scope="write:favourites")
def favourite(context: ApiContext, status_id: int) -> Status:
    """Like a post."""
    return _react(reactions.favourite, context, status_id)


@endpoints.post(f"{STATUS}/unfavourite", access=USER, scope="write:favourites")
def unfavourite(context: ApiContext, status_id: int) -> Status:
    """Like a post no more."""
    return _react(reactions.unfavourite, context, status_id)


@endpoints.post(f"{STATUS}/reblog", access=USER, scope="write:statuses")
def reblog(context: ApiContext, status_id: int, params: NewBoost) -> Status:
    """Repeat a post for one's followers: the answer is the boost, which holds the post."""
    made = reactions.boost(
        context.session,
        context.resources.feeds,
        account_id=context.account_id,
        feed_version=context.person.feed_version,
        status_id=status_id,
        visibility=Visibility(params.visibility or context.person.default_visibility),
    )
    return answer_status(context, made)


@endpoints.post(f"{STATUS}/unreblog", access=USER, scope="write:statuses")
def unreblog(context: ApiContext, status_id: int) -> Status:
    """Take one's boost back: the answer is the post."""
    boosted_id = reactions.unboost(context.session, account_id=context.account_id, status_id=status_id)
    return answer_status(context, boosted_id)


@endpoints.post(f"{STATUS}/bookmark", access=USER, scope="write:bookmarks")
def bookmark(context: ApiContext, status_id: int) -> Status:
    """Keep a post for later; nobody is told."""
    return _react(reactions.bookmark, context, status_id)


@endpoints.post(f"{STATUS}/unbookmark", access=USER, scope="write:bookmarks")
def unbookmark(context: ApiContext, status_id: int) -> Status:
    """Keep a post no more."""
    return _react(reactions.unbookmark, context, status_id)


@endpoints.post(f"{STATUS}/pin", access=USER, scope="write:accounts")
def pin(context: ApiContext, status_id: int) -> Status:
    """Put a post of one's own at the top of the profile."""
    return _react(reactions.pin, context, status_id)


@endpoints.post(f"{STATUS}/unpin", access=USER, scope="write:accounts")
def unpin(context: ApiContext, status_id: int) -> Status:
    """Take a post from the top of the profile."""
    return _react(reactions.unpin, context, status_id)


@endpoints.post(f"{STATUS}/mute", access=USER, scope="write:mutes")
def mute(context: ApiContext, status_id: int) -> Status:
    """Be told no more of what is said in a post's conversation."""
    return _react(reactions.mute_conversation, context, status_id)


@endpoints.post(f"{STATUS}/unmute", access=USER, scope="write:mutes")
def unmute(context: ApiContext, status_id: int) -> Status:
    """Be told of a post's conversation again."""
    return _react(reactions.unmute_conversation, context, status_id)


@endpoints.get(f"{STATUS}/favourited_by", access=PUBLIC, scope="read:accounts")
def list_favourited_by(context: ApiContext, status_id: int, params: LongPaging) -> Paged[Account]:
    """Who likes a post, the latest first."""
    page = reactions.list_favourited_by(
        context.session, status_id=status_id, viewer_id=context.viewer_id, page=params.page_request()
    )
    return Paged(present_accounts(page.items, context.urls), page)


@endpoints.get(f"{STATUS}/reblogged_by", access=PUBLIC, scope="read:accounts")
def list_reblogged_by(context: ApiContext, status_id: int, params: LongPaging) -> Paged[Account]:
    """Who boosted a post, the latest first."""
    page = reactions.list_reblogged_by(
        context.session, status_id=status_id, viewer_id=context.viewer_id, page=params.page_request()
    )
    return Paged(present_accounts(page.items, context.urls), page)


@endpoints.get("/api/v1/favourites", access=USER, scope="read:favourites")
def list_favourites(context: ApiContext, params: Paging) -> Paged[Status]:
    """What one likes, the latest first. Page by the `Link` header: cursors are no ids of posts."""
    page = reactions.list_favourites(
        context.session, account_id=context.account_id, page=params.page_request()
    )
    return Paged(present_statuses(context, page.items), page)


@endpoints.get("/api/v1/bookmarks", access=USER, scope="read:bookmarks")
def list_bookmarks(context: ApiContext, params: Paging) -> Paged[Status]:
    """What one bookmarked, the latest first. Page by the `Link` header: cursors are no ids of posts."""
    page = reactions.list_bookmarks(
        context.session, account_id=context.account_id, page=params.page_request()
    )
    return Paged(present_statuses(context, page.items), page)


def _react(do: Callable[..., None], context: ApiContext, status_id: int) -> Status:
    do(context.session, account_id=context.account_id, status_id=status_id)
    return answer_status(context, status_id)
