from collections.abc import Callable
from itertools import pairwise

import pytest
import redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from microblog.data.feeds import COMPLETE, Feeds, feed_key
from microblog.data.models import Account
from microblog.data.queries.status_rows import StatusRow
from microblog.domain.errors import Unavailable
from microblog.domain.pages import Page, PageRequest
from microblog.domain.visibility import Visibility
from microblog.services import accounts, mutes, relationships, statuses, timelines
from microblog.services.feeds import fan_out
from profiling.costs import count_statements
from tests.factories import make_account, make_follow, make_status

Read = Callable[[PageRequest], Page[StatusRow]]


def version(session: Session, account_id: int) -> int:
    return session.scalars(select(Account.feed_version).where(Account.id == account_id)).one()


def home(session: Session, feeds: Feeds, account_id: int, **page: int) -> Page[StatusRow]:
    return timelines.read_home(
        session,
        feeds,
        viewer_id=account_id,
        feed_version=version(session, account_id),
        following_count=0,
        page=PageRequest(**page),
    )


def kept(feeds: Feeds, account_id: int, version: int) -> list[int]:
    feed = feeds.read(account_id, version)
    assert feed is not None
    return feed.ids


def begin(feeds: Feeds) -> str:
    """Begin the feed of account 1."""
    epoch = feeds.begin(1, 0)
    assert epoch
    return epoch


def ids(page: Page[StatusRow]) -> list[int]:
    return [row.id for row in page.items]


def walk(read: Read, limit: int) -> list[int]:
    """All ids, by the older links; on the way back by the newer links the same pages are seen."""
    pages = [read(PageRequest(limit=limit))]
    assert pages[0].newer is None
    while (older := pages[-1].older) is not None:
        pages.append(read(PageRequest(max_id=older, limit=limit)))
    for above, below in pairwise(pages):
        assert below.newer is not None
        assert ids(read(PageRequest(min_id=below.newer, limit=limit))) == ids(above)
    return [one for page in pages for one in ids(page)]


@pytest.fixture
def ada(session: Session) -> int:
    return make_account(session, "ada")


def test_every_timeline_pages_both_ways(session: Session, feeds: Feeds, no_redis: Feeds, ada: int) -> None:
    posted = [make_status(session, feeds, ada, f"Post {number} #tag") for number in range(12)]
    reads: list[Read] = [
        lambda page: timelines.read_public(session, viewer_id=None, page=page),
        lambda page: timelines.read_account(session, account_id=ada, viewer_id=None, page=page),
        lambda page: timelines.read_tag(session, name="TAG", viewer_id=None, page=page),
        lambda page: timelines.read_home(
            session, feeds, viewer_id=ada, feed_version=0, following_count=0, page=page
        ),
        lambda page: timelines.read_home(
            session, no_redis, viewer_id=ada, feed_version=0, following_count=0, page=page
        ),
    ]
    for read in reads:
        assert walk(read, 4) == posted[::-1]
        assert walk(read, 3) == posted[::-1]
        assert walk(read, 20) == posted[::-1]
        assert ids(read(PageRequest(since_id=posted[8], limit=2))) == posted[:-3:-1]
        assert ids(read(PageRequest(max_id=posted[0]))) == []
        assert ids(read(PageRequest(min_id=posted[-1]))) == []


def test_lists_show_what_belongs_there(session: Session, feeds: Feeds, ada: int) -> None:
    public = make_status(session, feeds, ada, "#tag")
    reply = make_status(session, feeds, ada, "#tag", in_reply_to_id=public)
    unlisted = make_status(session, feeds, ada, "#tag", visibility=Visibility.UNLISTED)
    private = make_status(session, feeds, ada, "#tag", visibility=Visibility.PRIVATE)
    page = PageRequest()
    assert ids(timelines.read_public(session, viewer_id=ada, page=page)) == [public]
    assert ids(timelines.read_tag(session, name="tag", viewer_id=ada, page=page)) == [reply, public]
    seen = ids(timelines.read_account(session, account_id=ada, viewer_id=None, page=page))
    assert seen == [unlisted, reply, public]
    assert ids(timelines.read_account(session, account_id=ada, viewer_id=ada, page=page))[0] == private
    accounts.suspend_account(session, username="ada")
    for viewer_id in (None, ada):
        assert not timelines.read_public(session, viewer_id=viewer_id, page=page).items
        assert not timelines.read_tag(session, name="tag", viewer_id=viewer_id, page=page).items


