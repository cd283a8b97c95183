"""Keyset paging: a page is asked for by ids, never by an offset."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from microblog.domain.limits import PAGE_STATUSES

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which rows are wanted.

    `max_id`: only rows with smaller ids. `since_id`: only larger ids, the newest first. `min_id`: the rows
    just above this id. `limit`: how many rows at most. (The terms of the Mastodon client API.)
    """

    max_id: int | None = None
    min_id: int | None = None
    since_id: int | None = None
    limit: int = PAGE_STATUSES


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows, newest first, and the cursors of their neighbours.

    `older` is the `max_id` of the page below, `newer` the `min_id` of the page above; None where
    there is none. `newest`: the first item's own cursor, above which new ones will come.
    """

    items: list[T]
    older: int | None = None
    newer: int | None = None
    newest: int | None = None
