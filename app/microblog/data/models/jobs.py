"""The outbox: jobs written in the transaction of the fact they are about, and the dead letters."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from microblog.data.base import Base, CreatedAt, Id, Moment


class Job(Base):
    """One job. `waiting` for the relay, `handed` to the broker, or `done`; `available_at`: when the relay
    acts next.
    """

    __tablename__ = "jobs"

    id: Mapped[Id]
    name: Mapped[str]
    queue: Mapped[str]
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # Of a scheduled job: its name and period, so that any number of beats makes it once.
    unique_key: Mapped[str | None] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(server_default="waiting")
    # Starts that were counted before the work began: a job that kills its worker is counted too.
    attempts: Mapped[int] = mapped_column(server_default="0")
    handovers: Mapped[int] = mapped_column(server_default="0")
    available_at: Mapped[CreatedAt]
    request_id: Mapped[str | None]
    error: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    started_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]

    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'handed', 'done')", name="state_known"),
        CheckConstraint("char_length(name) <= 100 AND char_length(queue) <= 50", name="names_length"),
        Index("ix_jobs_due", "available_at", postgresql_where=text("state <> 'done'")),
        Index("ix_jobs_finished", "finished_at", postgresql_where=text("state = 'done'")),
        # Rows are updated about three times in their short life: room on the page keeps those updates cheap.
        {"postgresql_with": {"fillfactor": "70"}},
    )


class DeadJob(Base):
    """A job that failed too often, kept until an operator requeues or drops it."""

    __tablename__ = "dead_jobs"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str]
    queue: Mapped[str]
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB)
    unique_key: Mapped[str | None] = mapped_column(unique=True)
    attempts: Mapped[int]
    request_id: Mapped[str | None]
    error: Mapped[str]
    created_at: Mapped[Moment]
    died_at: Mapped[CreatedAt]

    __table_args__ = (Index(None, "died_at"),)
