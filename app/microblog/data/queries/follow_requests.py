"""Requests to follow somebody who is locked."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, bindparam, delete, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.models import Account, FollowRequest
from microblog.data.queries.accounts import ACCOUNT_COLUMNS, accounts
from microblog.data.queries.pages import PagedSelect, paged, read_page
from microblog.domain.pages import Page, PageRequest

_ME = bindparam("account_id", type_=BigInteger)

# Paged by the request's id: the latest comes first.
WAITING: PagedSelect = paged(
    select(*ACCOUNT_COLUMNS, FollowRequest.id.label("request_id"))
    .join(FollowRequest, FollowRequest.account_id == accounts.c.id)
    .where(FollowRequest.target_account_id == _ME, accounts.c.suspended_at.is_(None)),
    FollowRequest.__table__.c.id,
    "request_id",
)
# In the order in which relationships are locked (data/queries/relationships.py).
_LOCK_ALL = (
    select(Account.id)
    .where(
        or_(
            Account.id == _ME,
            Account.id.in_(select(FollowRequest.account_id).where(FollowRequest.target_account_id == _ME)),
        )
    )
    .order_by(Account.id)
    .with_for_update(key_share=True)
)
# One statement however many wait. What told of a request tells of the follow, unless that was told before.
_ACCEPT_ALL = text("""
    WITH gone AS (
        DELETE FROM follow_requests WHERE target_account_id = :account_id
        RETURNING account_id, shows_reblogs, notifies
    ), made AS (
        INSERT INTO follows (account_id, target_account_id, shows_reblogs, notifies)
        SELECT account_id, :account_id, shows_reblogs, notifies FROM gone ORDER BY account_id
        ON CONFLICT DO NOTHING RETURNING account_id
    ), followers AS (
        UPDATE accounts SET following_count = following_count + 1, feed_version = feed_version + 1
        WHERE id IN (SELECT account_id FROM made)
    ), followed AS (
        UPDATE accounts SET followers_count = followers_count + (SELECT count(*) FROM made)
        WHERE id = :account_id
    ), told AS (
        UPDATE notifications AS told SET kind = 'follow'
        WHERE account_id = :account_id AND kind = 'follow_request' AND NOT EXISTS (
            SELECT FROM notifications AS earlier
            WHERE earlier.account_id = :account_id AND earlier.kind = 'follow'
            AND earlier.from_account_id = told.from_account_id AND earlier.status_id IS NULL
        )
    )
    SELECT count(*) FROM made
""").bindparams(_ME)
_FORGET = text("""
    DELETE FROM notifications
    WHERE account_id = :target_id AND from_account_id = :account_id AND kind = 'follow_request'
""").bindparams(_ME, bindparam("target_id", type_=BigInteger))
_FORGET_ALL = text(
    "DELETE FROM notifications WHERE account_id = :account_id AND kind = 'follow_request'"
).bindparams(_ME)


def insert_request(
    session: Session, account_id: int, target_id: int, *, shows_reblogs: bool, notifies: bool
) -> None:
    """Write a request, or change the options of the one that waits."""
    statement = upsert(FollowRequest).values(
        account_id=account_id, target_account_id=target_id, shows_reblogs=shows_reblogs, notifies=notifies
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["account_id", "target_account_id"],
            set_={"shows_reblogs": shows_reblogs, "notifies": notifies},
        )
    )


def delete_requests(session: Session, *pairs: tuple[int, int]) -> Sequence[AnyRow]:
    """Delete requests of the first to the second of each pair, and what told of them.

    Those that there were: account_id, shows_reblogs, notifies.
    """
    statement = (
        delete(FollowRequest)
        .where(tuple_(FollowRequest.account_id, FollowRequest.target_account_id).in_(pairs))
        .returning(
            FollowRequest.account_id,
            FollowRequest.target_account_id,
            FollowRequest.shows_reblogs,
            FollowRequest.notifies,
        )
    )
    gone = session.execute(statement).all()
    for row in gone:
        session.execute(_FORGET, {"account_id": row.account_id, "target_id": row.target_account_id})
    return gone


def accept_all(session: Session, account_id: int) -> int:
    """Make follows of all that wait for this account, with the counters of all; how many there were."""
    session.execute(_LOCK_ALL, {"account_id": account_id})
    accepted = session.scalars(_ACCEPT_ALL, {"account_id": account_id}).one()
    session.execute(_FORGET_ALL, {"account_id": account_id})
    return int(accepted)


def read_requests(session: Session, page: PageRequest, account_id: int) -> Page[AnyRow]:
    """A page of those who wait for this account's answer, with `request_id`."""
    return read_page(session, WAITING, page, {"account_id": account_id})
