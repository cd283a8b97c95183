"""The row that shows a status, by one statement: the post or boost, what it shows, its people, its viewer.

`id` is the row's own, for paging. What is shown (the post itself, or what a boost repeats) is `shown_id`,
`content` and so on; its author's columns begin with `author_`, those of who boosts it with `booster_`. For a
signed-in viewer there are `favourited`, `reblogged`, `bookmarked`, `pinned` and `muted`.
"""

from collections import namedtuple
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, FromClause, and_, func, or_, select

from microblog.data.base import AnyRow, AnySelect
from microblog.data.models import (
    Account,
    Application,
    Bookmark,
    ConversationMute,
    Favourite,
    Pin,
    Status,
)
from microblog.data.queries.accounts import ACCOUNT_COLUMNS
from microblog.data.queries.visibility import (
    VIEWER,
    everybody_may_see,
    exists_for_each_row,
    is_wanted,
    may_see,
)

T = TypeVar("T")
StatusRow = AnyRow

#: The row itself; in rows without boosts it is what is shown, too.
statuses = Status.__table__.alias("status")
_boosted = Status.__table__.alias("shown")
authors = Account.__table__.alias("author")
boosters = Account.__table__.alias("booster")
_answered = Account.__table__.alias("answered")
_clients = Application.__table__.alias("client")

_ACCOUNT_NAMES = [column.name for column in ACCOUNT_COLUMNS]
#: An account out of a status's row, as the rows of data/queries/accounts.py are.
AccountOfRow = namedtuple("AccountOfRow", _ACCOUNT_NAMES)  # type: ignore[misc]  # noqa: PYI024 - the queries name its columns


_read_author, _read_booster = (
    attrgetter(*(f"{prefix}_{name}" for name in _ACCOUNT_NAMES)) for prefix in ("author", "booster")
)


@dataclass(frozen=True)
class ByViewer(Generic[T]):
    """A statement for signed-out visitors, and the same for people with an account."""

    visitor: T
    person: T

    def of(self, viewer_id: int | None) -> T:
        """The one for this viewer."""
        return self.visitor if viewer_id is None else self.person


def select_statuses(*, boosts: bool, person: bool) -> AnySelect:
    """All rows that may be seen. `boosts`: boosts are among them; `person`: for a signed-in viewer."""
    shown = _boosted if boosts else statuses
    columns = [*_columns_of_row(), *_columns_of_shown(shown), *_columns_of(authors, "author")]
    if boosts:
        columns += _columns_of(boosters, "booster")
    if person:
        columns += _columns_of_viewer(shown)
    see = may_see if person else everybody_may_see
    source: FromClause = statuses
    if boosts:
        source = source.join(shown, shown.c.id == func.coalesce(statuses.c.reblog_of_id, statuses.c.id))
    source = source.join(authors, authors.c.id == shown.c.account_id)
    if boosts:
        is_boost = and_(statuses.c.reblog_of_id.is_not(None), boosters.c.id == statuses.c.account_id)
        source = source.outerjoin(boosters, is_boost)
    source = source.outerjoin(
        _answered, and_(_answered.c.id == shown.c.in_reply_to_account_id, _answered.c.suspended_at.is_(None))
    ).outerjoin(_clients, _clients.c.id == shown.c.application_id)
    statement = select(*columns).select_from(source).where(see(shown, authors))
    if boosts:
        return statement.where(or_(statuses.c.reblog_of_id.is_(None), see(statuses, boosters)))
    return statement.where(statuses.c.reblog_of_id.is_(None))


def wanted_in_timelines(*, boosts: bool) -> ColumnElement[bool]:
    """Whether a signed-in viewer wants to read the row: nobody of it is blocked or muted."""
    if not boosts:
        return is_wanted(authors.c.id)
    # Who wrote the row: its author, or who boosts.
    return and_(is_wanted(authors.c.id), is_wanted(statuses.c.account_id))


def author_of(row: StatusRow) -> Any:
    """The author of what is shown, with the columns of an account's row."""
    return AccountOfRow._make(_read_author(row))


def booster_of(row: StatusRow) -> Any:
    """Who boosts, with the columns of an account's row; None where the row is no boost."""
    if row.reblog_of_id is None:
        return None
    return AccountOfRow._make(_read_booster(row))


def _columns_of_row() -> list[ColumnElement[Any]]:
    row = statuses.c
    return [
        row.id,
        row.reblog_of_id,
        row.created_at.label("row_created_at"),
        row.visibility.label("row_visibility"),
        row.account_id.label("row_account_id"),
    ]


def _columns_of_shown(shown: FromClause) -> list[ColumnElement[Any]]:
    post = shown.c
    return [
        post.id.label("shown_id"),
        post.account_id,
        post.content,
        post.spoiler_text,
        post.sensitive,
        post.visibility,
        post.language,
        post.created_at,
        post.edited_at,
        post.in_reply_to_id,
        post.in_reply_to_account_id,
        post.conversation_id,
        post.replies_count,
        post.reblogs_count,
        post.favourites_count,
        _answered.c.username.label("in_reply_to_username"),
        _clients.c.name.label("application_name"),
        _clients.c.website.label("application_website"),
    ]


def _columns_of(people: FromClause, prefix: str) -> list[ColumnElement[Any]]:
    return [people.c[name].label(f"{prefix}_{name}") for name in _ACCOUNT_NAMES]


def _columns_of_viewer(shown: FromClause) -> list[ColumnElement[Any]]:
    boost = Status.__table__.alias("own_boost")
    conversation = func.coalesce(shown.c.conversation_id, shown.c.id)
    return [
        exists_for_each_row(
            Favourite.__table__, Favourite.status_id == shown.c.id, Favourite.account_id == VIEWER
        ).label("favourited"),
        exists_for_each_row(boost, boost.c.reblog_of_id == shown.c.id, boost.c.account_id == VIEWER).label(
            "reblogged"
        ),
        exists_for_each_row(
            Bookmark.__table__, Bookmark.status_id == shown.c.id, Bookmark.account_id == VIEWER
        ).label("bookmarked"),
        # The author's own question only.
        exists_for_each_row(Pin.__table__, Pin.status_id == shown.c.id, Pin.account_id == VIEWER).label(
            "pinned"
        ),
        exists_for_each_row(
            ConversationMute.__table__,
            ConversationMute.conversation_id == conversation,
            ConversationMute.account_id == VIEWER,
        ).label("muted"),
    ]
