"""What this site doesn't have and clients ask for at their start: the answer is an empty list."""

from collections.abc import Callable

from microblog.api.context import ApiContext
from microblog.api.endpoints import PUBLIC, USER, Endpoints

endpoints = Endpoints("empty")

# Address, function's name, scope (None: for everybody) and what there is none of.
ADDRESSES = (
    ("/api/v1/lists", "lists", "read:lists", "lists"),
    ("/api/v1/filters", "first_filters", "read:filters", "filters"),
    ("/api/v2/filters", "filters", "read:filters", "filters"),
    ("/api/v1/custom_emojis", "custom_emojis", None, "emoji of the site's own"),
    ("/api/v1/announcements", "announcements", "read:accounts", "announcements"),
    ("/api/v1/featured_tags", "featured_tags", "read:accounts", "featured hashtags"),
    ("/api/v1/featured_tags/suggestions", "featured_tag_suggestions", "read:accounts", "featured hashtags"),
    ("/api/v1/conversations", "conversations", "read:statuses", "conversations as a list"),
    ("/api/v1/scheduled_statuses", "scheduled_statuses", "read:statuses", "scheduled posts"),
    ("/api/v1/endorsements", "endorsements", "read:accounts", "endorsed accounts"),
    ("/api/v1/domain_blocks", "domain_blocks", "read:blocks", "other sites to block"),
    ("/api/v1/trends", "trends", None, "trends"),
    ("/api/v1/trends/tags", "trending_tags", None, "trends"),
    ("/api/v1/trends/statuses", "trending_statuses", None, "trends"),
    ("/api/v1/trends/links", "trending_links", None, "trends"),
)


def _answer_nothing(name: str, what: str) -> Callable[[ApiContext], list[None]]:
    def handler(_context: ApiContext) -> list[None]:
        return []

    handler.__name__ = name
    handler.__doc__ = f"Nothing: there are no {what} here."
    return handler


for address, name, scope, what in ADDRESSES:
    register = endpoints.get(address, access=USER if scope else PUBLIC, scope=scope)
    register(_answer_nothing(name, what))
