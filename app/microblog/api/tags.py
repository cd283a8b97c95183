"""Hashtags and following them (docs.joinmastodon.org/methods/tags, followed_tags)."""

from microblog.api.answers import Paged
from microblog.api.context import ApiContext
from microblog.api.endpoints import PUBLIC, USER, Endpoints
from microblog.api.entities.search import Tag
from microblog.api.pagination import LongPaging
from microblog.api.presenters.tags import present_tag, present_tags
from microblog.services import tags

endpoints = Endpoints("tags")


@endpoints.get("/api/v1/tags/<name>", access=PUBLIC, scope="read:follows")
def show(context: ApiContext, name: str) -> Tag:
    """A hashtag, also one that nobody used yet."""
    return present_tag(context, tags.get_tag(context.session, name=name, viewer_id=context.viewer_id))


@endpoints.post("/api/v1/tags/<name>/follow", access=USER, scope="write:follows")
def follow(context: ApiContext, name: str) -> Tag:
    """Have public posts with a hashtag in the home timeline."""
    return present_tag(context, tags.follow_tag(context.session, account_id=context.account_id, name=name))


@endpoints.post("/api/v1/tags/<name>/unfollow", access=USER, scope="write:follows")
def unfollow(context: ApiContext, name: str) -> Tag:
    """Have them there no more."""
    return present_tag(context, tags.unfollow_tag(context.session, account_id=context.account_id, name=name))


@endpoints.get("/api/v1/followed_tags", access=USER, scope="read:follows")
def list_followed(context: ApiContext, params: LongPaging) -> Paged[Tag]:
    """The hashtags that one follows, the latest first. Page by the `Link` header."""
    page = tags.list_followed(context.session, account_id=context.account_id, page=params.page_request())
    return Paged(present_tags(context, page.items), page)
