"""Recounting: counters are kept by each writer, and mended here should they ever be off."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from microblog.data.queries import counters as queries

BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Recounted:
    """One batch: how many rows were looked at, how many were off and are mended, the last one's id."""

    checked: int
    mended: int
    last_id: int


def recount_accounts(session: Session, *, after_id: int, limit: int = BATCH) -> Recounted:
    """Recount posts, followers and followed of the accounts after an id. `checked` is 0 after the last one.

    One transaction a batch, please: its accounts can't post or follow until it ends.
    """
    ids = queries.lock_accounts(session, after_id=after_id, limit=limit)
    return Recounted(len(ids), queries.recount_accounts(session, ids), ids[-1] if ids else after_id)


def recount_statuses(session: Session, *, after_id: int, limit: int = BATCH) -> Recounted:
    """Recount replies and boosts of the statuses after an id. `checked` is 0 after the last one."""
    ids = queries.lock_statuses(session, after_id=after_id, limit=limit)
    return Recounted(len(ids), queries.recount_statuses(session, ids), ids[-1] if ids else after_id)
