"""Every page of the home timeline is what its rules say, on sites made by chance, however it is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from microblog.data.feeds import Feeds
from microblog.data.models import (
    Account,
    Block,
    Follow,
    Mention,
    Mute,
    Status,
    StatusTag,
    Tag,
    TagFollow,
)
from microblog.data.queries import home
from microblog.domain.pages import PageRequest
from microblog.domain.visibility import Visibility
from microblog.services import timelines
from profiling.costs import count_statements
from tests.factories import make_account, make_status

VIEWER = 1
#: As told to who chooses the way: pages of up to 1,000 posts are looked for among everybody's.
MANY_FOLLOWS = 1_000 * home.FOLLOWS_PER_POST
TAGS = (1, 2, 3)
Pairs = set[tuple[int, int]]


@dataclass
class Site:
    """Who follows whom (and whether boosts are shown) and the like, and all posts, the oldest first."""

    follows: dict[tuple[int, int], bool]
    mutes: Pairs
    blocks: Pairs
    suspended: set[int]
    tag_follows: set[int]
    posts: dict[int, dict[str, Any]]
    mentions: Pairs
    tags: Pairs


def make_site(random: Random, people: int, followed: int, posts: int) -> Site:
    accounts = range(2, people + 2)
    chosen = random.sample(accounts, followed)
    follows = {(VIEWER, one): random.random() < 0.8 for one in chosen}
    follows |= {(random.choice(accounts), VIEWER): True for _ in range(3)}
    # One of those followed at least is neither muted nor blocked nor suspended.
    pick = [*chosen[1:4], *random.sample(list(set(accounts) - set(chosen[:1])), 5)]
    site = Site(
        follows=follows,
        mutes={(VIEWER, pick[0]), (VIEWER, pick[1])},
        blocks={(VIEWER, pick[2]), (pick[3], VIEWER)},
        suspended={pick[4]},
        tag_follows={tag for tag in TAGS if not followed or random.random() < 0.5},
        posts={},
        mentions=set(),
        tags=set(),
    )
    # A few write most.
    authors = random.choices([VIEWER, *accounts], [random.random() ** 4 for _ in range(people + 1)], k=posts)
    boosted: Pairs = set()
    for post_id, author in enumerate(authors, 1):
        visibility = random.choices(list(Visibility), [12, 2, 2, 3])[0]
        of = random.choice(list(site.posts)) if site.posts and random.random() < 0.25 else None
        if of is not None and (of, author) not in boosted and site.posts[of]["reblog_of_id"] is None:
            boosted.add((of, author))
        else:
            of = None
        site.posts[post_id] = {"account_id": author, "visibility": visibility, "reblog_of_id": of}
        if of is None:
            site.tags |= {(post_id, tag) for tag in TAGS if random.random() < 0.1}
            if random.random() < 0.15:
                site.mentions.add((post_id, VIEWER))
    return site


def write(session: Session, site: Site, people: int) -> None:
    names = [{"id": one, "username": f"name{one}"} for one in range(1, people + 2)]
    session.execute(insert(Account), names)
    now = datetime.now(UTC)
    session.execute(update(Account).where(Account.id.in_(site.suspended)).values(suspended_at=now))
    pairs = [
        {"account_id": a, "target_account_id": b, "shows_reblogs": shows}
        for (a, b), shows in site.follows.items()
    ]
    session.execute(insert(Follow), pairs)
    session.execute(insert(Block), [{"account_id": a, "target_account_id": b} for a, b in site.blocks])
    over = {"expires_at": now - timedelta(days=1)}
    others = [one["id"] for one in names if one["id"] != VIEWER and (VIEWER, one["id"]) not in site.mutes]
    session.execute(
        insert(Mute),
        [
            *({"account_id": a, "target_account_id": b, "expires_at": None} for a, b in site.mutes),
            *({"account_id": VIEWER, "target_account_id": one, **over} for one in others[:2]),
        ],
    )
    session.execute(insert(Status), [{"id": one, **post} for one, post in site.posts.items()])
    session.execute(insert(Tag), [{"id": tag, "name": f"tag{tag}"} for tag in TAGS])
    for model, names_of, rows in (
        (Mention, ("status_id", "account_id"), site.mentions),
        (StatusTag, ("status_id", "tag_id"), site.tags),
        (TagFollow, ("account_id", "tag_id"), {(VIEWER, tag) for tag in site.tag_follows}),
    ):
        if rows:
            session.execute(insert(model), [dict(zip(names_of, row, strict=True)) for row in rows])


def shown(site: Site) -> list[int]:
    """What the home timeline holds, the newest first: the rules, post by post."""

    def may_see(post_id: int) -> bool:
        post = site.posts[post_id]
        author = post["account_id"]
        if author in site.suspended or (author, VIEWER) in site.blocks:
            return False
        if post["visibility"] in (Visibility.PUBLIC, Visibility.UNLISTED) or author == VIEWER:
            return True
        is_named = (post_id, VIEWER) in site.mentions
        return is_named or (post["visibility"] == Visibility.PRIVATE and (VIEWER, author) in site.follows)

    def is_wanted(author: int) -> bool:
        return (VIEWER, author) not in site.mutes | site.blocks

    def belongs(post_id: int) -> bool:
        post = site.posts[post_id]
        author, of = post["account_id"], post["reblog_of_id"]
        if not may_see(post_id) or not is_wanted(author):
            return False
        if of is not None and not (may_see(of) and is_wanted(site.posts[of]["account_id"])):
            return False
        if author == VIEWER:
            return True
        if (VIEWER, author) in site.follows:
            return of is None or site.follows[VIEWER, author]
        is_tagged = any((post_id, tag) in site.tags for tag in site.tag_follows)
        return is_tagged and post["visibility"] == Visibility.PUBLIC

    return [one for one in sorted(site.posts, reverse=True) if belongs(one)]


def expect(all_ids: Sequence[int], page: PageRequest) -> list[int]:
    low, high = page.since_id or 0, page.max_id or 10**9
    if page.min_id is None:
        return [one for one in all_ids if low < one < high][: page.limit]
    above = [one for one in all_ids if page.min_id < one < high]
    return above[max(len(above) - page.limit, 0) :]


def draw_page(random: Random, posts: int) -> PageRequest:
    bounds: dict[str, int] = {}
    if random.random() < 0.7:
        bounds["max_id"] = random.randint(1, posts + 1)
    if random.random() < 0.5:
        bounds[random.choice(("min_id", "since_id"))] = random.randint(1, posts)
    return PageRequest(**bounds, limit=random.choice((1, 3, 8, 20)))


#: Where most posts are by people followed, where few are, and where many people followed write little.
SITES = ((6, 4, 200), (60, 3, 500), (120, 60, 500), (60, 0, 200))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("people", "followed", "posts"), SITES)
def test_pages_hold_what_the_rules_say(
    people: int, followed: int, posts: int, seed: int, session: Session, feeds: Feeds, no_redis: Feeds
) -> None:
    random = Random(f"{people} {followed} {seed}")
    site = make_site(random, people, followed, posts)
    write(session, site, people)
    all_ids = shown(site)
    assert len(all_ids) > 10

    def read(store: Feeds, page: PageRequest, following_count: int = 0) -> list[int]:
        found = timelines.read_home(
            session, store, viewer_id=VIEWER, feed_version=0, following_count=following_count, page=page
        )
        return [row.id for row in found.items]

    assert read(no_redis, PageRequest(limit=posts)) == all_ids
    for page in [draw_page(random, posts) for _ in range(30)]:
        expected = expect(all_ids, page)
        assert read(feeds, page) == read(no_redis, page) == expected, page
        assert read(no_redis, page, MANY_FOLLOWS) == expected, page


@pytest.mark.parametrize(("people", "followed", "posts"), SITES)
def test_ids_are_those_of_all_posts_that_may_belong_there(
    people: int, followed: int, posts: int, session: Session
) -> None:
    """Whatever the limit: a page may not end where posts are missing."""
    random = Random(f"{people} {followed}")
    site = make_site(random, people, followed, posts)
    write(session, site, people)
    all_ids = home.get_home_ids(session, VIEWER, PageRequest(limit=posts))
    assert set(all_ids) >= set(shown(site))
    for page in [draw_page(random, posts) for _ in range(40)]:
        found = home.get_home_ids(session, VIEWER, page)
        assert found[:: -1 if page.min_id is not None else 1] == expect(all_ids, page), page

    # A feed holds what is hidden for now, too; both ways find the same.
    feed_ids = home.list_feed_ids(session, VIEWER, posts, 0)
    assert set(feed_ids) >= set(all_ids)
    for limit in (1, 8, 40, posts):
        for following_count in (0, MANY_FOLLOWS):
            assert home.list_feed_ids(session, VIEWER, limit, following_count) == feed_ids[:limit]

    # There are too few posts for so long a list: whoever follows few people doesn't pay for finding that out.
    for following_count, statements in ((0, 1), (MANY_FOLLOWS, 2)):
        with count_statements(session.connection().engine) as counted:
            home.list_feed_ids(session, VIEWER, 1_000, following_count)
        assert counted.statements == statements


@pytest.mark.parametrize("upwards", [False, True])
def test_posts_beyond_many_hidden_ones_are_found(session: Session, no_redis: Feeds, upwards: bool) -> None:
    viewer, author = make_account(session), make_account(session)
    session.execute(insert(Follow).values(account_id=viewer, target_account_id=author))
    posted = []
    for hidden in (0, 200, 0):
        posted.append(make_status(session, no_redis, author))
        for _ in range(hidden):
            make_status(session, no_redis, author, visibility=Visibility.DIRECT)
    page = PageRequest(min_id=posted[0] - 1) if upwards else PageRequest(max_id=posted[-1] + 1)
    with count_statements(session.connection().engine) as counted:
        found = timelines.read_home(
            session, no_redis, viewer_id=viewer, feed_version=0, following_count=0, page=page
        )
    assert [row.id for row in found.items] == posted[::-1]
    # In ever longer strides: not one for each post.
    assert counted.statements < 15
