"""Mutes: whom somebody doesn't want to read."""

from datetime import timedelta

from sqlalchemy import BigInteger, bindparam, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.models import Mute
from microblog.data.queries.accounts import ACCOUNT_COLUMNS, accounts
from microblog.data.queries.pages import PagedSelect, paged, read_page
from microblog.domain.pages import Page, PageRequest

# Paged by the mute's id: the latest comes first.
MUTED: PagedSelect = paged(
    select(*ACCOUNT_COLUMNS, Mute.id.label("mute_id"), Mute.expires_at, Mute.hides_notifications)
    .join(Mute, Mute.target_account_id == accounts.c.id)
    .where(
        Mute.account_id == bindparam("account_id", type_=BigInteger),
        or_(Mute.expires_at.is_(None), Mute.expires_at > func.now()),
        accounts.c.suspended_at.is_(None),
    ),
    Mute.__table__.c.id,
    "mute_id",
)


def save_mute(
    session: Session, account_id: int, target_id: int, *, hides_notifications: bool, lasts: timedelta | None
) -> None:
    """Write a mute, or change the one that there is. `lasts`: None for good."""
    options = {
        "hides_notifications": hides_notifications,
        "expires_at": None if lasts is None else func.now() + lasts,
    }
    statement = upsert(Mute).values(account_id=account_id, target_account_id=target_id, **options)
    session.execute(
        statement.on_conflict_do_update(index_elements=["account_id", "target_account_id"], set_=options)
    )


def delete_mute(session: Session, account_id: int, target_id: int) -> None:
    """Delete a mute, if there is one."""
    session.execute(delete(Mute).where(Mute.account_id == account_id, Mute.target_account_id == target_id))


def read_muted(session: Session, page: PageRequest, account_id: int) -> Page[AnyRow]:
    """A page of those whom this account mutes now, with `mute_id`, `expires_at`, `hides_notifications`."""
    return read_page(session, MUTED, page, {"account_id": account_id})
