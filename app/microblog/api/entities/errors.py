"""What is answered in an entity's place (docs.joinmastodon.org/entities/Error)."""

import msgspec


class Error(msgspec.Struct, frozen=True):
    """What went wrong."""

    error: str


class Empty(msgspec.Struct, frozen=True):
    """It is done, and there is nothing to tell."""
