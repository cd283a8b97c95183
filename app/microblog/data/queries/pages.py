"""Keyset paging in SQL: the shapes of a page's statement, and the reading of a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, ColumnElement, TextualSelect, any_, bindparam, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow, AnySelect
from microblog.domain.ids import MAX_ID
from microblog.domain.pages import Page, PageRequest

T = TypeVar("T")


@dataclass(frozen=True)
class ByDirection(Generic[T]):
    """A page's statement downwards, and the same upwards."""

    newest: T
    above: T

    def of(self, page: PageRequest) -> T:
        """The one in the page's direction of reading."""
        return self.newest if page.min_id is None else self.above


@dataclass(frozen=True, slots=True)
class PagedSelect:
    """A list's statement in both directions, each within two bounds; the cursor is the column `id_name`.

    Most pages are read by `first`, without bounds, and `older`, with one.
    """

    newest: AnySelect
    above: AnySelect
    id_name: str
    first: AnySelect | None = None
    older: AnySelect | None = None

    def of(self, page: PageRequest) -> AnySelect:
        """The one for this page."""
        if page.min_id is not None:
            return self.above
        chosen = self.first if page.max_id is None else self.older
        return self.newest if chosen is None or page.since_id is not None else chosen


def paged(statement: AnySelect, column: ColumnElement[int], id_name: str = "id") -> PagedSelect:
    """Add keyset paging by `column`, which `statement` selects under the name `id_name`."""
    is_below = column < bindparam("max_id", type_=BigInteger)
    limited = statement.limit(bindparam("limit", type_=BigInteger, literal_execute=True))
    first = limited.order_by(column.desc())
    # Not prepared: a plan for any two bounds counts with few rows between them, and reads and sorts all.
    between = limited.where(is_below, column > bindparam("since_id", type_=BigInteger)).execution_options(
        prepared=None
    )
    return PagedSelect(
        between.order_by(column.desc()),
        between.order_by(column.asc()),
        id_name,
        first=first,
        older=first.where(is_below),
    )


def any_of(ids: TextualSelect) -> ColumnElement[Any]:
    """Any of the `id`s that a statement finds, first of all: for a join PostgreSQL might read all posts."""
    return any_(func.array(ids.scalar_subquery(), type_=ARRAY(BigInteger)))


def read_page(
    session: Session, select: PagedSelect, page: PageRequest, parameters: Mapping[str, object]
) -> Page[AnyRow]:
    """The rows of one page, newest first, with the cursors of its neighbours. One statement."""
    upwards = page.min_id is not None
    # One more than shown tells whether there is a further page, without counting.
    bounds = make_bounds(page) | {"limit": page.limit + 1}
    rows = list(session.execute(select.of(page), {**parameters, **bounds}))
    has_more = len(rows) > page.limit
    rows = rows[: page.limit]
    if upwards:
        rows.reverse()
    return make_page(rows, page, has_more=has_more, id_name=select.id_name)


def make_bounds(page: PageRequest) -> dict[str, int]:
    """The parameters `max_id`, `since_id` (both excluded) and `limit` of a page's statement."""
    return {
        "max_id": MAX_ID if page.max_id is None else page.max_id,
        "since_id": (page.since_id if page.min_id is None else page.min_id) or 0,
        "limit": page.limit,
    }


def make_page(rows: list[AnyRow], page: PageRequest, *, has_more: bool, id_name: str = "id") -> Page[AnyRow]:
    """Put cursors to rows (newest first); `has_more`: further rows lie in the direction that was read."""
    if not rows:
        return Page([])
    upwards = page.min_id is not None
    first, last = getattr(rows[0], id_name), getattr(rows[-1], id_name)
    return Page(
        rows,
        older=last if upwards or has_more else None,
        newer=first if (has_more if upwards else page.max_id is not None) else None,
        newest=first,
    )
