"""Accounts and what is between them (docs.joinmastodon.org/entities/Account, Relationship, Suggestion)."""

from typing import Annotated

from msgspec import Meta, Struct

from microblog.api.entities.moments import Day, Moment, Url

Html = Annotated[str, Meta(description="HTML of p, br and a only; everything else is escaped.")]


class Emoji(Struct, frozen=True, kw_only=True):
    """A picture that stands for a short code. This site has none of its own."""

    shortcode: str
    url: Url
    static_url: Url
    visible_in_picker: bool
    category: str | None


class Field(Struct, frozen=True, kw_only=True):
    """A line of the table that a profile shows."""

    name: str
    value: Html
    verified_at: Moment | None = None


class SourceField(Struct, frozen=True, kw_only=True):
    """The same as its owner typed it."""

    name: str
    value: str
    verified_at: Moment | None = None


class AccountRole(Struct, frozen=True, kw_only=True):
    """A role that everybody may know of."""

    id: str
    name: str
    color: str


class Account(Struct, frozen=True, kw_only=True):
    """Somebody on this site."""

    id: str
    username: str
    acct: Annotated[str, Meta(description="The username: everybody here is local.")]
    uri: Url
    url: Url | None
    display_name: str
    note: Html
    avatar: Url
    avatar_static: Url
    header: Url
    header_static: Url
    locked: Annotated[bool, Meta(description="Whether following has to be allowed by hand.")]
    bot: bool
    group: bool = False
    discoverable: bool | None
    indexable: bool
    noindex: bool
    fields: list[Field]
    emojis: list[Emoji] = []
    roles: list[AccountRole] = []
    created_at: Annotated[Moment, Meta(description="The day of signing up, at midnight UTC.")]
    last_status_at: Day | None
    statuses_count: int
    followers_count: int
    following_count: int


class MutedAccount(Account, frozen=True, kw_only=True):
    """Somebody whom the viewer has muted."""

    mute_expires_at: Annotated[Moment | None, Meta(description="null: for good.")]


class Source(Struct, frozen=True, kw_only=True):
    """What a profile was made of, and what a new post has where its client says nothing."""

    note: str
    fields: list[SourceField]
    privacy: str
    sensitive: bool
    language: str | None
    follow_requests_count: int
    hide_collections: bool | None = False
    discoverable: bool | None = True
    indexable: bool = True


class Role(Struct, frozen=True, kw_only=True):
    """What somebody may do on this site beside what everybody may."""

    id: str
    name: str
    permissions: str
    color: str
    highlighted: bool


class CredentialAccount(Account, frozen=True, kw_only=True):
    """One's own account."""

    source: Source
    role: Role


class Relationship(Struct, frozen=True, kw_only=True):
    """What is between the viewer and somebody else."""

    id: str
    following: bool
    showing_reblogs: bool
    notifying: bool
    languages: list[str] | None = None
    followed_by: bool
    blocking: bool
    blocked_by: bool
    muting: bool
    muting_notifications: bool
    requested: bool
    requested_by: bool
    domain_blocking: bool = False
    endorsed: bool = False
    note: str


class Suggestion(Struct, frozen=True, kw_only=True):
    """Somebody whom the viewer may like to follow."""

    source: str
    sources: list[str]
    account: Account
