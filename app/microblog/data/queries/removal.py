"""Taking accounts out with all that is theirs, and the counters of others that knew them."""

from collections.abc import Sequence

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from microblog.data.models import Account, Favourite, Follow, MediaFile, Status


def lock(session: Session, *, account_ids: Sequence[int]) -> None:
    """Keep these accounts from posting, following and getting pictures until the commit."""
    # Pictures first: so does the job that makes their sizes.
    session.execute(select(MediaFile.id).where(MediaFile.account_id.in_(account_ids)).with_for_update())
    session.execute(
        select(Account.id).where(Account.id.in_(account_ids)).order_by(Account.id).with_for_update()
    )


def find_statuses_of(session: Session, *, account_ids: Sequence[int]) -> Sequence[tuple[int, int]]:
    """Id and author of these accounts' posts, the newest first."""
    statement = select(Status.id, Status.account_id).where(Status.account_id.in_(account_ids))
    return [(row.id, row.account_id) for row in session.execute(statement.order_by(Status.id.desc()))]


def find_keys_of(session: Session, *, account_ids: Sequence[int]) -> Sequence[str]:
    """The keys of these accounts' pictures."""
    return session.scalars(select(MediaFile.key).where(MediaFile.account_id.in_(account_ids))).all()


def uncount_follows(session: Session, *, account_ids: Sequence[int]) -> None:
    """Take these accounts off the counters of those whom they follow, and of those who follow them."""
    # In the order in which relationships are locked: nobody who follows one of them waits for another.
    beside = or_(
        Account.id.in_(select(Follow.target_account_id).where(Follow.account_id.in_(account_ids))),
        Account.id.in_(select(Follow.account_id).where(Follow.target_account_id.in_(account_ids))),
    )
    session.execute(select(Account.id).where(beside).order_by(Account.id).with_for_update(key_share=True))
    _uncount(session, Follow.account_id, account_ids, Follow.target_account_id, Account.followers_count)
    _uncount(session, Follow.target_account_id, account_ids, Follow.account_id, Account.following_count)


def _uncount(
    session: Session,
    leaving: InstrumentedAttribute[int],
    account_ids: Sequence[int],
    staying: InstrumentedAttribute[int],
    counter: InstrumentedAttribute[int],
) -> None:
    lost = (
        select(staying.label("account_id"), func.count().label("count"))
        .where(leaving.in_(account_ids))
        .group_by(staying)
        .subquery("lost")
    )
    session.execute(
        update(Account)
        .where(Account.id == lost.c.account_id)
        .values({counter.key: func.greatest(counter - lost.c.count, 0)})
    )


def uncount_favourites(session: Session, *, account_ids: Sequence[int]) -> None:
    """Take what these accounts like off the counters of the posts that stay."""
    liked = select(Favourite.status_id).where(Favourite.account_id.in_(account_ids))
    locked = select(Status.id).where(Status.id.in_(liked)).order_by(Status.id)
    session.execute(locked.with_for_update(key_share=True))
    lost = (
        select(Favourite.status_id, func.count().label("count"))
        .where(Favourite.account_id.in_(account_ids))
        .group_by(Favourite.status_id)
        .subquery("lost")
    )
    session.execute(
        update(Status)
        .where(Status.id == lost.c.status_id)
        .values(favourites_count=func.greatest(Status.favourites_count - lost.c.count, 0))
    )


def delete_accounts(session: Session, *, account_ids: Sequence[int]) -> None:
    """Delete accounts with all that is theirs."""
    session.execute(delete(Account).where(Account.id.in_(account_ids)))
