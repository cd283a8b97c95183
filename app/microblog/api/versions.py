"""Which API this is. docs/api.md promises what may change within a version, and how it is announced."""

# What clients compare with: the version of the reference whose behaviour they may expect.
MASTODON = "4.2.0"
# The version of our own promise: its first number is raised by what breaks clients.
API = "1.0.0"


def tell_version(release: str) -> str:
    """The version as `/api/v1/instance` tells it."""
    return f"{MASTODON} (compatible; Microblog {release})"
