"""The site as an entity (docs.joinmastodon.org/entities/Instance and V1_Instance)."""

import msgspec


class Rule(msgspec.Struct, frozen=True):
    """A rule of the site."""

    id: str
    text: str
    hint: str
