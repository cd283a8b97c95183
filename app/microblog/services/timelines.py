"""Timelines: lists of statuses, paged by id."""

from dataclasses import replace

from sqlalchemy.orm import Session

from microblog.data.feeds import Feeds
from microblog.data.queries import statuses as queries
from microblog.data.queries.pages import make_page
from microblog.data.queries.statuses import StatusRow
from microblog.domain.ids import MAX_ID
from microblog.domain.pages import Page, PageRequest
from microblog.domain.text import normalise_tag
from microblog.services.feeds import read_feed


def read_public(session: Session, *, viewer_id: int | None, page: PageRequest) -> Page[StatusRow]:
    """All public posts that answer nobody."""
    return queries.read_statuses(session, queries.PUBLIC, page, viewer_id)


def read_account(
    session: Session, *, account_id: int, viewer_id: int | None, page: PageRequest
) -> Page[StatusRow]:
    """One account's posts and replies."""
    return queries.read_statuses(session, queries.OF_ACCOUNT, page, viewer_id, account_id=account_id)


def read_tag(session: Session, *, name: str, viewer_id: int | None, page: PageRequest) -> Page[StatusRow]:
    """Public posts with a tag, given in any spelling."""
    return queries.read_statuses(session, queries.OF_TAG, page, viewer_id, name=normalise_tag(name))


def read_home(
    session: Session, feeds: Feeds, *, viewer_id: int, feed_version: int, page: PageRequest
) -> Page[StatusRow]:
    """Posts of those whom the viewer follows, and their own: from the feed, below its end from PostgreSQL."""
    feed = read_feed(session, feeds, account_id=viewer_id, version=feed_version)
    rows = _read_from_feed(session, feed, page, viewer_id, is_whole=len(feed) < feeds.length)
    if rows is None:
        rows = _read_from_database(session, page, viewer_id)
    has_more = len(rows) > page.limit
    rows = rows[: page.limit]
    return make_page(rows[::-1] if page.min_id is not None else rows, page, has_more=has_more)


def _read_from_feed(
    session: Session, feed: list[int], page: PageRequest, viewer_id: int, *, is_whole: bool
) -> list[StatusRow] | None:
    """The page's rows and one more, in the direction of reading; None where the feed does not reach
    so far down.

    One statement, more only where posts of the feed were deleted meanwhile.
    """
    upwards = page.min_id is not None
    if upwards and not is_whole and page.min_id < feed[-1]:  # type: ignore[operator]
        return None
    ids = _select_ids(feed, page)
    wanted = page.limit + 1
    rows: list[StatusRow] = []
    for start in range(0, len(ids), wanted):
        found = queries.get_statuses(session, ids[start : start + wanted], viewer_id)
        rows.extend(found[::-1] if upwards else found)
        if len(rows) >= wanted:
            return rows[:wanted]
    return rows if is_whole or upwards else None


def _select_ids(feed: list[int], page: PageRequest) -> list[int]:
    """The feed's ids that the page may show, in the direction of reading."""
    if page.min_id is not None:
        return [one for one in reversed(feed) if one > page.min_id]
    low, high = page.since_id or 0, MAX_ID if page.max_id is None else page.max_id
    return [one for one in feed if low < one < high]


def _read_from_database(session: Session, page: PageRequest, viewer_id: int) -> list[StatusRow]:
    one_more = replace(page, limit=page.limit + 1)
    rows = queries.get_statuses(session, queries.get_home_ids(session, viewer_id, one_more), viewer_id)
    return rows[::-1] if page.min_id is not None else rows
