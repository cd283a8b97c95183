"""OAuth scopes by Mastodon's names (docs.joinmastodon.org/api/oauth-scopes): what a token may be used for.

A scope covers itself and what is under it: `read` covers `read:statuses`, `follow` what concerns
relationships. Administration has no scopes here.
"""

from collections.abc import Collection, Iterable

from microblog.domain.errors import N_

READ = (
    "accounts", "blocks", "bookmarks", "favourites", "filters", "follows", "lists", "mutes", "notifications",
    "search", "statuses",
)  # fmt: skip
WRITE = (
    "accounts", "blocks", "bookmarks", "conversations", "favourites", "filters", "follows", "lists", "media",
    "mutes", "notifications", "reports", "statuses",
)  # fmt: skip
RELATIONSHIPS = ("blocks", "follows", "mutes")

# Scope → all that it covers beside itself. `push` is accepted and opens nothing yet.
COVERED: dict[str, frozenset[str]] = {
    "read": frozenset(["profile", *(f"read:{name}" for name in READ)]),
    "write": frozenset(f"write:{name}" for name in WRITE),
    "follow": frozenset(f"{verb}:{name}" for verb in ("read", "write") for name in RELATIONSHIPS),
    "push": frozenset(),
    # Who somebody is, and nothing else of theirs.
    "profile": frozenset(),
    **{f"read:{name}": frozenset(["profile"] if name == "accounts" else []) for name in READ},
    **{f"write:{name}": frozenset() for name in WRITE},
}
KNOWN = frozenset(COVERED)
# What a client gets that asks for none (RFC 6749, 3.3).
DEFAULT = "read"

# What people are told that a client may do.
WORDS = {
    "read": N_("Read all that you can read here, your notifications and lists included"),
    "write": N_("Do all that you can do here: write and delete posts, follow, change your profile"),
    "follow": N_("Follow, mute and block people, and see whom you follow, mute and block"),
    "push": N_("Send you notifications"),
    "profile": N_("See who you are"),
    "read:accounts": N_("See profiles, and your own with its settings"),
    "read:blocks": N_("See whom you block"),
    "read:bookmarks": N_("See your bookmarks"),
    "read:favourites": N_("See your favourites"),
    "read:filters": N_("See your filters"),
    "read:follows": N_("See whom you follow and who would like to follow you"),
    "read:lists": N_("See your lists"),
    "read:mutes": N_("See whom you mute"),
    "read:notifications": N_("See your notifications"),
    "read:search": N_("Search for you"),
    "read:statuses": N_("See all posts that you can see"),
    "write:accounts": N_("Change your profile"),
    "write:blocks": N_("Block people"),
    "write:bookmarks": N_("Bookmark posts"),
    "write:conversations": N_("Mute conversations"),
    "write:favourites": N_("Mark posts as favourites"),
    "write:filters": N_("Change your filters"),
    "write:follows": N_("Follow people, and decide who may follow you"),
    "write:lists": N_("Change your lists"),
    "write:media": N_("Upload pictures"),
    "write:mutes": N_("Mute people and conversations"),
    "write:notifications": N_("Clear your notifications"),
    "write:reports": N_("Report people and posts to the moderators"),
    "write:statuses": N_("Write, change, boost and delete posts"),
}


def parse(text: str) -> tuple[str, ...]:
    """The scopes of a space-separated list, each once, in its order; unknown ones too."""
    return tuple(dict.fromkeys(text.split()))


def find_unknown(scopes: Iterable[str]) -> list[str]:
    """Those that we don't have."""
    return [scope for scope in scopes if scope not in KNOWN]


def covers(granted: Collection[str], wanted: str) -> bool:
    """Whether somebody with the granted scopes may do what the wanted one is for."""
    return wanted in KNOWN and any(wanted == scope or wanted in COVERED.get(scope, ()) for scope in granted)


def covers_all(granted: Collection[str], wanted: Iterable[str]) -> bool:
    """Whether each of the wanted scopes is covered."""
    return all(covers(granted, scope) for scope in wanted)


def simplify(granted: Iterable[str]) -> list[str]:
    """The scopes without those that another one of them covers, in a fixed order."""
    held = set(granted)
    known = [scope for scope in COVERED if scope in held]
    return [scope for scope in known if not any(scope in COVERED[other] for other in known)]
