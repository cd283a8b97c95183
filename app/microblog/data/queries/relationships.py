"""What is between accounts: who follows whom, and all that one account needs to know of others."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    bindparam,
    delete,
    exists,
    false,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow, AnySelect
from microblog.data.models import Account, AccountNote, Follow, FollowRequest, Mute, User
from microblog.data.queries.accounts import ACCOUNT_COLUMNS, IS_PUBLIC, accounts
from microblog.data.queries.pages import PagedSelect, paged, read_page
from microblog.data.queries.visibility import NOBODY, blocks, is_apart
from microblog.domain.pages import Page, PageRequest

_ME = bindparam("account_id", type_=BigInteger)
_users = User.__table__


def _read_relationships() -> AnySelect:
    numbers: Any = ARRAY(BigInteger)
    wanted = (
        func.unnest(bindparam("target_ids", type_=numbers))
        .table_valued("id", with_ordinality="place", name="wanted")
        .render_derived()
    )
    other = accounts.c.id
    follow, request = Follow.__table__.alias("follow"), FollowRequest.__table__.alias("request")
    back, request_back = Follow.__table__.alias("back"), FollowRequest.__table__.alias("request_back")
    mute, note = Mute.__table__.alias("mute"), AccountNote.__table__.alias("note")

    def towards(table: Any) -> ColumnElement[bool]:
        return and_(table.c.account_id == _ME, table.c.target_account_id == other)

    def backwards(table: Any) -> ColumnElement[bool]:
        return and_(table.c.account_id == other, table.c.target_account_id == _ME)

    lasts = or_(mute.c.expires_at.is_(None), mute.c.expires_at > func.now())
    return (
        select(
            accounts.c.id,
            follow.c.id.is_not(None).label("following"),
            func.coalesce(follow.c.shows_reblogs, request.c.shows_reblogs, false()).label("showing_reblogs"),
            func.coalesce(follow.c.notifies, request.c.notifies, false()).label("notifying"),
            back.c.id.is_not(None).label("followed_by"),
            blocks(_ME, other).label("blocking"),
            blocks(other, _ME).label("blocked_by"),
            mute.c.id.is_not(None).label("muting"),
            func.coalesce(mute.c.hides_notifications, false()).label("muting_notifications"),
            request.c.id.is_not(None).label("requested"),
            request_back.c.id.is_not(None).label("requested_by"),
            func.coalesce(note.c.comment, "").label("note"),
        )
        .select_from(wanted)
        .join(accounts, other == wanted.c.id)
        .outerjoin(follow, towards(follow))
        .outerjoin(back, backwards(back))
        .outerjoin(request, towards(request))
        .outerjoin(request_back, backwards(request_back))
        .outerjoin(mute, and_(towards(mute), lasts))
        .outerjoin(note, towards(note))
        .order_by(wanted.c.place)
    )


_RELATIONSHIPS = _read_relationships()
# The smaller id first, everywhere: two people who do something with each other at the same moment must not
# wait for each other. Both rows are locked before anything between the two is read, so that a follow and a
# block at the same moment come one after the other.
_LOCK_PAIR = (
    select(
        accounts.c.id,
        accounts.c.locked,
        and_(*IS_PUBLIC).label("is_public"),
    )
    .join(_users, _users.c.account_id == accounts.c.id)
    .where(accounts.c.id.in_([_ME, bindparam("target_id", type_=BigInteger)]))
    .order_by(accounts.c.id)
    .with_for_update(of=accounts, key_share=True)
)


_owner = Account.__table__.alias("owner")


def _accounts_beside(this: Any, other: Any) -> AnySelect:
    return (
        select(*ACCOUNT_COLUMNS, Follow.id.label("follow_id"))
        .join(Follow, other == accounts.c.id)
        .where(this == _ME, accounts.c.suspended_at.is_(None), ~is_apart(accounts.c.id))
        # Nor is anything told of somebody suspended.
        .where(exists().where(_owner.c.id == _ME, _owner.c.suspended_at.is_(None)))
    )


# Paged by the follow's id: the latest follower comes first.
FOLLOWERS: PagedSelect = paged(
    _accounts_beside(Follow.target_account_id, Follow.account_id), Follow.__table__.c.id, "follow_id"
)
FOLLOWING: PagedSelect = paged(
    _accounts_beside(Follow.account_id, Follow.target_account_id), Follow.__table__.c.id, "follow_id"
)

_FEEDS_OF_FOLLOWERS = (
    select(Account.id, Account.feed_version, Follow.shows_reblogs, Follow.id.label("follow_id"))
    .join(Follow, Follow.account_id == Account.id)
    .where(
        Follow.target_account_id == _ME,
        Follow.id > bindparam("after_id", type_=BigInteger),
        Account.suspended_at.is_(None),
    )
    .order_by(Follow.id)
    .limit(bindparam("limit"))
)


def read_relationships(session: Session, account_id: int, target_ids: Sequence[int]) -> list[AnyRow]:
    """What is between the account and each of the others that there are, in their order.

    Columns: id, following, showing_reblogs, notifying, followed_by, blocking, blocked_by, muting,
    muting_notifications, requested, requested_by, note.
    """
    parameters = {"account_id": account_id, "target_ids": list(target_ids)}
    return list(session.execute(_RELATIONSHIPS, parameters))


def lock_pair(session: Session, account_id: int, target_id: int) -> AnyRow | None:
    """Keep others from changing what is between the two until the commit; `locked` and `is_public` of the
    target (which is None where there is no such account).
    """
    parameters = {"account_id": account_id, "target_id": target_id}
    return next((row for row in session.execute(_LOCK_PAIR, parameters) if row.id == target_id), None)


def insert_follow(
    session: Session, account_id: int, target_id: int, *, shows_reblogs: bool, notifies: bool
) -> None:
    """Write a follow and count it on both sides; nothing happens where it is there."""
    statement = upsert(Follow).values(
        account_id=account_id, target_account_id=target_id, shows_reblogs=shows_reblogs, notifies=notifies
    )
    if session.scalars(statement.on_conflict_do_nothing().returning(Follow.id)).one_or_none() is not None:
        _count(session, account_id, target_id, 1)


def update_follow(
    session: Session, account_id: int, target_id: int, *, shows_reblogs: bool, notifies: bool
) -> None:
    """Change a follow's options. Where boosts come or go, the follower's feed wants building anew."""
    session.execute(
        update(Follow)
        .where(Follow.account_id == account_id, Follow.target_account_id == target_id)
        .values(shows_reblogs=shows_reblogs, notifies=notifies)
    )


def raise_feed_version(session: Session, account_id: int) -> None:
    """Have the account's feed built anew."""
    session.execute(
        update(Account).where(Account.id == account_id).values(feed_version=Account.feed_version + 1)
    )


