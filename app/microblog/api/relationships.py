"""Following, blocking, muting, and notes (docs.joinmastodon.org/methods/accounts, blocks, mutes,
follow_requests).
"""

from typing import Annotated

from msgspec import Meta, Struct

from microblog.api.answers import Paged
from microblog.api.context import ApiContext
from microblog.api.endpoints import USER, Endpoints
from microblog.api.entities.accounts import Account, MutedAccount, Relationship
from microblog.api.pagination import LongPaging
from microblog.api.presenters.accounts import present_accounts, present_muted_account
from microblog.api.presenters.relationships import present_relationship
from microblog.api.types import Id
from microblog.domain.limits import RELATIONSHIPS_ASKED
from microblog.services import blocks, follow_requests, mutes, relationships

endpoints = Endpoints("relationships")

ACCOUNT = "/api/v1/accounts/<id:account_id>"


class Others(Struct, frozen=True, kw_only=True):
    """Between whom and oneself. In a query this is `id[]`."""

    id: list[Id] = []
    with_suspended: bool = False


class FollowOptions(Struct, frozen=True, kw_only=True):
    """How one follows somebody; what is left out stays."""

    reblogs: Annotated[bool | None, Meta(description="Whether boosts are in the home timeline.")] = None
    notify: Annotated[bool | None, Meta(description="Whether each post is a notification.")] = None


class MuteOptions(Struct, frozen=True, kw_only=True):
    """How one mutes somebody."""

    notifications: Annotated[bool, Meta(description="Whether to be told nothing of them either.")] = True
    duration: Annotated[int, Meta(description="In seconds; 0: for good.")] = 0


class Note(Struct, frozen=True, kw_only=True):
    """What one notes about somebody; nobody else reads it."""

    comment: Annotated[str | None, Meta(description="Empty: no note any more.")] = None


@endpoints.get("/api/v1/accounts/relationships", access=USER, scope="read:follows")
def index(context: ApiContext, params: Others) -> list[Relationship]:
    """What is between oneself and others."""
    rows = relationships.read_relationships(
        context.session, account_id=context.account_id, target_ids=params.id[:RELATIONSHIPS_ASKED]
    )
    return [present_relationship(row) for row in rows]


@endpoints.post(f"{ACCOUNT}/follow", access=USER, scope="write:follows")
def follow(context: ApiContext, account_id: int, params: FollowOptions) -> Relationship:
    """Follow somebody, or ask to where they are locked; also changes how one follows."""
    relationships.follow(
        context.session,
        account_id=context.account_id,
        target_id=account_id,
        shows_reblogs=params.reblogs,
        notifies=params.notify,
    )
    return _answer(context, account_id)


@endpoints.post(f"{ACCOUNT}/unfollow", access=USER, scope="write:follows")
def unfollow(context: ApiContext, account_id: int) -> Relationship:
    """Follow somebody no more, or take the request back."""
    relationships.unfollow(context.session, account_id=context.account_id, target_id=account_id)
    return _answer(context, account_id)


@endpoints.post(f"{ACCOUNT}/remove_from_followers", access=USER, scope="write:follows")
def remove_from_followers(context: ApiContext, account_id: int) -> Relationship:
    """Be followed by somebody no more."""
    relationships.remove_follower(context.session, account_id=context.account_id, follower_id=account_id)
    return _answer(context, account_id)


@endpoints.post(f"{ACCOUNT}/block", access=USER, scope="write:blocks")
def block(context: ApiContext, account_id: int) -> Relationship:
    """Keep somebody away: neither sees, follows or reaches the other."""
    blocks.block(context.session, account_id=context.account_id, target_id=account_id)
    return _answer(context, account_id)


@endpoints.post(f"{ACCOUNT}/unblock", access=USER, scope="write:blocks")
def unblock(context: ApiContext, account_id: int) -> Relationship:
    """Take a block back."""
    blocks.unblock(context.session, account_id=context.account_id, target_id=account_id)
    return _answer(context, account_id)


@endpoints.post(f"{ACCOUNT}/mute", access=USER, scope="write:mutes")
def mute(context: ApiContext, account_id: int, params: MuteOptions) -> Relationship:
    """Read somebody no more in timelines; they aren't told."""
    mutes.mute(
        context.session,
        account_id=context.account_id,
        target_id=account_id,
        hides_notifications=params.notifications,
        duration=params.duration,
    )
    return _answer(context, account_id)


@endpoints.post(f"{ACCOUNT}/unmute", access=USER, scope="write:mutes")
def unmute(context: ApiContext, account_id: int) -> Relationship:
    """Read somebody again."""
    mutes.unmute(context.session, account_id=context.account_id, target_id=account_id)
    return _answer(context, account_id)


@endpoints.post(f"{ACCOUNT}/note", access=USER, scope="write:accounts")
def note(context: ApiContext, account_id: int, params: Note) -> Relationship:
    """Note something about somebody, for oneself."""
    relationships.set_note(
        context.session,
        account_id=context.account_id,
        target_id=account_id,
        comment=params.comment or "",
    )
    return _answer(context, account_id)


@endpoints.get("/api/v1/blocks", access=USER, scope="read:blocks")
def list_blocks(context: ApiContext, params: LongPaging) -> Paged[Account]:
    """Whom one blocks. Page by the `Link` header: cursors are no ids of accounts."""
    page = blocks.list_blocked(context.session, account_id=context.account_id, page=params.page_request())
    return Paged(present_accounts(page.items, context.urls), page)


@endpoints.get("/api/v1/mutes", access=USER, scope="read:mutes")
def list_mutes(context: ApiContext, params: LongPaging) -> Paged[MutedAccount]:
    """Whom one mutes. Page by the `Link` header: cursors are no ids of accounts."""
    page = mutes.list_muted(context.session, account_id=context.account_id, page=params.page_request())
    urls = context.urls
    return Paged([present_muted_account(row, urls, row.expires_at) for row in page.items], page)


@endpoints.get("/api/v1/follow_requests", access=USER, scope="read:follows")
def list_follow_requests(context: ApiContext, params: LongPaging) -> Paged[Account]:
    """Who would like to follow one. Page by the `Link` header: cursors are no ids of accounts."""
    page = follow_requests.list_requests(
        context.session, account_id=context.account_id, page=params.page_request()
    )
    return Paged(present_accounts(page.items, context.urls), page)


@endpoints.post("/api/v1/follow_requests/<id:account_id>/authorize", access=USER, scope="write:follows")
def authorize(context: ApiContext, account_id: int) -> Relationship:
    """Let somebody follow who asked for it."""
    follow_requests.authorize(context.session, account_id=context.account_id, requester_id=account_id)
    return _answer(context, account_id)


@endpoints.post("/api/v1/follow_requests/<id:account_id>/reject", access=USER, scope="write:follows")
def reject(context: ApiContext, account_id: int) -> Relationship:
    """Don't let somebody follow who asked for it; they aren't told."""
    follow_requests.reject(context.session, account_id=context.account_id, requester_id=account_id)
    return _answer(context, account_id)


def _answer(context: ApiContext, account_id: int) -> Relationship:
    row = relationships.get_relationship(context.session, account_id=context.account_id, target_id=account_id)
    return present_relationship(row)
