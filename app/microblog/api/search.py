"""Searching (docs.joinmastodon.org/methods/search)."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from microblog.api.context import ApiContext
from microblog.api.endpoints import PUBLIC, Endpoints
from microblog.api.entities.search import Search
from microblog.api.pagination import Cursor, Paging, clamp, read_cursor
from microblog.api.presenters.accounts import present_accounts
from microblog.api.presenters.statuses import present_statuses
from microblog.api.presenters.tags import present_tags
from microblog.api.types import Id
from microblog.domain.pages import PageRequest
from microblog.services import search as searching

endpoints = Endpoints("search")


class Query(Struct, frozen=True, kw_only=True):
    """What is looked for."""

    q: Annotated[str, Meta(description="Words, a name, a hashtag, or an address of this site.")]
    type: Literal["accounts", "hashtags", "statuses"] | None = None
    limit: Annotated[int | None, Meta(description="Of each kind: 20 unless told, at most 40.")] = None
    offset: int = 0
    following: Annotated[bool, Meta(description="Only people whom one follows.")] = False
    account_id: Annotated[Id | None, Meta(description="Only posts of this account.")] = None
    max_id: Annotated[Cursor, Meta(description="Only older posts than this one.")] = None
    min_id: Annotated[Cursor, Meta(description="Only newer posts than this one.")] = None
    resolve: Annotated[bool, Meta(description="Changes nothing: there are no other sites.")] = False
    exclude_unreviewed: Annotated[bool, Meta(description="Changes nothing.")] = False


@endpoints.get("/api/v2/search", access=PUBLIC, scope="read:search")
def search(context: ApiContext, params: Query) -> Search:
    """People, hashtags and public posts that fit."""
    found = searching.search(
        context.session,
        text=params.q,
        base_url=context.resources.settings.base_url,
        viewer_id=context.viewer_id,
        limit=clamp(params.limit, Paging.DEFAULT, Paging.MOST),
        offset=max(params.offset, 0),
        kind=params.type,
        following=params.following,
        by_account_id=params.account_id,
        page=PageRequest(max_id=read_cursor(params.max_id), min_id=read_cursor(params.min_id)),
    )
    return Search(
        accounts=present_accounts(found.accounts, context.urls),
        statuses=present_statuses(context, found.statuses),
        hashtags=present_tags(context, found.hashtags),
    )
