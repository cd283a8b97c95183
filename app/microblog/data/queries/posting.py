"""Writing statuses and boosts, with the counters in the writer's transaction.

Counted are what others may find: an account's own posts but for direct ones, and of replies and boosts those
that everybody may read.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    LargeBinary,
    any_,
    bindparam,
    delete,
    false,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.models import (
    Account,
    IdempotencyKey,
    Mention,
    Status,
    StatusEdit,
    StatusTag,
    Tag,
)
from microblog.domain.visibility import OPEN, Visibility

_NAMES: Any = ARRAY(TEXT)
_LINK_TAGS = text(
    "INSERT INTO status_tags (status_id, tag_id) SELECT :status_id, id FROM tags WHERE name = ANY(:names)"
).bindparams(bindparam("names", type_=_NAMES), bindparam("status_id", type_=BigInteger))


def insert_status(session: Session, **values: Any) -> int:
    """Write a status or a boost and count it for its author. Two statements."""
    status_id = session.scalars(insert(Status).values(**values).returning(Status.id)).one()
    if counts_for_author(values["visibility"], values.get("reblog_of_id")):
        session.execute(
            update(Account)
            .where(Account.id == values["account_id"])
            .values(statuses_count=Account.statuses_count + 1, last_status_at=func.now())
        )
    return status_id


def counts_for_author(visibility: str, reblog_of_id: int | None) -> bool:
    """Whether a row is one of the posts that a profile counts."""
    return reblog_of_id is None and visibility != Visibility.DIRECT


def insert_boost(session: Session, *, account_id: int, reblog_of_id: int, visibility: str) -> int | None:
    """Write a boost and count it; its id, None where the account boosts that post already."""
    statement = upsert(Status).values(account_id=account_id, reblog_of_id=reblog_of_id, visibility=visibility)
    made = session.scalars(statement.on_conflict_do_nothing().returning(Status.id)).one_or_none()
    if made is not None and visibility in OPEN:
        count(session, reblog_of_id, "reblogs_count", 1)
    return made


def find_boost(session: Session, *, account_id: int, reblog_of_id: int) -> int | None:
    """The id of the account's boost of a post."""
    statement = select(Status.id).where(Status.account_id == account_id, Status.reblog_of_id == reblog_of_id)
    return session.scalars(statement).one_or_none()


def count(session: Session, status_id: int, counter: str, change: int) -> bool:
    """Add `change` to a counter of a status; whether the status is there."""
    column = Status.__table__.c[counter]
    statement = update(Status).where(Status.id == status_id).values({counter: column + change})
    return session.scalars(statement.returning(Status.id)).one_or_none() is not None


def insert_mentions(session: Session, status_id: int, account_ids: Sequence[int]) -> None:
    """Record whom a status names."""
    session.execute(
        insert(Mention).values([{"status_id": status_id, "account_id": one} for one in account_ids])
    )


def replace_mentions(session: Session, status_id: int, account_ids: Sequence[int]) -> set[int]:
    """Record whom a changed status names; those who are new."""
    named = Mention.account_id == any_(bindparam("ids", type_=ARRAY(BigInteger)))
    gone = delete(Mention).where(Mention.status_id == status_id, ~named if account_ids else ~false())
    session.execute(gone, {"ids": list(account_ids)} if account_ids else {})
    if not account_ids:
        return set()
    values = [{"status_id": status_id, "account_id": one} for one in account_ids]
    made = upsert(Mention).values(values).on_conflict_do_nothing().returning(Mention.account_id)
    return set(session.scalars(made))


def insert_tags(session: Session, status_id: int, names: Sequence[str]) -> None:
    """Record which tags (normalised names) a status uses; new tags are made."""
    # In order, so that two posts with the same new tags cannot wait for each other.
    values = [{"name": name} for name in sorted(names)]
    session.execute(upsert(Tag).values(values).on_conflict_do_nothing(index_elements=["name"]))
    # A statement of its own: it sees also the tags that somebody else made meanwhile.
    session.execute(_LINK_TAGS, {"status_id": status_id, "names": list(names)})


