"""Timelines: home, everybody's, and those of tags (docs.joinmastodon.org/methods/timelines)."""

from typing import Annotated, Any

from msgspec import Meta

from microblog.api.answers import Paged
from microblog.api.context import ApiContext
from microblog.api.endpoints import PUBLIC, USER, Endpoints
from microblog.api.entities.statuses import Status
from microblog.api.pagination import Paging
from microblog.api.presenters.statuses import present_statuses
from microblog.domain.pages import Page
from microblog.services import timelines

endpoints = Endpoints("timelines")

Names = Annotated[list[str] | None, Meta(description="Hashtags without their sign; the first four count.")]


class PublicPaging(Paging, kw_only=True):
    """Which posts of everybody's timeline are wanted. All are local: there are no others."""

    local: bool = False
    remote: bool = False
    only_media: bool = False

    @property
    def finds_nothing(self) -> bool:
        """Whether only what this site doesn't have is wanted."""
        return self.only_media or (self.remote and not self.local)


class TagPaging(PublicPaging, kw_only=True):
    """Which posts with a hashtag are wanted. In a query these are `any[]`, `all[]` and `none[]`."""

    any: Names = None
    all: Names = None
    none: Names = None


@endpoints.get("/api/v1/timelines/home", access=USER, scope="read:statuses")
def home(context: ApiContext, params: Paging) -> Paged[Status]:
    """What those write and boost whom one follows, posts with tags that one follows, and one's own."""
    page = timelines.read_home(
        context.session,
        context.resources.feeds,
        viewer_id=context.account_id,
        feed_version=context.person.feed_version,
        following_count=context.person.following_count,
        page=params.page_request(),
    )
    return answer_page(context, page)


@endpoints.get("/api/v1/timelines/public", access=PUBLIC, scope="read:statuses")
def public(context: ApiContext, params: PublicPaging) -> Paged[Status]:
    """All public posts that answer nobody."""
    if params.finds_nothing:
        return Paged([], Page([]))
    page = timelines.read_public(context.session, viewer_id=context.viewer_id, page=params.page_request())
    return answer_page(context, page)


@endpoints.get("/api/v1/timelines/tag/<name>", access=PUBLIC, scope="read:statuses")
def tag(context: ApiContext, name: str, params: TagPaging) -> Paged[Status]:
    """Public posts with a hashtag."""
    if params.finds_nothing:
        return Paged([], Page([]))
    page = timelines.read_tag(
        context.session,
        name=name,
        viewer_id=context.viewer_id,
        page=params.page_request(),
        also_any=params.any or (),
        also_all=params.all or (),
        but_none=params.none or (),
    )
    return answer_page(context, page)


def answer_page(context: ApiContext, page: Page[Any]) -> Paged[Status]:
    """A page of statuses as the viewer sees them."""
    return Paged(present_statuses(context, page.items), page)
