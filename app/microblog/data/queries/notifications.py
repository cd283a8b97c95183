"""Notifications and read markers."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.models import Account, Marker, Notification
from microblog.data.queries.pages import PagedSelect, paged, read_page
from microblog.domain.pages import Page, PageRequest

LIST: PagedSelect = paged(
    select(
        Notification.id,
        Notification.kind,
        Notification.created_at,
        Notification.status_id,
        Account.id.label("account_id"),
        Account.username,
        Account.display_name,
        Account.avatar_key,
    )
    .join(Account, Account.id == Notification.from_account_id)
    .where(
        Notification.account_id == bindparam("account_id", type_=BigInteger), Account.suspended_at.is_(None)
    ),
    Notification.__table__.c.id,
)
_LAST_READ = select(Marker.last_read_id).where(
    Marker.account_id == bindparam("account_id", type_=BigInteger), Marker.timeline == bindparam("timeline")
)


def insert_notifications(
    session: Session, account_ids: Sequence[int], *, from_account_id: int, kind: str, status_id: int | None
) -> None:
    """Tell these accounts once; repeated ones are left out."""
    values = [
        {"account_id": one, "from_account_id": from_account_id, "kind": kind, "status_id": status_id}
        for one in account_ids
    ]
    session.execute(upsert(Notification).values(values).on_conflict_do_nothing())


def read_notifications(session: Session, page: PageRequest, account_id: int) -> Page[AnyRow]:
    """A page of an account's notifications with who caused them."""
    return read_page(session, LIST, page, {"account_id": account_id})


def get_last_read_id(session: Session, account_id: int, timeline: str) -> int:
    """Up to where the account has read a timeline; 0 where it never did."""
    return session.scalar(_LAST_READ, {"account_id": account_id, "timeline": timeline}) or 0


def move_marker(session: Session, account_id: int, timeline: str, last_read_id: int) -> None:
    """Move a read marker forward; it never goes back."""
    statement = upsert(Marker).values(account_id=account_id, timeline=timeline, last_read_id=last_read_id)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["account_id", "timeline"],
            set_={
                "last_read_id": statement.excluded.last_read_id,
                "version": Marker.version + 1,
                "updated_at": func.now(),
            },
            where=Marker.last_read_id < statement.excluded.last_read_id,
        )
    )