def replace_tags(session: Session, status_id: int, names: Sequence[str]) -> None:
    """Record which tags a changed status uses."""
    session.execute(delete(StatusTag).where(StatusTag.status_id == status_id))
    if names:
        insert_tags(session, status_id, names)


def lock_own_status(session: Session, status_id: int, account_id: int) -> AnyRow | None:
    """A post of this account with all that an edit may change, which nobody else changes until the commit."""
    columns = (
        Status.id,
        Status.text,
        Status.content,
        Status.spoiler_text,
        Status.sensitive,
        Status.language,
        Status.visibility,
        Status.created_at,
        Status.edited_at,
        Status.in_reply_to_account_id,
        Status.conversation_id,
    )
    statement = select(*columns).where(
        Status.id == status_id, Status.account_id == account_id, Status.reblog_of_id.is_(None)
    )
    return session.execute(statement.with_for_update(key_share=True)).one_or_none()


def keep_version(session: Session, former: AnyRow) -> None:
    """Keep what a post was (a row of `lock_own_status`) before it is changed."""
    session.execute(
        insert(StatusEdit).values(
            status_id=former.id,
            text=former.text,
            content=former.content,
            spoiler_text=former.spoiler_text,
            sensitive=former.sensitive,
            created_at=former.edited_at or former.created_at,
        )
    )


def update_status(session: Session, status_id: int, **values: object) -> None:
    """Change a post; it is marked as edited."""
    session.execute(update(Status).where(Status.id == status_id).values(**values, edited_at=func.now()))


def delete_status(session: Session, status_id: int, account_id: int) -> bool:
    """Delete a status or boost of this account and set the counters right; whether there was one."""
    mine = (Status.id == status_id, Status.account_id == account_id)
    beside = select(func.coalesce(Status.in_reply_to_id, Status.reblog_of_id)).where(*mine).scalar_subquery()
    # What it answers or boosts first: that one may be in deletion too, which touches this one.
    session.execute(
        select(Status.id)
        .where((Status.id == status_id) | (Status.id == beside))
        .order_by(Status.id)
        .with_for_update()
    )
    gone = delete(Status).where(*mine)
    row = session.execute(
        gone.returning(Status.in_reply_to_id, Status.reblog_of_id, Status.visibility)
    ).one_or_none()
    if row is None:
        return False
    if counts_for_author(row.visibility, row.reblog_of_id):
        session.execute(
            update(Account).where(Account.id == account_id).values(statuses_count=Account.statuses_count - 1)
        )
    if row.visibility in OPEN and row.in_reply_to_id is not None:
        count(session, row.in_reply_to_id, "replies_count", -1)
    if row.visibility in OPEN and row.reblog_of_id is not None:
        count(session, row.reblog_of_id, "reblogs_count", -1)
    return True


def take_idempotency_key(session: Session, account_id: int, key_hash: bytes) -> int | None:
    """Take a key for the post that is being written; the post's id where it was taken for one before.

    Waits for another transaction that is using the same key.
    """
    statement = upsert(IdempotencyKey).values(account_id=account_id, key_hash=key_hash)
    taken = statement.on_conflict_do_nothing().returning(IdempotencyKey.account_id)
    if session.scalars(taken).one_or_none() is not None:
        return None
    found = select(IdempotencyKey.status_id).where(
        IdempotencyKey.account_id == account_id,
        IdempotencyKey.key_hash == bindparam("key_hash", type_=LargeBinary),
    )
    return session.scalars(found, {"key_hash": key_hash}).one_or_none()


def bind_idempotency_key(session: Session, account_id: int, key_hash: bytes, status_id: int) -> None:
    """Note which post a key stands for."""
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.account_id == account_id, IdempotencyKey.key_hash == key_hash)
        .values(status_id=status_id)
    )
