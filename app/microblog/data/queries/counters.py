"""Counters computed anew from the rows that they count, in batches by id."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from microblog.data.models import Account, Status

# Rows are locked before they are counted: who writes meanwhile waits for this transaction with the own +1.
# Counting is a statement of its own, so that it sees what the lock waited for.
_AFTER = bindparam("after_id", type_=BigInteger)
_ACCOUNTS = select(Account.id).where(Account.id > _AFTER).order_by(Account.id).limit(bindparam("limit"))
_STATUSES = select(Status.id).where(Status.id > _AFTER).order_by(Status.id).limit(bindparam("limit"))
_LOCK_ACCOUNTS = _ACCOUNTS.with_for_update(key_share=True)
_LOCK_STATUSES = _STATUSES.with_for_update(key_share=True)

_IDS = bindparam("ids", type_=ARRAY(BigInteger))
# What is counted: data/queries/posting.py.
_RECOUNT_ACCOUNTS = text("""
    UPDATE accounts
    SET statuses_count = new.statuses, followers_count = new.followers, following_count = new.following
    FROM (
        SELECT id,
            (
                SELECT count(*) FROM statuses
                WHERE account_id = accounts.id AND reblog_of_id IS NULL AND visibility <> 'direct'
            ) AS statuses,
            (SELECT count(*) FROM follows WHERE target_account_id = accounts.id) AS followers,
            (SELECT count(*) FROM follows WHERE account_id = accounts.id) AS following
        FROM accounts WHERE id = ANY(:ids)
    ) AS new
    WHERE accounts.id = new.id AND (statuses_count, followers_count, following_count)
        IS DISTINCT FROM (new.statuses, new.followers, new.following)
    RETURNING accounts.id
""").bindparams(_IDS)
_RECOUNT_STATUSES = text("""
    UPDATE statuses
    SET replies_count = new.replies, reblogs_count = new.reblogs, favourites_count = new.favourites
    FROM (
        SELECT id,
            (
                SELECT count(*) FROM statuses AS reply
                WHERE reply.in_reply_to_id = statuses.id AND visibility IN ('public', 'unlisted')
            ) AS replies,
            (
                SELECT count(*) FROM statuses AS boost
                WHERE boost.reblog_of_id = statuses.id AND visibility IN ('public', 'unlisted')
            ) AS reblogs,
            (SELECT count(*) FROM favourites WHERE status_id = statuses.id) AS favourites
        FROM statuses WHERE id = ANY(:ids)
    ) AS new
    WHERE statuses.id = new.id AND (replies_count, reblogs_count, favourites_count)
        IS DISTINCT FROM (new.replies, new.reblogs, new.favourites)
    RETURNING statuses.id
""").bindparams(_IDS)


def lock_accounts(session: Session, *, after_id: int, limit: int) -> Sequence[int]:
    """Lock the next accounts against changes of their counters; their ids in order."""
    return session.scalars(_LOCK_ACCOUNTS, {"after_id": after_id, "limit": limit}).all()


def lock_statuses(session: Session, *, after_id: int, limit: int) -> Sequence[int]:
    """Lock the next statuses against changes of their counters; their ids in order."""
    return session.scalars(_LOCK_STATUSES, {"after_id": after_id, "limit": limit}).all()


def recount_accounts(session: Session, ids: Sequence[int]) -> int:
    """Set the counters of locked accounts right; how many were off."""
    return len(session.scalars(_RECOUNT_ACCOUNTS, {"ids": list(ids)}).all())


def recount_statuses(session: Session, ids: Sequence[int]) -> int:
    """Set the counters of locked statuses right; how many were off."""
    return len(session.scalars(_RECOUNT_STATUSES, {"ids": list(ids)}).all())
