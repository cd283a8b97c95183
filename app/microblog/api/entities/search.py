"""Hashtags and what a search finds (docs.joinmastodon.org/entities/Tag, Search)."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from microblog.api.entities.accounts import Account
from microblog.api.entities.moments import Url
from microblog.api.entities.statuses import Status


class TagHistory(Struct, frozen=True, kw_only=True):
    """How a hashtag was used on one day. Numbers as text, as Mastodon has them."""

    day: Annotated[str, Meta(description="Seconds since 1970 at the day's beginning (UTC).")]
    uses: str
    accounts: str


class Tag(Struct, frozen=True, kw_only=True):
    """A hashtag."""

    id: str
    name: str
    url: Url
    history: list[TagHistory]
    # Only told where there is a viewer.
    following: bool | UnsetType = UNSET


class Search(Struct, frozen=True, kw_only=True):
    """What was found."""

    accounts: list[Account]
    statuses: list[Status]
    hashtags: list[Tag]
