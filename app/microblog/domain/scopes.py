"""OAuth scopes by Mastodon's names (docs.joinmastodon.org/api/oauth-scopes): what a token may be used for.

A scope covers itself and what is under it: `read` covers `read:statuses`, `follow` what concerns
relationships. Administration has no scopes here.
"""

from collections.abc import Collection, Iterable

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
