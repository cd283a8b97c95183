"""Bulk writing for `microblog seed`: COPY through the session's connection, with the application's rights."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from io import StringIO
from typing import Any

from sqlalchemy import Row, Table, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from microblog.data.base import Base
from microblog.data.models import Account, Tag, User

# Not the form of any hash: no password matches it, whatever the hasher.
NO_PASSWORD = "!seeded"  # noqa: S105 - the mark of accounts that can't log in
CHUNK_ROWS = 5_000
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_rows(
    session: Session, model: type[Base], columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> int:
    """Write rows (values in the order of `columns`) into a model's table, in chunks; how many."""
    table = model.__table__
    assert isinstance(table, Table)
    statement = f"COPY {table.name} ({', '.join(table.c[name].name for name in columns)}) FROM STDIN"
    count = 0
    lines: list[str] = []
    cursor = session.connection().connection.cursor()
    try:
        for row in rows:
            lines.append("\t".join(map(_encode, row)))
            count += 1
            if len(lines) == CHUNK_ROWS:
                _copy(cursor, statement, lines)
        _copy(cursor, statement, lines)
    finally:
        cursor.close()
    return count


def _copy(cursor: Any, statement: str, lines: list[str]) -> None:
    if lines:
        cursor.copy_expert(statement, StringIO("\n".join(lines) + "\n"))
        lines.clear()


def _encode(value: object) -> str:
    """A value in COPY's text format (https://www.postgresql.org/docs/current/sql-copy.html)."""
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(ESCAPES)
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def count_seeded(session: Session) -> int:
    """How many accounts were made by seeding."""
    statement = select(func.count()).select_from(User).where(User.password_hash == NO_PASSWORD)
    return session.scalars(statement).one()


def list_usernames(session: Session) -> set[str]:
    """All names, lower-cased."""
    return set(session.scalars(select(func.lower(Account.username))))


def find_accounts(session: Session, names: Sequence[str]) -> Sequence[Row[int, str]]:
    """`id` and `username` of the confirmed accounts with these names in any case."""
    statement = (
        select(Account.id, Account.username)
        .where(func.lower(Account.username).in_([name.lower() for name in names]))
        .where(exists().where(User.account_id == Account.id, User.confirmed_at.is_not(None)))
        .order_by(Account.id)
    )
    return session.execute(statement).all()


def add_to_counters(session: Session, account_id: int, *, followers: int, following: int) -> None:
    """Count new follows of an account that was there before; its feed is built anew when it is next read."""
    session.execute(
        update(Account)
        .where(Account.id == account_id)
        .values(
            followers_count=Account.followers_count + followers,
            following_count=Account.following_count + following,
            feed_version=Account.feed_version + 1,
        )
    )


def ensure_tags(session: Session, rows: Sequence[tuple[int, str, datetime]]) -> dict[str, int]:
    """Make the tags (id, normalised name, moment) that aren't there; the ids of all by name."""
    if not rows:
        return {}
    values = [{"id": one, "name": name, "created_at": moment} for one, name, moment in rows]
    session.execute(upsert(Tag).on_conflict_do_nothing(index_elements=["name"]), values)
    found = session.execute(select(Tag.name, Tag.id).where(Tag.name.in_([name for _, name, _ in rows])))
    return {row.name: row.id for row in found}
