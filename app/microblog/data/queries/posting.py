"""Writing statuses, with the counters in the writer's transaction."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, any_, bindparam, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from microblog.data.models import Account, Mention, Status, Tag, User

_NAMES: Any = ARRAY(TEXT)

_KNOWN_ACCOUNTS = (
    select(Account.id, func.lower(Account.username).label("name"))
    .join(User, User.account_id == Account.id)
    .where(
        func.lower(Account.username) == any_(bindparam("names", type_=_NAMES)),
        Account.suspended_at.is_(None),
        User.confirmed_at.is_not(None),
    )
)
_LINK_TAGS = text(
    "INSERT INTO status_tags (status_id, tag_id) SELECT :status_id, id FROM tags WHERE name = ANY(:names)"
).bindparams(bindparam("names", type_=_NAMES), bindparam("status_id", type_=BigInteger))


def find_accounts_by_name(session: Session, names: Sequence[str]) -> dict[str, int]:
    """The ids of the accounts with these lower-cased names that can be mentioned."""
    return {row.name: row.id for row in session.execute(_KNOWN_ACCOUNTS, {"names": list(names)})}


def insert_status(session: Session, **values: object) -> int:
    """Write a status and count it for its author. Two statements."""
    status_id = session.scalars(insert(Status).values(**values).returning(Status.id)).one()
    session.execute(
        update(Account)
        .where(Account.id == values["account_id"])
        .values(statuses_count=Account.statuses_count + 1, last_status_at=func.now())
    )
    return status_id


def count_reply(session: Session, status_id: int, change: int) -> bool:
    """Add `change` to the number of a status's replies; whether the status is there."""
    statement = update(Status).where(Status.id == status_id)
    counted = statement.values(replies_count=Status.replies_count + change).returning(Status.id)
    return session.scalars(counted).one_or_none() is not None


def insert_mentions(session: Session, status_id: int, account_ids: Sequence[int]) -> None:
    """Record whom a status names."""
    session.execute(
        insert(Mention).values([{"status_id": status_id, "account_id": one} for one in account_ids])
    )


def insert_tags(session: Session, status_id: int, names: Sequence[str]) -> None:
    """Record which tags (normalised names) a status uses; new tags are made."""
    # In order, so that two posts with the same new tags cannot wait for each other.
    values = [{"name": name} for name in sorted(names)]
    session.execute(upsert(Tag).values(values).on_conflict_do_nothing(index_elements=["name"]))
    # A statement of its own: it sees also the tags that somebody else made meanwhile.
    session.execute(_LINK_TAGS, {"status_id": status_id, "names": list(names)})


def delete_status(session: Session, status_id: int, account_id: int) -> bool:
    """Delete a status of this account and set the counters right; whether there was one."""
    mine = (Status.id == status_id, Status.account_id == account_id)
    answered = select(Status.in_reply_to_id).where(*mine).scalar_subquery()
    # What it answers first: that one may be in deletion too, which touches this one as its reply.
    session.execute(
        select(Status.id)
        .where((Status.id == status_id) | (Status.id == answered))
        .order_by(Status.id)
        .with_for_update()
    )
    row = session.execute(delete(Status).where(*mine).returning(Status.in_reply_to_id)).one_or_none()
    if row is None:
        return False
    session.execute(
        update(Account).where(Account.id == account_id).values(statuses_count=Account.statuses_count - 1)
    )
    if row.in_reply_to_id is not None:
        count_reply(session, row.in_reply_to_id, -1)
    return True
