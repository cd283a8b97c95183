"""Feeds: bounded Redis lists of status ids, one per account, rebuilt from PostgreSQL when missing.

A list is complete when it ends with COMPLETE or is full. While it is being built it holds BUILDING: posts
pushed meanwhile are kept, and readers go to PostgreSQL. Every write but the builder's first touches only
lists that exist, so a list that Redis lost stays missing until it is built again. Ids may stand twice and out
of order: reading sorts them, and leaves out the lowest of a full list: newer ones may have been cut off
before one that came late.

Posts of authors with very many followers are in no list: their readers add them when they read. MERGED holds
these authors and only grows, so that its size tells which of them a feed's list of followed ones knows. It
has an epoch, of which each feed is: Redis may lose MERGED alone, and a feed that was built before then might
lack posts that were made since by authors whom nobody knows any more.
"""

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import redis

from microblog.observability import metrics

MERGED = "feeds:merged"
EPOCH = "epoch"
COMPLETE = "0"
BUILDING = "-1"
# A builder that died leaves its unfinished list for so long; one that nobody reads any more goes
# after so long.
BUILDING_SECONDS = 60
KEEP_SECONDS = 14 * 24 * 3600
# The part of a full list that is left out.
LATE = 1 / 20
# What was pushed to a list that somebody else builds is kept: its builder may have read before it was posted.
_BEGIN = """
    if redis.call('LINDEX', KEYS[1], -1) ~= ARGV[1] then
        redis.call('DEL', KEYS[1])
        redis.call('RPUSH', KEYS[1], ARGV[1])
    end
    redis.call('EXPIRE', KEYS[1], ARGV[2])
"""


def feed_key(account_id: int, version: int) -> str:
    """The list's name. The version rises with each follow and unfollow, so a list of other follows
    is never read.
    """
    return f"feed:{account_id}:{version}"


def merged_key(account_id: int, version: int) -> str:
    """The name of what says whose posts a feed's reader adds."""
    return f"{feed_key(account_id, version)}:merged"


@dataclass(frozen=True, slots=True)
class Feed:
    """Ids, newest first. `is_whole`: there are no older ones. `merged`: the followed authors whose posts are
    not among them; None where that has to be looked up. `epoch`: of the merged authors that it knows.
    """

    ids: list[int]
    is_whole: bool
    merged: list[int] | None = field(default_factory=list)
    epoch: str = ""

    def add(self, ids: list[int], most: int) -> "Feed":
        """With the newest ids of the merged authors' posts: where there are `most`, it ends with the last."""
        both = sorted({*self.ids, *ids}, reverse=True)
        if len(ids) < most:
            return Feed(both, self.is_whole)
        return Feed([one for one in both if one >= min(ids)], is_whole=False)


class Feeds:
    """All feeds. Redis being away is no error here: reading answers None and writing does nothing.

    `length`: how many ids a list holds; `most_followers`: who has more is merged by the readers.
    """

    def __init__(self, client: redis.Redis, length: int, most_followers: int) -> None:
        self.client = client
        self.length = length
        self.most_followers = most_followers

    def read(self, account_id: int, version: int) -> Feed | None:
        """A complete feed; None where it is missing, unfinished or Redis is away."""
        pipe = self.client.pipeline(transaction=False)
        pipe.lrange(feed_key(account_id, version), 0, -1)
        pipe.get(merged_key(account_id, version))
        pipe.hget(MERGED, EPOCH)
        pipe.hlen(MERGED)
        items, kept, epoch, fields = self._execute(pipe) or ([BUILDING], None, None, 0)
        if BUILDING in items or not (COMPLETE in items or len(items) >= self.length):
            return None
        known = json.loads(kept) if kept else None
        if known is None or known["epoch"] != epoch:
            return None
        ids = sorted({int(item) for item in items if item != COMPLETE}, reverse=True)
        # Fewer ids than its length tell nothing: each stands twice in its author's own list.
        is_whole = COMPLETE in items
        if not is_whole:
            ids = ids[: max(1, len(ids) - ceil(self.length * LATE))]
        count = fields - 1
        merged = known["authors"] if known["count"] == count else None
        return Feed(ids, is_whole, merged if count else [], epoch)

    def list_merged(self) -> list[int]:
        """The authors whose posts are in no feed; none where Redis is away."""
        pipe = self.client.pipeline(transaction=False)
        pipe.hkeys(MERGED)
        (names,) = self._execute(pipe) or ([],)
        return [int(name) for name in names if name != EPOCH]

    def add_merged(self, author_id: int) -> bool:
        """Leave an author's posts to the readers from now on; False where Redis is away."""
        pipe = self.client.pipeline()
        _begin_epoch(pipe)
        pipe.hset(MERGED, str(author_id), "")
        return self._execute(pipe) is not None

    def keep_merged(self, account_id: int, version: int, epoch: str, authors: list[int], count: int) -> bool:
        """Remember which of an epoch's `count` merged authors the feed's reader follows; False where Redis is
        away.
        """
        pipe = self.client.pipeline(transaction=False)
        _keep_merged(pipe, merged_key(account_id, version), epoch, authors, count)
        return self._execute(pipe) is not None

    def push(self, keys: Iterable[str], status_id: int) -> bool:
        """Put a status on top of those of the feeds that exist; False where Redis is away."""
        pipe = self.client.pipeline(transaction=False)
        for key in keys:
            pipe.lpushx(key, status_id)
            pipe.ltrim(key, 0, self.length - 1)
        return self._execute(pipe) is not None

    def begin(self, account_id: int, version: int) -> str | None:
        """Begin to build a feed: from now on pushed posts are kept. The epoch; None where Redis is away."""
        pipe = self.client.pipeline()
        pipe.eval(_BEGIN, 1, feed_key(account_id, version), BUILDING, str(BUILDING_SECONDS))
        _begin_epoch(pipe)
        pipe.hget(MERGED, EPOCH)
        done = self._execute(pipe)
        return done[-1] if done else None

    def finish(self, account_id: int, version: int, epoch: str, ids: Iterable[int]) -> bool:
        """Finish a feed with what PostgreSQL holds, newest first, and the epoch in which it was begun; False
        where Redis is away.
        """
        key = feed_key(account_id, version)
        pipe = self.client.pipeline()
        # Only onto the list that was begun: had Redis lost it meanwhile, pushed posts would be missing.
        pipe.rpushx(key, *map(str, ids), COMPLETE)
        pipe.lrem(key, 0, BUILDING)
        pipe.ltrim(key, 0, self.length - 1)
        pipe.expire(key, KEEP_SECONDS)
        _keep_merged(pipe, merged_key(account_id, version), epoch, [], 0)
        metrics.FEED_REBUILDS.inc()
        return self._execute(pipe) is not None

    def _execute(self, pipe: redis.client.Pipeline) -> list[Any] | None:
        try:
            return pipe.execute()
        except redis.RedisError:
            metrics.CACHE_ERRORS.labels("feeds").inc()
            return None


def _begin_epoch(pipe: redis.client.Pipeline) -> None:
    pipe.hsetnx(MERGED, EPOCH, secrets.token_hex(8))


def _keep_merged(pipe: redis.client.Pipeline, key: str, epoch: str, authors: list[int], count: int) -> None:
    known = {"epoch": epoch, "authors": authors, "count": count}
    pipe.set(key, json.dumps(known), ex=KEEP_SECONDS)
