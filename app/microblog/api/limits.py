"""How many requests a client may send, told on every answer as Mastodon tells it
(docs.joinmastodon.org/api/rate-limits).
"""

from datetime import UTC, datetime

from flask import Response, g

from microblog.api.entities.moments import format_moment
from microblog.domain.errors import RateLimited
from microblog.http.context import get_limiter
from microblog.http.ratelimit import Window, client_subject
from microblog.observability import metrics
from microblog.services.tokens import Bearer


def count_request(bearer: Bearer | None) -> None:
    """Count a request of a person or an address. Raises RateLimited where it is one too many."""
    if bearer is None or bearer.account_id is None:
        # A client's own token as well: anybody registers as many clients as they like.
        subject = ("address", client_subject())
    else:
        subject = ("account", str(bearer.account_id))
    window = g.api_window = get_limiter().count_request(*subject)
    if window.is_over:
        metrics.RATE_LIMITED.labels("api").inc()
        raise RateLimited(window.seconds_left)


def tell_limits(response: Response) -> None:
    """Add the headers; an answer that no endpoint made counts for nobody."""
    window: Window = g.get("api_window") or get_limiter().open_window()
    headers = response.headers
    headers["X-RateLimit-Limit"] = str(window.limit)
    headers["X-RateLimit-Remaining"] = str(window.remaining)
    headers["X-RateLimit-Reset"] = format_moment(datetime.fromtimestamp(window.reset_at, UTC))
