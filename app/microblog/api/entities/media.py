"""Pictures that belong to posts (docs.joinmastodon.org/entities/MediaAttachment)."""

from typing import Any, Literal

from msgspec import Struct

from microblog.api.entities.moments import Url


class MediaAttachment(Struct, frozen=True, kw_only=True):
    """A picture; `url` is null while it is being made ready."""

    id: str
    type: Literal["image", "gifv", "video", "audio", "unknown"]
    url: Url | None
    preview_url: Url | None
    remote_url: Url | None = None
    preview_remote_url: Url | None = None
    text_url: Url | None = None
    meta: dict[str, Any] | None
    description: str | None
    blurhash: str | None
