"""The site-relative addresses of accounts' pictures."""

# What Mastodon's clients know as "there is no picture" by its end.
PLAIN_HEADER = "/headers/original/missing.png"
HEADER_PIXELS = 1500


def avatar_url(account_id: int, avatar_key: str | None, pixels: int = 96) -> str:
    """An account's picture of 96 or 400 `pixels`; initials where it has none."""
    if avatar_key is None:
        return f"/avatars/{account_id}.svg"
    return f"/media/{avatar_key}/{pixels}.webp"


def header_url(header_key: str | None) -> str:
    """The picture above an account's profile; a plain one where it has none."""
    if header_key is None:
        return PLAIN_HEADER
    return f"/media/{header_key}/{HEADER_PIXELS}.webp"
