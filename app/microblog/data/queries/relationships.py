"""Who follows whom."""

from typing import Any

from sqlalchemy import BigInteger, bindparam, delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow, AnySelect
from microblog.data.models import Account, Follow
from microblog.data.queries.accounts import ACCOUNT_COLUMNS, accounts
from microblog.data.queries.pages import PagedSelect, paged, read_page
from microblog.domain.pages import Page, PageRequest

_ME = bindparam("account_id", type_=BigInteger)
_OTHER = bindparam("target_id", type_=BigInteger)
_RELATIONSHIP = select(
    exists().where(Follow.account_id == _ME, Follow.target_account_id == _OTHER).label("following"),
    exists().where(Follow.account_id == _OTHER, Follow.target_account_id == _ME).label("followed_by"),
)


def _accounts_beside(this: Any, other: Any) -> AnySelect:
    return (
        select(*ACCOUNT_COLUMNS, Follow.id.label("follow_id"))
        .join(Follow, other == accounts.c.id)
        .where(this == _ME, accounts.c.suspended_at.is_(None))
    )


# Paged by the follow's id: the latest follower comes first.
FOLLOWERS: PagedSelect = paged(
    _accounts_beside(Follow.target_account_id, Follow.account_id), Follow.__table__.c.id, "follow_id"
)
FOLLOWING: PagedSelect = paged(
    _accounts_beside(Follow.account_id, Follow.target_account_id), Follow.__table__.c.id, "follow_id"
)

_FEEDS_OF_FOLLOWERS = (
    select(Account.id, Account.feed_version, Follow.id.label("follow_id"))
    .join(Follow, Follow.account_id == Account.id)
    .where(
        Follow.target_account_id == _ME,
        Follow.id > bindparam("after_id", type_=BigInteger),
        Account.suspended_at.is_(None),
    )
    .order_by(Follow.id)
    .limit(bindparam("limit"))
)


def get_relationship(session: Session, account_id: int, target_id: int) -> AnyRow:
    """Whether the two follow each other, as `following` and `followed_by`."""
    return session.execute(_RELATIONSHIP, {"account_id": account_id, "target_id": target_id}).one()


def insert_follow(session: Session, account_id: int, target_id: int) -> bool:
    """Write a follow and count it on both sides; False where it was there already."""
    statement = upsert(Follow).values(account_id=account_id, target_account_id=target_id)
    made = session.scalars(statement.on_conflict_do_nothing().returning(Follow.id)).one_or_none()
    if made is not None:
        _count(session, account_id, target_id, 1)
    return made is not None


def delete_follow(session: Session, account_id: int, target_id: int) -> bool:
    """Delete a follow and count it on both sides; False where there was none."""
    statement = delete(Follow).where(Follow.account_id == account_id, Follow.target_account_id == target_id)
    gone = session.scalars(statement.returning(Follow.id)).one_or_none()
    if gone is not None:
        _count(session, account_id, target_id, -1)
    return gone is not None


def _count(session: Session, account_id: int, target_id: int, change: int) -> None:
    follower = (
        update(Account)
        .where(Account.id == account_id)
        .values(following_count=Account.following_count + change, feed_version=Account.feed_version + 1)
    )
    followed = (
        update(Account)
        .where(Account.id == target_id)
        .values(followers_count=Account.followers_count + change)
    )
    # The smaller id first: two people who follow each other at the same moment must not wait for each other.
    for statement in (follower, followed) if account_id < target_id else (followed, follower):
        session.execute(statement)


def read_relationships(
    session: Session, select: PagedSelect, page: PageRequest, account_id: int
) -> Page[AnyRow]:
    """A page of FOLLOWERS or FOLLOWING."""
    return read_page(session, select, page, {"account_id": account_id})


def get_feeds_of_followers(session: Session, account_id: int, after_id: int, limit: int) -> list[AnyRow]:
    """Followers in batches: `id`, `feed_version`, and `follow_id` to go on from."""
    parameters = {"account_id": account_id, "after_id": after_id, "limit": limit}
    return list(session.execute(_FEEDS_OF_FOLLOWERS, parameters))
