"""Writing statuses and boosts, with the counters in the writer's transaction.

Counted are what others may find: an account's own posts but for direct ones, and of replies and boosts those
that everybody may read.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    LargeBinary,
    Table,
    any_,
    bindparam,
    delete,
    exists,
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
)
from microblog.domain.visibility import OPEN, Visibility

_accounts, _statuses = cast("Table", Account.__table__), cast("Table", Status.__table__)
_NAMES: Any = ARRAY(TEXT)
_NUMBERS: Any = ARRAY(BigInteger)
# Tags that there are stay untouched. New ones are made in order, so that two posts with the same ones cannot
# wait for each other; one that somebody else makes meanwhile is waited for, and found by writing to it what
# it holds (which locks it less than its name would).
_INSERT_PARTS = text(
    """
    WITH known AS (SELECT id, name FROM tags WHERE name = ANY(:tags)),
    made AS (
        INSERT INTO tags (name)
        SELECT DISTINCT name FROM unnest(:tags) AS wanted(name)
        WHERE name NOT IN (SELECT name FROM known) ORDER BY name
        ON CONFLICT (name) DO UPDATE SET created_at = tags.created_at RETURNING id
    ), named AS (
        INSERT INTO mentions (status_id, account_id) SELECT :status_id, unnest(:mentioned)
    ), told AS (
        INSERT INTO notifications (account_id, from_account_id, kind, status_id)
        SELECT unnest(:told), :author_id, :kind, :status_id ON CONFLICT DO NOTHING
    )
    INSERT INTO status_tags (status_id, tag_id)
    SELECT :status_id, id FROM known UNION ALL SELECT :status_id, id FROM made
    """
).bindparams(
    bindparam("status_id", type_=BigInteger),
    bindparam("author_id", type_=BigInteger),
    bindparam("kind", type_=TEXT),
    bindparam("tags", type_=_NAMES),
    bindparam("mentioned", type_=_NUMBERS),
    bindparam("told", type_=_NUMBERS),
)


def insert_status(session: Session, *, counts_reply: bool, **values: Any) -> int | None:
    """Write a post, and count it for its author and (`counts_reply`) for the post that it answers.

    None, and nothing is written, where a post that would count it is gone. One statement.
    """
    counts_author = counts_for_author(values["visibility"], values.get("reblog_of_id"))
    statement = _make_insert(tuple(values), counts_reply=counts_reply, counts_author=counts_author)
    return session.scalars(statement, {f"new_{name}": value for name, value in values.items()}).one_or_none()


@cache
def _make_insert(names: tuple[str, ...], *, counts_reply: bool, counts_author: bool) -> Any:
    """The statement for a post with these columns: to make it takes longer than to execute it."""
    columns = [_statuses.c[name] for name in names]
    values = [bindparam(f"new_{column.name}", type_=column.type) for column in columns]
    author = (
        update(_accounts)
        .where(_accounts.c.id == bindparam("new_account_id", type_=BigInteger))
        .values(statuses_count=_accounts.c.statuses_count + 1, last_status_at=func.now())
    )
    if counts_reply:
        # Locked before the reply is written: it can't be deleted in between.
        answered = (
            update(_statuses)
            .where(_statuses.c.id == bindparam("new_in_reply_to_id", type_=BigInteger))
            .values(replies_count=_statuses.c.replies_count + 1)
            .returning(_statuses.c.id)
            .cte("answered")
        )
        statement = insert(_statuses).from_select(columns, select(*values).select_from(answered))
        author = author.where(exists(select(answered.c.id)))
    else:
        statement = insert(_statuses).values(dict(zip(names, values, strict=True)))
    if counts_author:
        statement = statement.add_cte(author.cte("author"))
    return statement.returning(_statuses.c.id)


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


def insert_parts(
    session: Session,
    status_id: int,
    *,
    author_id: int,
    tags: Sequence[str],
    mentioned: Sequence[int],
    told: Sequence[int],
    kind: str,
) -> None:
    """Record which tags (normalised names; new ones are made) a status uses and whom it names, and tell
    (notifications of this `kind`) those of `told`. One statement.
    """
    parameters = {
        "status_id": status_id,
        "author_id": author_id,
        "kind": kind,
        "tags": list(tags),
        "mentioned": list(mentioned),
        "told": list(told),
    }
    session.execute(_INSERT_PARTS, parameters)


def keep_mentions(session: Session, status_id: int, account_ids: Sequence[int]) -> set[int]:
    """Forget whom a changed status names no more; who of `account_ids` it named before."""
    stay = Mention.account_id == any_(bindparam("ids", type_=_NUMBERS))
    gone = delete(Mention).where(Mention.status_id == status_id, ~stay)
    session.execute(gone, {"ids": list(account_ids)})
    left = select(Mention.account_id).where(Mention.status_id == status_id)
    return set(session.scalars(left))


def delete_tags(session: Session, status_id: int) -> None:
    """Forget which tags a status uses."""
    session.execute(delete(StatusTag).where(StatusTag.status_id == status_id))


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
