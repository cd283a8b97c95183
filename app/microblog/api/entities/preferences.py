"""What somebody prefers (docs.joinmastodon.org/entities/Preferences)."""

from msgspec import Struct, field


class Preferences(Struct, frozen=True, kw_only=True):
    """How somebody posts and reads."""

    visibility: str = field(name="posting:default:visibility")
    sensitive: bool = field(name="posting:default:sensitive")
    language: str | None = field(name="posting:default:language")
    media: str = field(name="reading:expand:media", default="default")
    spoilers: bool = field(name="reading:expand:spoilers", default=False)
    autoplay: bool = field(name="reading:autoplay:gifs", default=False)
