"""Counting tries in PostgreSQL, for the time when Redis is away."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from microblog.data.models import RateLimitWindow


def count_use(session: Session, key: str, expires_at: datetime) -> int:
    """Count one use of `key` in the fixed window that ends at `expires_at`; how many it makes."""
    statement = upsert(RateLimitWindow).values(key=key, expires_at=expires_at, uses=1)
    return session.scalars(
        statement.on_conflict_do_update(
            index_elements=["key", "expires_at"], set_={"uses": RateLimitWindow.uses + 1}
        ).returning(RateLimitWindow.uses)
    ).one()


def foresee_use(session: Session, key: str, expires_at: datetime) -> int:
    """How many uses `count_use` would make it; counts nothing."""
    statement = select(RateLimitWindow.uses).where(
        RateLimitWindow.key == key, RateLimitWindow.expires_at == expires_at
    )
    return (session.scalar(statement) or 0) + 1
