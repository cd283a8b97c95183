"""Hashtags as people see them: with their use in the last days, and whether one follows them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.queries import tags as queries
from microblog.data.queries.relationships import raise_feed_version
from microblog.domain.errors import NotFound
from microblog.domain.limits import SEARCH_OFFSET
from microblog.domain.pages import Page, PageRequest
from microblog.domain.text import clean_line, is_tag, normalise_tag

HISTORY_DAYS: Final = 7
EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class TagDay:
    """How many public posts used a tag on a UTC day, and by how many accounts."""

    day: date
    uses: int
    accounts: int


@dataclass(frozen=True, slots=True)
class TagView:
    """A tag by its normalised name. `id`: None where nobody used or followed it yet.

    `following`: whether the viewer does. `history`: the last seven UTC days, today first.
    """

    id: int | None
    name: str
    following: bool
    history: tuple[TagDay, ...]


def get_tag(session: Session, *, name: str, viewer_id: int | None) -> TagView:
    """A tag in any spelling, also one that nobody used. Two statements. Raises NotFound where none is."""
    name = _normalise(name)
    row = queries.get_tag(session, name, viewer_id)
    if row is None:
        return TagView(None, name, following=False, history=_make_history(_last_days(), {}))
    return _add_histories(session, [row])[0]


def follow_tag(session: Session, *, account_id: int, name: str) -> TagView:
    """Have public posts with a tag in the home timeline. Raises NotFound for what is no tag."""
    name = _normalise(name)
    if queries.insert_follow(session, account_id, queries.ensure_tag(session, name)):
        raise_feed_version(session, account_id)
    return get_tag(session, name=name, viewer_id=account_id)


def unfollow_tag(session: Session, *, account_id: int, name: str) -> TagView:
    """Have them there no more. Raises NotFound for what is no tag."""
    tag = get_tag(session, name=name, viewer_id=account_id)
    if tag.id is not None and queries.delete_follow(session, account_id, tag.id):
        raise_feed_version(session, account_id)
    return replace(tag, following=False)


def list_followed(session: Session, *, account_id: int, page: PageRequest) -> Page[TagView]:
    """The tags that the account follows, the latest first; cursors are ids of follows. Two statements."""
    found = queries.read_followed(session, page, account_id)
    return Page(_add_histories(session, found.items), found.older, found.newer, found.newest)


def search_tags(
    session: Session, *, text: str, viewer_id: int | None, limit: int, offset: int = 0
) -> list[TagView]:
    """Tags in public use, or followed by the viewer, that begin so, with or without #; the very one first.

    Two statements.
    """
    prefix = normalise_tag(clean_line(text).removeprefix("#"))
    if not prefix or offset > SEARCH_OFFSET:
        return []
    rows = queries.search_tags(session, prefix, viewer_id, limit=limit, offset=max(offset, 0))
    return _add_histories(session, rows)


def _normalise(name: str) -> str:
    name = clean_line(name).removeprefix("#")
    if not is_tag(name):
        raise NotFound
    return normalise_tag(name)


def _add_histories(session: Session, rows: Sequence[AnyRow]) -> list[TagView]:
    if not rows:
        return []
    days = _last_days()
    since = datetime.combine(days[-1], time(), UTC)
    uses: dict[int, dict[date, TagDay]] = {row.id: {} for row in rows}
    for row in queries.count_uses(session, list(uses), since):
        day = EPOCH + timedelta(days=row.day)
        uses[row.tag_id][day] = TagDay(day, row.uses, row.accounts)
    return [TagView(row.id, row.name, row.following, _make_history(days, uses[row.id])) for row in rows]


def _last_days() -> list[date]:
    today = datetime.now(UTC).date()
    return [today - timedelta(days=age) for age in range(HISTORY_DAYS)]


def _make_history(days: Sequence[date], uses: dict[date, TagDay]) -> tuple[TagDay, ...]:
    return tuple(uses.get(day) or TagDay(day, 0, 0) for day in days)