def test_home_shows_those_one_follows_and_oneself(session: Session, feeds: Feeds, ada: int) -> None:
    bob = make_account(session, "bob")
    own = make_status(session, feeds, ada, "own")
    theirs = make_status(session, feeds, bob, "theirs")
    assert ids(home(session, feeds, ada)) == [own]
    make_follow(session, ada, "bob")
    assert ids(home(session, feeds, ada)) == [theirs, own]
    direct = make_status(session, feeds, bob, "not for ada", visibility=Visibility.DIRECT)
    fan_out(session, feeds, status_id=direct)
    assert ids(home(session, feeds, ada)) == [theirs, own]
    relationships.unfollow(session, account_id=ada, target_id=bob)
    assert ids(home(session, feeds, ada)) == [own]


def test_fan_out_reaches_the_feeds_that_exist(session: Session, feeds: Feeds, ada: int) -> None:
    bob, eve = make_account(session, "bob"), make_account(session, "eve")
    make_follow(session, bob, "ada")
    make_follow(session, eve, "ada")
    home(session, feeds, bob)
    status_id = make_status(session, feeds, ada)
    assert fan_out(session, feeds, status_id=status_id) == 3
    assert kept(feeds, bob, version(session, bob)) == [status_id]
    assert feeds.read(eve, version(session, eve)) is None
    # Repeated, as after a lost worker: shown once.
    fan_out(session, feeds, status_id=status_id)
    assert ids(home(session, feeds, bob)) == [status_id]
    statuses.delete_status(session, account_id=ada, status_id=status_id)
    assert ids(home(session, feeds, bob)) == []
    assert fan_out(session, feeds, status_id=status_id) == 0


def test_fan_out_without_redis_is_tried_again(session: Session, no_redis: Feeds, ada: int) -> None:
    status_id = make_status(session, no_redis, ada)
    with pytest.raises(Unavailable):
        fan_out(session, no_redis, status_id=status_id)


def test_a_feed_is_bounded_and_goes_on_in_the_database(session: Session, feeds: Feeds, ada: int) -> None:
    home(session, feeds, ada)
    posted = [make_status(session, feeds, ada) for _ in range(9)]
    # The last of five may not be all that there is down to it.
    assert kept(feeds, ada, 0) == posted[:4:-1]
    assert ids(home(session, feeds, ada, limit=20)) == posted[::-1]
    # The author's own list has it twice: now it is full of fewer posts.
    fan_out(session, feeds, status_id=posted[-1])
    assert ids(home(session, feeds, ada, limit=20)) == posted[::-1]


def test_what_comes_late_leaves_no_gap(session: Session, feeds: Feeds, ada: int) -> None:
    bob = make_account(session, "bob")
    make_follow(session, bob, "ada")
    home(session, feeds, bob)
    posted = [make_status(session, feeds, ada) for _ in range(6)]
    # The second is cut off before the first.
    for number in (1, 0, 2, 3, 4, 5):
        fan_out(session, feeds, status_id=posted[number])
    assert ids(home(session, feeds, bob, max_id=posted[5], limit=4)) == posted[4:0:-1]
    assert ids(home(session, feeds, bob, min_id=posted[0], limit=2)) == posted[2:0:-1]


