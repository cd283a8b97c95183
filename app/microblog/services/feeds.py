"""Home feeds: fan-out to the followers' lists in Redis, and their rebuilding from PostgreSQL."""

from sqlalchemy.orm import Session

from microblog.data.feeds import Feeds, feed_key
from microblog.data.queries import relationships
from microblog.data.queries import statuses as queries
from microblog.domain.errors import Unavailable
from microblog.domain.pages import PageRequest
from microblog.observability import metrics

BATCH = 1000


def fan_out(session: Session, feeds: Feeds, *, status_id: int) -> int:
    """Put a status into the feeds of its author and of all followers; how many feeds were offered it.

    Safe to repeat. Raises Unavailable where Redis is away, so that the job is tried again.
    """
    author = queries.get_author_feed(session, status_id)
    if author is None:
        return 0
    count = _push(feeds, [feed_key(author.id, author.feed_version)], status_id)
    after_id = 0
    while batch := relationships.get_feeds_of_followers(session, author.id, after_id, BATCH):
        count += _push(feeds, [feed_key(row.id, row.feed_version) for row in batch], status_id)
        after_id = batch[-1].follow_id
    metrics.FAN_OUT_RECIPIENTS.observe(count)
    return count


def _push(feeds: Feeds, keys: list[str], status_id: int) -> int:
    if not feeds.push(keys, status_id):
        raise Unavailable
    return len(keys)


def read_feed(session: Session, feeds: Feeds, *, account_id: int, version: int) -> list[int]:
    """All ids of an account's feed, newest first, built from PostgreSQL where Redis has none."""
    ids = feeds.read(account_id, version)
    if ids is not None:
        return ids
    # Begun before PostgreSQL is asked: what is pushed in between is kept in the list.
    is_begun = feeds.begin(account_id, version)
    ids = queries.get_home_ids(session, account_id, PageRequest(limit=feeds.length))
    if is_begun:
        feeds.finish(account_id, version, ids)
    return ids
