"""The Redis client for what can be rebuilt: feeds, rate limits, cached pages."""

import redis

CONNECT_TIMEOUT_SECONDS = 0.5
TIMEOUT_SECONDS = 1.0


def make_client(url: str) -> redis.Redis:
    """A pooled client for `redis://`, `rediss://` or `unix://`; opens nothing until used. Make it after a
    fork.
    """
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        decode_responses=True,
    )
