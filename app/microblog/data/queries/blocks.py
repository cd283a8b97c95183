"""Blocks: between the two there is nothing any more."""

from sqlalchemy import BigInteger, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.models import Block, Notification
from microblog.data.queries.accounts import ACCOUNT_COLUMNS, accounts
from microblog.data.queries.pages import PagedSelect, paged, read_page
from microblog.domain.pages import Page, PageRequest

# Paged by the block's id: the latest comes first.
BLOCKED: PagedSelect = paged(
    select(*ACCOUNT_COLUMNS, Block.id.label("block_id"))
    .join(Block, Block.target_account_id == accounts.c.id)
    .where(Block.account_id == bindparam("account_id", type_=BigInteger), accounts.c.suspended_at.is_(None)),
    Block.__table__.c.id,
    "block_id",
)


def insert_block(session: Session, account_id: int, target_id: int) -> bool:
    """Write a block; False where it was there already."""
    statement = upsert(Block).values(account_id=account_id, target_account_id=target_id)
    made = statement.on_conflict_do_nothing().returning(Block.id)
    return session.scalars(made).one_or_none() is not None


def delete_block(session: Session, account_id: int, target_id: int) -> None:
    """Delete a block, if there is one."""
    session.execute(delete(Block).where(Block.account_id == account_id, Block.target_account_id == target_id))


def delete_notifications(session: Session, account_id: int, from_account_id: int) -> None:
    """Take away what an account was told of another one."""
    session.execute(
        delete(Notification).where(
            Notification.account_id == account_id, Notification.from_account_id == from_account_id
        )
    )


def read_blocked(session: Session, page: PageRequest, account_id: int) -> Page[AnyRow]:
    """A page of those whom this account blocks, with `block_id`."""
    return read_page(session, BLOCKED, page, {"account_id": account_id})
