"""Hashtags as entities."""

import hashlib
from calendar import timegm
from collections.abc import Sequence

from msgspec import UNSET

from microblog.api.context import ApiContext
from microblog.api.entities.search import Tag, TagHistory
from microblog.services.tags import TagDay, TagView


def present_tag(context: ApiContext, tag: TagView) -> Tag:
    """A hashtag and how it was used lately."""
    return Tag(
        id=_make_id(tag.name),
        name=tag.name,
        url=context.urls.tag(tag.name),
        history=[_present_day(day) for day in tag.history],
        following=UNSET if context.viewer_id is None else tag.following,
    )


def present_tags(context: ApiContext, tags: Sequence[TagView]) -> list[Tag]:
    """The same for a list."""
    return [present_tag(context, tag) for tag in tags]


def _make_id(name: str) -> str:
    # Out of the name alone: a row's id would tell that somebody used the tag, and when, for a few only.
    return str(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) >> 1)


def _present_day(day: TagDay) -> TagHistory:
    return TagHistory(day=str(timegm(day.day.timetuple())), uses=str(day.uses), accounts=str(day.accounts))
