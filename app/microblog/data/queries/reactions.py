"""Favourites, bookmarks, pins and muted conversations: writing them, lists of them and of who made them."""

from typing import Any

from sqlalchemy import BigInteger, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.models import Account, Bookmark, ConversationMute, Favourite, Pin, Status
from microblog.data.queries.accounts import ACCOUNT_COLUMNS, accounts
from microblog.data.queries.pages import PagedSelect, paged, read_page
from microblog.data.queries.posting import count
from microblog.data.queries.status_rows import ByViewer, StatusRow, select_statuses, statuses
from microblog.data.queries.visibility import VIEWER, everybody_may_see, is_apart, may_see
from microblog.domain.pages import Page, PageRequest

_STATUS = bindparam("status_id", type_=BigInteger)


def _kept(kind: type[Favourite | Bookmark]) -> PagedSelect:
    """What the viewer favourited or bookmarked, as far as it may be seen; paged by the reaction's id."""
    # Under another name, or the columns of the viewer would take this table for theirs.
    mark = kind.__table__.alias("mark")
    statement = (
        select_statuses(boosts=False, person=True)
        .add_columns(mark.c.id.label("cursor_id"))
        .join(mark, mark.c.status_id == statuses.c.id)
        .where(mark.c.account_id == VIEWER)
    )
    return paged(statement, mark.c.id, "cursor_id")


FAVOURITES = _kept(Favourite)
BOOKMARKS = _kept(Bookmark)


def _who(mark: Any, *, person: bool, see: Any) -> PagedSelect:
    statement = (
        select(*ACCOUNT_COLUMNS, mark.c.id.label("cursor_id"))
        .join(mark, mark.c.account_id == accounts.c.id)
        .where(accounts.c.suspended_at.is_(None))
    )
    if see is not None:
        statement = statement.where(mark.c.reblog_of_id == _STATUS, see(mark, accounts))
    else:
        statement = statement.where(mark.c.status_id == _STATUS)
    if person:
        statement = statement.where(~is_apart(accounts.c.id))
    return paged(statement, mark.c.id, "cursor_id")


_boosts = Status.__table__.alias("boost")
FAVOURITED_BY = ByViewer(
    _who(Favourite.__table__, person=False, see=None), _who(Favourite.__table__, person=True, see=None)
)
#: Only boosts that the viewer may see.
REBLOGGED_BY = ByViewer(
    _who(_boosts, person=False, see=everybody_may_see), _who(_boosts, person=True, see=may_see)
)


def insert_favourite(session: Session, account_id: int, status_id: int) -> bool:
    """Write a favourite and count it; False where it was there already."""
    statement = upsert(Favourite).values(account_id=account_id, status_id=status_id)
    made = session.scalars(statement.on_conflict_do_nothing().returning(Favourite.id)).one_or_none()
    return made is not None and count(session, status_id, "favourites_count", 1)


def delete_favourite(session: Session, account_id: int, status_id: int) -> bool:
    """Delete a favourite and count it; False where there was none."""
    statement = delete(Favourite).where(Favourite.account_id == account_id, Favourite.status_id == status_id)
    gone = session.scalars(statement.returning(Favourite.id)).one_or_none()
    return gone is not None and count(session, status_id, "favourites_count", -1)


def insert_bookmark(session: Session, account_id: int, status_id: int) -> None:
    """Write a bookmark, unless it is there."""
    session.execute(
        upsert(Bookmark).values(account_id=account_id, status_id=status_id).on_conflict_do_nothing()
    )


def delete_bookmark(session: Session, account_id: int, status_id: int) -> None:
    """Delete a bookmark, where there is one."""
    session.execute(
        delete(Bookmark).where(Bookmark.account_id == account_id, Bookmark.status_id == status_id)
    )


def insert_pin(session: Session, account_id: int, status_id: int) -> None:
    """Pin a post, unless it is pinned."""
    session.execute(upsert(Pin).values(account_id=account_id, status_id=status_id).on_conflict_do_nothing())


def delete_pin(session: Session, account_id: int, status_id: int) -> None:
    """Take a pin away, where there is one."""
    session.execute(delete(Pin).where(Pin.account_id == account_id, Pin.status_id == status_id))


def lock_pins(session: Session, account_id: int) -> None:
    """Let nobody else change the account's pins until the commit."""
    session.execute(select(Account.id).where(Account.id == account_id).with_for_update(key_share=True))


def count_pins(session: Session, account_id: int) -> int:
    """How many posts the account has pinned."""
    return session.scalar(select(func.count()).where(Pin.account_id == account_id)) or 0


def insert_conversation_mute(session: Session, account_id: int, conversation_id: int) -> None:
    """Mute a conversation, unless it is muted."""
    values = {"account_id": account_id, "conversation_id": conversation_id}
    session.execute(upsert(ConversationMute).values(**values).on_conflict_do_nothing())


def delete_conversation_mute(session: Session, account_id: int, conversation_id: int) -> None:
    """Hear of a conversation again."""
    session.execute(
        delete(ConversationMute).where(
            ConversationMute.account_id == account_id, ConversationMute.conversation_id == conversation_id
        )
    )


def read_kept(session: Session, select: PagedSelect, page: PageRequest, viewer_id: int) -> Page[StatusRow]:
    """A page of FAVOURITES or BOOKMARKS; cursors are ids of the reactions."""
    return read_page(session, select, page, {"viewer_id": viewer_id})


def read_people(
    session: Session,
    select: ByViewer[PagedSelect],
    page: PageRequest,
    *,
    status_id: int,
    viewer_id: int | None,
) -> Page[AnyRow]:
    """A page of FAVOURITED_BY or REBLOGGED_BY: account rows; cursors are ids of what they did."""
    return read_page(session, select.of(viewer_id), page, {"status_id": status_id, "viewer_id": viewer_id})
