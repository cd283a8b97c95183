"""The site as an entity (docs.joinmastodon.org/entities/Instance and V1_Instance), and NodeInfo 2.0."""

from typing import Annotated

from msgspec import Meta, Struct

from microblog.api.entities.accounts import Account
from microblog.api.entities.moments import Url


class Rule(Struct, frozen=True, kw_only=True):
    """A rule of the site."""

    id: str
    text: str
    hint: str


class AccountLimits(Struct, frozen=True, kw_only=True):
    """Bounds on accounts."""

    max_featured_tags: int = 0
    max_pinned_statuses: int
    max_profile_fields: int
    profile_field_name_limit: int
    profile_field_value_limit: int


class StatusLimits(Struct, frozen=True, kw_only=True):
    """Bounds on posts."""

    max_characters: int
    max_media_attachments: int
    characters_reserved_per_url: int


class MediaLimits(Struct, frozen=True, kw_only=True):
    """Bounds on pictures: sizes in bytes, matrices in pixels."""

    supported_mime_types: list[str]
    image_size_limit: int
    image_matrix_limit: int
    video_size_limit: int = 0
    video_frame_rate_limit: int = 0
    video_matrix_limit: int = 0
    description_limit: int


class PollLimits(Struct, frozen=True, kw_only=True):
    """There are no polls."""

    max_options: int = 0
    max_characters_per_option: int = 0
    min_expiration: int = 0
    max_expiration: int = 0


class Configuration(Struct, frozen=True, kw_only=True):
    """Bounds, for clients to hold to before they send."""

    accounts: AccountLimits
    statuses: StatusLimits
    media_attachments: MediaLimits
    polls: PollLimits = PollLimits()


class Stats(Struct, frozen=True, kw_only=True):
    """How large the site is; it knows no other domain than its own."""

    user_count: int
    status_count: int
    domain_count: int = 1


class V1Urls(Struct, frozen=True, kw_only=True):
    """Addresses of the API's parts."""

    streaming_api: Url


class V1Instance(Struct, frozen=True, kw_only=True):
    """The site, in the first form."""

    uri: Annotated[str, Meta(description="The host, without a scheme.")]
    title: str
    short_description: str
    description: str
    email: str
    version: Annotated[str, Meta(description="The API's version, and the release in brackets.")]
    urls: V1Urls
    stats: Stats
    thumbnail: Url | None
    languages: list[str]
    registrations: bool
    approval_required: bool = False
    invites_enabled: bool = False
    configuration: Configuration
    contact_account: Account | None = None
    rules: list[Rule]


class Users(Struct, frozen=True, kw_only=True):
    """How many people use the site."""

    active_month: int


class Usage(Struct, frozen=True, kw_only=True):
    """How the site is used."""

    users: Users


class Thumbnail(Struct, frozen=True, kw_only=True):
    """A picture of the site."""

    url: Url
    blurhash: str | None = None
    versions: dict[str, str] = {}


class Icon(Struct, frozen=True, kw_only=True):
    """The site's sign, in one size."""

    src: Url
    size: str


class Urls(Struct, frozen=True, kw_only=True):
    """Addresses of the API's parts."""

    streaming: Url
    status: Url | None = None


class Vapid(Struct, frozen=True, kw_only=True):
    """The key of push messages, which there are none of."""

    public_key: str = ""


class Translation(Struct, frozen=True, kw_only=True):
    """Nothing is translated."""

    enabled: bool = False


class FullConfiguration(Configuration, frozen=True, kw_only=True):
    """Bounds and addresses."""

    urls: Urls
    vapid: Vapid = Vapid()
    translation: Translation = Translation()


class Registrations(Struct, frozen=True, kw_only=True):
    """Whether people may sign up, and where."""

    enabled: bool
    approval_required: bool = False
    message: str | None = None
    url: Url | None = None


class Contact(Struct, frozen=True, kw_only=True):
    """Whom to ask."""

    email: str
    account: Account | None = None


class Instance(Struct, frozen=True, kw_only=True):
    """The site."""

    domain: str
    title: str
    version: Annotated[str, Meta(description="The API's version, and the release in brackets.")]
    source_url: Url
    description: str
    usage: Usage
    thumbnail: Thumbnail
    icon: list[Icon]
    languages: list[str]
    configuration: FullConfiguration
    registrations: Registrations
    contact: Contact
    rules: list[Rule]
    api_versions: dict[str, int]


class ExtendedDescription(Struct, frozen=True, kw_only=True):
    """What the site tells about itself at length."""

    updated_at: str | None
    content: str