def delete_follows(session: Session, *pairs: tuple[int, int]) -> bool:
    """Delete follows from the first to the second of each pair and count them; whether there were any."""
    statement = delete(Follow).where(tuple_(Follow.account_id, Follow.target_account_id).in_(pairs))
    gone = session.execute(statement.returning(Follow.account_id, Follow.target_account_id)).all()
    for account_id, target_id in gone:
        _count(session, account_id, target_id, -1)
    return bool(gone)


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
    # In the order of _LOCK_PAIR, for callers that have not locked.
    for statement in (follower, followed) if account_id < target_id else (followed, follower):
        session.execute(statement)


def read_accounts(
    session: Session, select: PagedSelect, page: PageRequest, *, account_id: int, viewer_id: int | None
) -> Page[AnyRow]:
    """A page of FOLLOWERS or FOLLOWING, without those whom a block keeps from the viewer."""
    return read_page(session, select, page, {"account_id": account_id, "viewer_id": viewer_id or NOBODY})


def get_feeds_of_followers(session: Session, account_id: int, after_id: int, limit: int) -> list[AnyRow]:
    """Followers in batches: `id`, `feed_version`, `shows_reblogs`, and `follow_id` to go on from."""
    parameters = {"account_id": account_id, "after_id": after_id, "limit": limit}
    return list(session.execute(_FEEDS_OF_FOLLOWERS, parameters))
