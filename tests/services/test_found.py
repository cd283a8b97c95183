"""What is found by words is what PostgreSQL finds in all posts, newest first, however it is looked for."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from microblog.data.models import Account, Block, Mute, Status
from microblog.data.queries import statuses as queries
from microblog.data.queries.found import Bounds, select_posts_found
from microblog.domain.pages import PageRequest
from microblog.domain.visibility import Visibility
from profiling.explaining import explained

VIEWER, BLOCKED, BLOCKS, MUTED, SUSPENDED, AUTHOR = range(1, 7)
PEOPLE = range(1, 12)
POSTS = 600
#: From very common to rare.
WORDS = {"the": 9, "a": 6, "red": 3, "dog": 2, "barks": 1, "gently": 0.2}
QUERIES = (
    *("the", "dog", "gently", "nothing", "the dog", "dog gently", '"red dog"', '"the a red"', "red -dog"),
    *("-the", "-the -a", '"red dog" -"the a"', "gently or barks", "THE", "dog's", "", '"'),
)
WAYS = {"near", "wide", "recent", "matches"}
SMALL = Bounds(near=5, wide=12, recent=30, matches=40, posts=80)
HIDDEN = {BLOCKED, BLOCKS, MUTED}
FIND = text("""
    SELECT id, account_id FROM statuses
    WHERE to_tsvector('simple', spoiler_text || ' ' || text) @@ websearch_to_tsquery('simple', :words)
        AND visibility = 'public' AND reblog_of_id IS NULL ORDER BY id DESC
""")


@pytest.fixture
def site(session: Session) -> Random:
    random = Random("words")
    session.execute(insert(Account), [{"id": one, "username": f"name{one}"} for one in PEOPLE])
    session.execute(text("UPDATE accounts SET suspended_at = now() WHERE id = :id"), {"id": SUSPENDED})
    pairs = [{"account_id": a, "target_account_id": b} for a, b in ((VIEWER, BLOCKED), (BLOCKS, VIEWER))]
    session.execute(insert(Block), pairs)
    session.execute(insert(Mute), [{"account_id": VIEWER, "target_account_id": MUTED}])
    posts: list[dict[str, object]] = []
    for number in range(1, POSTS + 1):
        words = " ".join(random.choices(list(WORDS), list(WORDS.values()), k=random.randint(1, 6)))
        is_boost = number > 9 and random.random() < 0.2
        posts.append(
            {
                "id": number * 10,
                "account_id": random.choice(PEOPLE),
                "visibility": random.choice([Visibility.PUBLIC, Visibility.PUBLIC, *Visibility]),
                "reblog_of_id": 10 if is_boost and number % 10 else None,
                "text": "" if is_boost and number % 10 else words,
                "spoiler_text": "" if is_boost else random.choice(["", "", "gently"]),
            }
        )
    boosters: set[object] = set()
    for post in posts:
        if post["reblog_of_id"] is not None:
            # Nobody boosts twice.
            post["reblog_of_id"] = 10 if post["account_id"] not in boosters else None
            boosters.add(post["account_id"])
    session.execute(insert(Status), posts)
    return random


def draw_page(random: Random) -> PageRequest:
    bounds = {"max_id": random.randint(1, POSTS * 10 + 10)} if random.random() < 0.6 else {}
    if random.random() < 0.5:
        bounds[random.choice(("min_id", "since_id"))] = random.randint(1, POSTS * 10)
    return PageRequest(**bounds, limit=random.choice((1, 4, 20, 100)))


def expect(found: Sequence[int], page: PageRequest) -> list[int]:
    low, high = page.since_id or 0, page.max_id or 10**9
    if page.min_id is None:
        return [one for one in found if low < one < high][: page.limit]
    above = [one for one in found if page.min_id < one < high]
    return above[max(len(above) - page.limit, 0) :]


def read(
    session: Session, bounds: Bounds, words: str, page: PageRequest, viewer_id: int | None, by: int | None
) -> list[int]:
    select = select_posts_found(bounds)
    found = queries.read_statuses(session, select, page, viewer_id, words=words, by_account_id=by)
    return [row.id for row in found.items]


def search(session: Session, words: str, viewer_id: int | None, by: int | None) -> list[int]:
    """All that is found, the newest first."""
    hidden = {SUSPENDED} | (HIDDEN if viewer_id else set())
    rows = session.execute(FIND, {"words": words})
    return [row.id for row in rows if row.account_id not in hidden and by in (None, row.account_id)]


def count(session: Session, words: str) -> int:
    """How many posts the index finds."""
    return len(session.execute(FIND, {"words": words}).all())


@pytest.mark.parametrize("viewer_id", [None, VIEWER])
@pytest.mark.parametrize("by", [None, AUTHOR])
def test_pages_hold_all_that_is_found(
    site: Random, session: Session, viewer_id: int | None, by: int | None
) -> None:
    for words in QUERIES:
        found = search(session, words, viewer_id, by)
        for page in [draw_page(site) for _ in range(6)]:
            got = read(session, Bounds(), words, page, viewer_id, by)
            assert got == expect(found, page), (words, page)


def find_parts(session: Session, bounds: Bounds, words: str, limit: int) -> dict[str, float]:
    """How many posts each way to them gave."""
    engine = session.connection().engine
    with explained(engine) as found:
        read(session, bounds, words, PageRequest(limit=limit), None, None)
    (statement,) = found.values()
    (plan,) = statement.plans
    return {name: rows for name, rows in walk(plan.raw["Plan"]) if name in WAYS}


def walk(node: dict[str, Any]) -> Iterator[tuple[str, float]]:
    yield node.get("Subplan Name", "").removeprefix("CTE "), node["Actual Rows"]
    for child in node.get("Plans", ()):
        yield from walk(child)


def test_common_words_are_found_without_the_index(site: Random, session: Session) -> None:
    bounds = Bounds(near=40, wide=400)
    common = find_parts(session, bounds, "the", 40)
    assert common["near"] < 41
    assert (common["wide"], common["recent"], common["matches"]) == (41, 0, 0)

    # The newest don't promise a page: no more of them are looked through.
    rare = find_parts(session, bounds, "barks", 100)
    assert rare["near"] > 0
    assert rare["wide"] == 0
    assert rare["recent"] > rare["near"]


@pytest.mark.parametrize("viewer_id", [None, VIEWER])
def test_where_too_much_is_found_the_newest_posts_are_looked_through(
    site: Random, session: Session, viewer_id: int | None
) -> None:
    is_short = False
    for words in QUERIES:
        found = search(session, words, viewer_id, None)
        for page in [draw_page(site) for _ in range(6)]:
            expected = expect(found, page)
            got = read(session, SMALL, words, page, viewer_id, None)
            upwards = page.min_id is not None
            nearest = expected[::-1] if upwards else expected
            # The nearest of them, without gaps.
            assert (got[::-1] if upwards else got) == nearest[: len(got)], (words, page)
            is_short |= len(got) < len(expected)
            if count(session, words) <= SMALL.matches and "-" not in words and '"' not in words:
                assert got == expected, (words, page)
    assert is_short
