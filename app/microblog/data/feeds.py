"""Feeds: bounded Redis lists of status ids, one per account, rebuilt from PostgreSQL when missing.

A list is complete when it ends with COMPLETE or is full. While it is being built it holds BUILDING: posts
pushed meanwhile are kept, and readers go to PostgreSQL. Every write but the builder's first touches only
lists that exist, so a list that Redis lost stays missing until it is built again. Ids may stand twice and out
of order: reading sorts them.
"""

from collections.abc import Iterable

import redis

from microblog.observability import metrics

COMPLETE = "0"
BUILDING = "-1"
# A builder that died leaves its unfinished list for so long; one that nobody reads any more goes
# after so long.
BUILDING_SECONDS = 60
KEEP_SECONDS = 14 * 24 * 3600


def feed_key(account_id: int, version: int) -> str:
    """The list's name. The version rises with each follow and unfollow, so a list of other follows
    is never read.
    """
    return f"feed:{account_id}:{version}"


class Feeds:
    """All feeds. Redis being away is no error here: reading answers None and writing does nothing."""

    def __init__(self, client: redis.Redis, length: int) -> None:
        self.client = client
        self.length = length

    def read(self, account_id: int, version: int) -> list[int] | None:
        """The ids of a complete feed, newest first; None where it is missing, unfinished or Redis is away."""
        try:
            items: list[str] = self.client.lrange(feed_key(account_id, version), 0, -1)  # type: ignore[assignment]
        except redis.RedisError:
            metrics.CACHE_ERRORS.labels("feeds").inc()
            return None
        if BUILDING in items or not (COMPLETE in items or len(items) >= self.length):
            return None
        return sorted({int(item) for item in items if item != COMPLETE}, reverse=True)

    def push(self, keys: Iterable[str], status_id: int) -> bool:
        """Put a status on top of those of the feeds that exist; False where Redis is away."""
        pipe = self.client.pipeline(transaction=False)
        for key in keys:
            pipe.lpushx(key, status_id)
            pipe.ltrim(key, 0, self.length - 1)
        return self._execute(pipe)

    def begin(self, account_id: int, version: int) -> bool:
        """Begin to build a feed: from now on pushed posts are kept. False where Redis is away."""
        key = feed_key(account_id, version)
        pipe = self.client.pipeline()
        pipe.delete(key)
        pipe.rpush(key, BUILDING)
        pipe.expire(key, BUILDING_SECONDS)
        return self._execute(pipe)

    def finish(self, account_id: int, version: int, ids: Iterable[int]) -> bool:
        """Finish a feed with what PostgreSQL holds, newest first. False where Redis is away."""
        key = feed_key(account_id, version)
        pipe = self.client.pipeline()
        # Only onto the list that was begun: had Redis lost it meanwhile, pushed posts would be missing.
        pipe.rpushx(key, *map(str, ids), COMPLETE)
        pipe.lrem(key, 0, BUILDING)
        pipe.ltrim(key, 0, self.length - 1)
        pipe.expire(key, KEEP_SECONDS)
        metrics.FEED_REBUILDS.inc()
        return self._execute(pipe)

    def _execute(self, pipe: redis.client.Pipeline) -> bool:
        try:
            pipe.execute()
        except redis.RedisError:
            metrics.CACHE_ERRORS.labels("feeds").inc()
            return False
        return True
