"""Home feeds: fan-out to the followers' lists in Redis, and their rebuilding from PostgreSQL."""

from collections.abc import Callable
from functools import partial

from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.feeds import Feed, Feeds, feed_key
from microblog.data.queries import home, relationships
from microblog.domain.errors import Unavailable
from microblog.domain.visibility import Visibility
from microblog.observability import metrics
from microblog.services.notifications import notify_posted

BATCH = 1000


def fan_out(session: Session, feeds: Feeds, *, status_id: int) -> int:
    """Put a post or boost into the feeds of its author and of those who follow the author or one of its tags,
    and tell those who asked to be told of each post; how many feeds were offered it. Of an author with very
    many followers these add it when they read.

    Safe to repeat. Raises Unavailable where Redis is away, so that the job is tried again.
    """
    author = home.get_author_feed(session, status_id)
    if author is None:
        return 0
    count = _push(feeds, [feed_key(author.id, author.feed_version)], status_id)
    if author.visibility == Visibility.DIRECT:
        mentioned = home.get_feeds_of_mentioned(session, status_id)
        count += _push(feeds, [feed_key(row.id, row.feed_version) for row in mentioned], status_id)
    elif author.followers_count <= feeds.most_followers:
        followers = partial(relationships.get_feeds_of_followers, session, author.id)
        count += _push_all(feeds, followers, status_id)
    elif not feeds.add_merged(author.id):
        raise Unavailable
    if author.visibility == Visibility.PUBLIC and author.reblog_of_id is None:
        count += _push_all(feeds, partial(home.get_feeds_of_tags, session, status_id), status_id)
    if author.visibility != Visibility.DIRECT and not (author.reblog_of_id or author.in_reply_to_account_id):
        notify_posted(session, author_id=author.id, status_id=status_id)
    metrics.FAN_OUT_RECIPIENTS.observe(count)
    return count


def _push_all(feeds: Feeds, read: Callable[[int, int], list[AnyRow]], status_id: int) -> int:
    """Push to feeds that are read in batches: `read(after_id, limit)`."""
    count = after_id = 0
    while batch := read(after_id, BATCH):
        count += _push(feeds, [feed_key(row.id, row.feed_version) for row in batch], status_id)
        after_id = batch[-1].follow_id
    return count


def _push(feeds: Feeds, keys: list[str], status_id: int) -> int:
    if not feeds.push(keys, status_id):
        raise Unavailable
    return len(keys)


def read_feed(session: Session, feeds: Feeds, *, account_id: int, version: int, following_count: int) -> Feed:
    """An account's feed, built from PostgreSQL where Redis has none (`following_count` chooses the way), with
    the posts of those whom it follows and who have so many followers that they are in no feed.
    """
    feed = feeds.read(account_id, version) or _build(session, feeds, account_id, version, following_count)
    authors = feed.merged
    if authors is None:
        merged = feeds.list_merged()
        authors = home.list_followed(session, account_id, merged)
        feeds.keep_merged(account_id, version, feed.epoch, authors, len(merged))
    if not authors:
        return feed
    floor = 0 if feed.is_whole else feed.ids[-1]
    return feed.add(home.list_ids_by(session, authors, floor, feeds.length), feeds.length)


def _build(session: Session, feeds: Feeds, account_id: int, version: int, following_count: int) -> Feed:
    # Begun before PostgreSQL is asked: what is pushed in between is kept in the list.
    epoch = feeds.begin(account_id, version)
    ids = home.list_feed_ids(session, account_id, feeds.length, following_count)
    if epoch is not None:
        feeds.finish(account_id, version, epoch, ids)
    # Out of PostgreSQL it has all authors' posts.
    return Feed(ids, len(ids) < feeds.length)