def test_who_asks_for_what_is_new_is_answered_from_the_feed(session: Session, feeds: Feeds, ada: int) -> None:
    posted = [make_status(session, feeds, ada) for _ in range(9)]
    home(session, feeds, ada)
    viewer = {"viewer_id": ada, "feed_version": 0, "following_count": 0}
    with count_statements(session.connection().engine) as counted:
        newest = timelines.read_home(session, feeds, page=PageRequest(since_id=posted[-3]), **viewer)
    assert ids(newest) == [posted[-1], posted[-2]]
    assert counted.statements == 1
    assert ids(home(session, feeds, ada, since_id=posted[1])) == posted[:1:-1]


def test_a_feed_keeps_what_is_hidden_for_a_while(session: Session, feeds: Feeds, ada: int) -> None:
    bob = make_account(session, "bob")
    make_follow(session, bob, "ada")
    post = make_status(session, feeds, ada)
    mutes.mute(session, account_id=bob, target_id=ada)
    assert ids(home(session, feeds, bob)) == []
    mutes.unmute(session, account_id=bob, target_id=ada)
    assert ids(home(session, feeds, bob)) == [post]

    accounts.suspend_account(session, username="ada")
    feeds.client.flushdb()
    assert ids(home(session, feeds, bob)) == []
    accounts.unsuspend_account(session, username="ada")
    assert ids(home(session, feeds, bob)) == [post]


def test_who_was_suspended_reads_what_was_written_meanwhile(session: Session, feeds: Feeds, ada: int) -> None:
    bob = make_account(session, "bob")
    make_follow(session, bob, "ada")
    home(session, feeds, bob)
    accounts.suspend_account(session, username="bob")
    post = make_status(session, feeds, ada)
    fan_out(session, feeds, status_id=post)
    accounts.unsuspend_account(session, username="bob")
    assert ids(home(session, feeds, bob)) == [post]


def test_redis_emptied_loses_nothing(
    session: Session, feeds: Feeds, redis_client: redis.Redis, ada: int
) -> None:
    posted = [make_status(session, feeds, ada) for _ in range(3)]
    assert ids(home(session, feeds, ada)) == posted[::-1]
    redis_client.flushdb()
    assert ids(home(session, feeds, ada)) == posted[::-1]
    assert kept(feeds, ada, 0) == posted[::-1]


def test_posts_pushed_while_a_feed_is_built_are_kept(feeds: Feeds) -> None:
    assert feeds.read(1, 0) is None
    epoch = begin(feeds)
    feeds.push([feed_key(1, 0)], 30)
    assert feeds.read(1, 0) is None
    feeds.finish(1, 0, epoch, [20, 10])
    assert kept(feeds, 1, 0) == [30, 20, 10]


def test_two_who_build_a_feed_at_once_lose_nothing(feeds: Feeds) -> None:
    first = begin(feeds)
    # What was posted after the first one had read.
    feeds.push([feed_key(1, 0)], 10_000)
    second = begin(feeds)
    feeds.finish(1, 0, first, range(9_000, 9_000 - feeds.length, -1))
    feeds.finish(1, 0, second, [10_000, *range(9_000, 9_001 - feeds.length, -1)])
    assert kept(feeds, 1, 0)[:2] == [10_000, 9_000]


def test_a_feed_is_begun_anew_where_nobody_builds_it(feeds: Feeds) -> None:
    feeds.finish(1, 0, begin(feeds), [20, 10])
    feeds.finish(1, 0, begin(feeds), [20])
    assert kept(feeds, 1, 0) == [20]


def test_a_feed_lost_while_it_is_built_stays_missing(feeds: Feeds, redis_client: redis.Redis) -> None:
    epoch = begin(feeds)
    redis_client.flushdb()
    feeds.finish(1, 0, epoch, [20, 10])
    assert feeds.read(1, 0) is None


def test_an_unfinished_feed_is_no_feed(feeds: Feeds, redis_client: redis.Redis) -> None:
    feeds.finish(1, 0, begin(feeds), [10])
    assert kept(feeds, 1, 0) == [10]
    redis_client.lrem(feed_key(1, 0), 0, COMPLETE)
    assert feeds.read(1, 0) is None
