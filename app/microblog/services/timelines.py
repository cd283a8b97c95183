"""Timelines: lists of statuses, paged by id."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from microblog.data.base import AnySelect
from microblog.data.feeds import Feed, Feeds
from microblog.data.queries import found, home
from microblog.data.queries import statuses as queries
from microblog.data.queries.pages import ByDirection, make_page
from microblog.data.queries.status_rows import StatusRow
from microblog.domain.ids import MAX_ID
from microblog.domain.limits import TAG_USES, TIMELINE_TAGS
from microblog.domain.pages import Page, PageRequest
from microblog.domain.text import normalise_tag
from microblog.services.feeds import read_feed

FEED_BATCH = 41
# Below the feed a page asks for a few more than it shows, in case of hidden ones.
SPARE = 5
MOST_AT_ONCE = 400


def read_public(session: Session, *, viewer_id: int | None, page: PageRequest) -> Page[StatusRow]:
    """All public posts that answer nobody."""
    return queries.read_statuses(session, queries.PUBLIC, page, viewer_id)


def read_account(
    session: Session,
    *,
    account_id: int,
    viewer_id: int | None,
    page: PageRequest,
    exclude_replies: bool = False,
    exclude_reblogs: bool = False,
    is_pinned: bool = False,
    tagged: str | None = None,
) -> Page[StatusRow]:
    """One account's posts, replies and boosts, or some of them."""
    select = queries.of_account(
        exclude_reblogs=exclude_reblogs,
        exclude_replies=exclude_replies,
        pinned=is_pinned,
        tagged=bool(tagged),
    )
    parameters = {"tagged": normalise_tag(tagged)} if tagged else {}
    return queries.read_statuses(session, select, page, viewer_id, account_id=account_id, **parameters)


def read_tag(
    session: Session,
    *,
    name: str,
    viewer_id: int | None,
    page: PageRequest,
    also_any: Sequence[str] = (),
    also_all: Sequence[str] = (),
    but_none: Sequence[str] = (),
) -> Page[StatusRow]:
    """Public posts with a tag, given in any spelling.

    `also_any`: or with one of these; `also_all`: and with each of these; `but_none`: and with none of these.
    """
    if not (also_any or also_all or but_none):
        return queries.read_statuses(session, queries.OF_TAG, page, viewer_id, name=normalise_tag(name))
    return queries.read_statuses(
        session,
        queries.OF_TAGS,
        page,
        viewer_id,
        tag_uses=TAG_USES,
        names=_normalise([name, *also_any]),
        all=_normalise(also_all),
        none=_normalise(but_none),
    )


def _normalise(names: Sequence[str]) -> list[str]:
    return [normalise_tag(name) for name in names[:TIMELINE_TAGS]]


def search(
    session: Session,
    *,
    words: str,
    viewer_id: int | None,
    page: PageRequest,
    by_account_id: int | None = None,
) -> Page[StatusRow]:
    """Public posts that hold these words; quotes, `or` and `-` as PostgreSQL's web search has them."""
    return queries.read_statuses(
        session, found.FOUND, page, viewer_id, words=words, by_account_id=by_account_id
    )


def read_home(
    session: Session,
    feeds: Feeds,
    *,
    viewer_id: int,
    feed_version: int,
    following_count: int,
    page: PageRequest,
) -> Page[StatusRow]:
    """What those write and boost whom the viewer follows, posts with tags that they follow, and their own:
    from the feed, below its end from PostgreSQL, for which `following_count` chooses the way.
    """
    feed = read_feed(
        session, feeds, account_id=viewer_id, version=feed_version, following_count=following_count
    )
    rows = _read_from_feed(session, feed, page, viewer_id)
    if rows is None:
        rows = _read_from_database(session, page, viewer_id, following_count)
    has_more = len(rows) > page.limit
    rows = rows[: page.limit]
    return make_page(rows[::-1] if page.min_id is not None else rows, page, has_more=has_more)


def _read_from_feed(
    session: Session, feed: Feed, page: PageRequest, viewer_id: int
) -> list[StatusRow] | None:
    """The page's rows and one more, in the direction of reading; None where the feed does not reach
    so far down.

    One statement, more only where posts of the feed were deleted meanwhile.
    """
    upwards = page.min_id is not None
    if upwards and not feed.is_whole and (page.min_id or 0) < feed.ids[-1]:
        return None
    ids = _select_ids(feed.ids, page)
    wanted = page.limit + 1
    reaches_end = feed.is_whole or upwards or (page.since_id or 0) >= feed.ids[-1]
    if len(ids) < wanted and not reaches_end:
        return None
    # Not fewer at once, or a short page of a feed with many hidden posts would ask for each.
    batch = max(wanted, FEED_BATCH)
    rows: list[StatusRow] = []
    for start in range(0, len(ids), batch):
        shown = queries.get_home_statuses(session, ids[start : start + batch], viewer_id)
        rows.extend(shown[::-1] if upwards else shown)
        if len(rows) >= wanted:
            return rows[:wanted]
    return rows if reaches_end else None


def _select_ids(feed: list[int], page: PageRequest) -> list[int]:
    """The feed's ids that the page may show, in the direction of reading."""
    upwards = page.min_id is not None
    low = (page.min_id if upwards else page.since_id) or 0
    high = MAX_ID if page.max_id is None else page.max_id
    return [one for one in (reversed(feed) if upwards else feed) if low < one < high]


def _read_from_database(
    session: Session, page: PageRequest, viewer_id: int, following_count: int
) -> list[StatusRow]:
    """The page's rows and one more, in the direction of reading.

    One statement, more at the end of all posts, where many are hidden, and where few are by those whom a
    viewer with many follows reads.
    """
    upwards = page.min_id is not None
    wanted = page.limit + 1
    rest = replace(page, limit=wanted + SPARE)
    for select in _choose_ways(following_count, rest.limit):
        rows = queries.list_home_statuses(session, select, rest, viewer_id)
        if len(rows) >= wanted:
            return (rows[::-1] if upwards else rows)[:wanted]
    rows = []
    while len(rows) < wanted:
        ids = home.get_home_ids(session, viewer_id, rest)
        shown = queries.get_home_statuses(session, ids, viewer_id)
        rows.extend(shown[::-1] if upwards else shown)
        if len(ids) < rest.limit:
            break
        rest = _go_on(rest, ids[-1])
    return rows[:wanted]


def _choose_ways(following_count: int, limit: int) -> Sequence[ByDirection[AnySelect]]:
    if home.is_walked(following_count, limit):
        return queries.HOME_BY_WALKING, queries.HOME_BY_PERSON
    return (queries.HOME_BY_PERSON,)


def _go_on(page: PageRequest, last: int) -> PageRequest:
    """The page beyond that id, twice as long: where hidden posts lie side by side, there are more of them."""
    limit = min(2 * page.limit, MOST_AT_ONCE)
    if page.min_id is not None:
        return replace(page, min_id=last, limit=limit)
    return replace(page, max_id=last, limit=limit)
