"""Posts and what belongs to them (docs.joinmastodon.org/entities/Status, StatusEdit, Context)."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from microblog.api.entities.accounts import Account, Emoji, Html
from microblog.api.entities.media import MediaAttachment
from microblog.api.entities.moments import Moment, Url

Visibility = Literal["public", "unlisted", "private", "direct"]


class Mention(Struct, frozen=True, kw_only=True):
    """Somebody named in a post."""

    id: str
    username: str
    url: Url
    acct: str


class StatusTag(Struct, frozen=True, kw_only=True):
    """A hashtag used in a post."""

    name: str
    url: Url


class StatusApplication(Struct, frozen=True, kw_only=True):
    """The client that a post was written with."""

    name: str
    website: Url | None


class Status(Struct, frozen=True, kw_only=True):
    """A post, or somebody's boost of one (then `reblog` holds it)."""

    id: str
    uri: Url
    url: Url | None
    created_at: Moment
    edited_at: Moment | None
    account: Account
    content: Html
    visibility: Visibility
    sensitive: bool
    spoiler_text: Annotated[
        str, Meta(description="What stands before the content, which is shown on demand.")
    ]
    language: str | None
    in_reply_to_id: str | None
    in_reply_to_account_id: str | None
    reblog: "Status | None"
    application: StatusApplication | None
    media_attachments: list[MediaAttachment] = []
    mentions: list[Mention]
    tags: list[StatusTag]
    emojis: list[Emoji] = []
    poll: None = None
    card: None = None
    reblogs_count: int
    favourites_count: int
    replies_count: int
    # Only told where there is a viewer.
    favourited: bool | UnsetType = UNSET
    reblogged: bool | UnsetType = UNSET
    bookmarked: bool | UnsetType = UNSET
    muted: bool | UnsetType = UNSET
    pinned: bool | UnsetType = UNSET
    filtered: list[None] | UnsetType = UNSET
    text: Annotated[str | UnsetType, Meta(description="The source, in the answer to deleting it.")] = UNSET


class Context(Struct, frozen=True, kw_only=True):
    """The conversation around a post."""

    ancestors: list[Status]
    descendants: list[Status]


class StatusSource(Struct, frozen=True, kw_only=True):
    """A post as it was typed."""

    id: str
    text: str
    spoiler_text: str


class StatusEdit(Struct, frozen=True, kw_only=True):
    """A version of a post."""

    content: Html
    spoiler_text: str
    sensitive: bool
    created_at: Moment
    account: Account
    media_attachments: list[MediaAttachment] = []
    emojis: list[Emoji] = []
