"""Hashtags as entities."""

from calendar import timegm
from collections.abc import Sequence

from msgspec import UNSET

from microblog.api.context import ApiContext
from microblog.api.entities.search import Tag, TagHistory
from microblog.services.tags import TagDay, TagView


def present_tag(context: ApiContext, tag: TagView) -> Tag:
    """A hashtag and how it was used lately."""
    return Tag(
        id=str(tag.id or 0),
        name=tag.name,
        url=context.urls.tag(tag.name),
        history=[_present_day(day) for day in tag.history],
        following=UNSET if context.viewer_id is None else tag.following,
    )


def present_tags(context: ApiContext, tags: Sequence[TagView]) -> list[Tag]:
    """The same for a list."""
    return [present_tag(context, tag) for tag in tags]


def _present_day(day: TagDay) -> TagHistory:
    return TagHistory(day=str(timegm(day.day.timetuple())), uses=str(day.uses), accounts=str(day.accounts))
