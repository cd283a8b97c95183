"""Authors with very many followers: their posts are in no feed, and in everybody's home timeline."""

from random import Random

import pytest
import redis
from sqlalchemy import update
from sqlalchemy.orm import Session

from microblog.data.cache import make_client
from microblog.data.feeds import MERGED, Feeds, feed_key
from microblog.data.models import Account
from microblog.domain.errors import Unavailable
from microblog.domain.visibility import Visibility
from microblog.services import relationships
from microblog.services.feeds import fan_out
from tests.factories import make_account, make_follow, make_status
from tests.services.test_timelines import home, ids, version

MANY = 1_000


@pytest.fixture
def star(session: Session, redis_client: redis.Redis) -> int:
    """Somebody with more followers than are written to."""
    return make_star(session, "star")


def make_star(session: Session, name: str) -> int:
    account_id = make_account(session, name)
    session.execute(update(Account).where(Account.id == account_id).values(followers_count=MANY + 1))
    return account_id


def make_reader(session: Session, feeds: Feeds, name: str, *followed: str) -> int:
    """Somebody who follows these, and whose feed is in Redis."""
    account_id = make_account(session, name)
    for one in followed:
        make_follow(session, account_id, one)
    home(session, feeds, account_id)
    return account_id


def post(session: Session, feeds: Feeds, author_id: int, visibility: Visibility = Visibility.PUBLIC) -> int:
    status_id = make_status(session, feeds, author_id, visibility=visibility)
    fan_out(session, feeds, status_id=status_id)
    return status_id


def test_their_followers_read_what_is_in_no_feed(session: Session, feeds: Feeds, star: int) -> None:
    bob, eve = make_reader(session, feeds, "bob", "star"), make_reader(session, feeds, "eve")
    status_id = post(session, feeds, star)
    followers_only = post(session, feeds, star, Visibility.PRIVATE)
    post(session, feeds, star, Visibility.DIRECT)

    feed = feeds.read(bob, version(session, bob))
    assert feed is not None
    assert feed.ids == []
    assert ids(home(session, feeds, bob)) == [followers_only, status_id]
    assert ids(home(session, feeds, eve)) == []
    # Now it is known whom each of them follows.
    known = [feeds.read(one, version(session, one)) for one in (bob, eve)]
    assert [one and one.merged for one in known] == [[star], []]


def test_one_more_star_is_looked_up_once(session: Session, feeds: Feeds, star: int) -> None:
    other = make_star(session, "other")
    bob = make_reader(session, feeds, "bob", "star", "other")
    first = post(session, feeds, star)
    assert ids(home(session, feeds, bob)) == [first]

    second = post(session, feeds, other)
    feed = feeds.read(bob, version(session, bob))
    assert feed is not None
    assert feed.merged is None
    assert ids(home(session, feeds, bob)) == [second, first]


def test_who_stops_to_follow_reads_no_more(session: Session, feeds: Feeds, star: int) -> None:
    bob = make_reader(session, feeds, "bob", "star")
    post(session, feeds, star)
    relationships.unfollow(session, account_id=bob, target_id=star)
    assert ids(home(session, feeds, bob)) == []


def test_redis_emptied_loses_nothing(
    session: Session, feeds: Feeds, star: int, redis_client: redis.Redis
) -> None:
    bob = make_reader(session, feeds, "bob", "star")
    first = post(session, feeds, star)
    redis_client.flushdb()
    assert ids(home(session, feeds, bob)) == [first]
    second = post(session, feeds, star)
    assert ids(home(session, feeds, bob)) == [second, first]


@pytest.mark.parametrize("follows_other", [False, True])
def test_redis_losing_only_whose_posts_are_merged_loses_nothing(
    session: Session, feeds: Feeds, star: int, redis_client: redis.Redis, *, follows_other: bool
) -> None:
    other = make_star(session, "other")
    bob = make_reader(session, feeds, "bob", "star", *(["other"] if follows_other else []))
    first = post(session, feeds, star)
    assert ids(home(session, feeds, bob)) == [first]
    redis_client.delete(MERGED)
    assert ids(home(session, feeds, bob)) == [first]

    second = post(session, feeds, star)
    redis_client.delete(MERGED)
    # As many as before, and others.
    third = post(session, feeds, other)
    wanted = [third, second, first] if follows_other else [second, first]
    assert ids(home(session, feeds, bob)) == wanted


def test_a_feed_built_while_that_was_lost_is_built_again(
    session: Session, feeds: Feeds, star: int, redis_client: redis.Redis
) -> None:
    bob = make_reader(session, feeds, "bob", "star")
    epoch = feeds.begin(bob, version(session, bob))
    assert epoch
    status_id = post(session, feeds, star)
    redis_client.delete(MERGED)
    feeds.finish(bob, version(session, bob), epoch, [])
    assert ids(home(session, feeds, bob)) == [status_id]


def test_without_redis_it_is_tried_again(session: Session, no_redis: Feeds, star: int) -> None:
    status_id = make_status(session, no_redis, star)
    with pytest.raises(Unavailable):
        fan_out(session, no_redis, status_id=status_id)
    assert no_redis.list_merged() == []
    assert not no_redis.keep_merged(1, 0, "epoch", [], 0)


def test_their_own_feed_is_written(session: Session, feeds: Feeds, star: int) -> None:
    home(session, feeds, star)
    status_id = post(session, feeds, star)
    assert feeds.client.lrange(feed_key(star, 0), 0, 0) == [str(status_id)]
    assert ids(home(session, feeds, star)) == [status_id]


@pytest.mark.parametrize("length", [5, 9, 200])
@pytest.mark.parametrize("seed", range(4))
def test_all_pages_are_those_of_a_feed_made_anew(
    session: Session, redis_client: redis.Redis, redis_urls: tuple[str, str], seed: int, length: int
) -> None:
    random = Random(seed)
    feeds = Feeds(make_client(redis_urls[1]), length=length, most_followers=MANY)
    authors = [make_star(session, f"star{number}") for number in range(3)]
    authors += [make_account(session, f"usual{number}") for number in range(3)]
    followed = ["star0", "star1", "usual0", "usual1"]
    bob = make_reader(session, feeds, "bob", *followed)
    for _ in range(40):
        post(session, feeds, random.choice([*authors, *authors[:2] * 4]))
        if random.random() < 0.1:
            home(session, feeds, bob)

    pages = [{"limit": limit} for limit in (1, 3, 7, 40)]
    newest = ids(home(session, feeds, bob, limit=40))
    pages += [
        {name: bound, "limit": limit}
        for name in ("max_id", "min_id", "since_id")
        for bound in newest[::3]
        for limit in (2, 6)
    ]
    merged = [ids(home(session, feeds, bob, **page)) for page in pages]
    fresh = []
    for page in pages:
        redis_client.flushdb()
        fresh.append(ids(home(session, feeds, bob, **page)))

    assert merged == fresh
    assert len(newest) > 15
