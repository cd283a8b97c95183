"""Who may see a status. The SQL form of these rules is data/queries/visibility.py."""

from enum import StrEnum


class Visibility(StrEnum):
    """The audience of a status, in the terms of the Mastodon client API."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"
    DIRECT = "direct"
