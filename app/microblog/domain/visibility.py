"""Who may see a status. The SQL form of these rules is data/queries/visibility.py."""

from enum import StrEnum


class Visibility(StrEnum):
    """The audience of a status, in the terms of the Mastodon client API, the widest first."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"
    DIRECT = "direct"


#: What everybody may read, signed in or not.
OPEN = (Visibility.PUBLIC, Visibility.UNLISTED)


def narrower(one: Visibility, other: Visibility) -> Visibility:
    """The smaller audience of two."""
    return max(one, other, key=tuple(Visibility).index)


def visibility_of_boost(boosted: Visibility, wanted: Visibility) -> Visibility:
    """The audience of a boost: never wider than that of what is boosted."""
    return wanted if boosted in OPEN and wanted is not Visibility.DIRECT else boosted
