"""The Redis client for what can be rebuilt: feeds, rate limits, cached pages."""

from collections.abc import Callable
from typing import Any, Self, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from microblog.data.breaker import Breaker

CONNECT_TIMEOUT_SECONDS = 0.5
TIMEOUT_SECONDS = 1.0
# Longer than both timeouts together: one caller at a time tries whether Redis is back.
AWAY_SECONDS = 2.0

Answer = TypeVar("Answer")


class BreakerRetry(Retry):
    """redis-py's place around each connecting and each command: no second try, and none at all while
    Redis is away.
    """

    def __init__(self, breaker: Breaker) -> None:
        super().__init__(NoBackoff(), 0)
        self.breaker = breaker

    def __deepcopy__(self, _memo: dict[int, Any]) -> Self:
        # Each connection takes a copy; all share one breaker.
        return self

    def call_with_retry(self, do: Callable[[], Answer], *arguments: Any, **options: Any) -> Answer:
        """Raises `redis.ConnectionError` at once while the breaker is open."""
        if not self.breaker.admits():
            raise redis.ConnectionError("Redis didn't answer a moment ago")
        try:
            answer = super().call_with_retry(do, *arguments, **options)
        except (redis.ConnectionError, redis.TimeoutError):
            self.breaker.failed()
            raise
        except redis.RedisError:
            self.breaker.answered()
            raise
        self.breaker.answered()
        return answer


def make_client(url: str, *, breaker: Breaker | None = None) -> redis.Redis:
    """A pooled client for `redis://`, `rediss://` or `unix://`; opens nothing until used, and
    is not to be used before a fork.

    All that share its pool share a breaker: after a failure calls raise `redis.ConnectionError` at once.
    """
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        retry=BreakerRetry(breaker or Breaker("redis", seconds=AWAY_SECONDS)),
        decode_responses=True,
    )
