"""Names: those that nobody may register, and what makes a display name one that people see."""

import unicodedata

# They could be taken for the site's own voice or its addresses.
RESERVED = frozenset(
    {
        "about",
        "abuse",
        "admin",
        "administrator",
        "api",
        "auth",
        "contact",
        "everyone",
        "explore",
        "help",
        "home",
        "hostmaster",
        "info",
        "log_in",
        "log_out",
        "login",
        "logout",
        "mail",
        "media",
        "microblog",
        "moderator",
        "no_reply",
        "noreply",
        "notifications",
        "oauth",
        "official",
        "owner",
        "postmaster",
        "privacy",
        "root",
        "search",
        "security",
        "settings",
        "sign_up",
        "signup",
        "site",
        "static",
        "statistics",
        "status",
        "statuses",
        "support",
        "system",
        "tags",
        "terms",
        "unsubscribe",
        "webmaster",
        "write",
    }
)

# Letters and signs that fonts draw as nothing: Hangul fillers, the empty Braille cell, blank hieroglyphs, the
# musical note without a head, and the place of an embedded object.
BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\ufffc\U00013441\U00013442\U0001d159")


def is_seen(text: str) -> bool:
    """Whether a reader sees anything of it: a letter, a number or a sign that is drawn."""
    return any(unicodedata.category(one)[0] in "LNPS" and one not in BLANK for one in text)


def find_local_name(acct: str, host: str) -> str | None:
    """The name in `alice`, `@alice`, `alice@host` or `@alice@host`; None where the host is another one.

    `host`: ours, with its port where it has one; compared in any case.
    """
    name, is_full, given_host = acct.strip().removeprefix("@").partition("@")
    return name if name and (not is_full or given_host.lower() == host.lower()) else None
