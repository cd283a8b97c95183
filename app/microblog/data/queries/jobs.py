"""The outbox's rows: inserting, claiming, counting attempts, finishing, burying and bringing back."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Float,
    Interval,
    Table,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.models import DeadJob, Job

# Errors are a type and a place; the bound keeps a surprise from filling the table.
ERROR_CHARACTERS = 500
_jobs = cast("Table", Job.__table__)
_table = _jobs.c
# One constant statement for any number of rows: a list of VALUES would be put together anew each time.
_INSERT = text(
    """
    INSERT INTO jobs (name, queue, arguments, request_id)
    SELECT name, queue, arguments, request_id
    FROM jsonb_to_recordset(:rows) AS new(name text, queue text, arguments jsonb, request_id text)
    """
).bindparams(bindparam("rows", type_=JSONB))
_MARK_HANDED = (
    update(_jobs)
    .where(_table.id == bindparam("job_id"))
    .values(
        state="handed",
        handovers=_table.handovers + 1,
        available_at=func.clock_timestamp() + bindparam("delay", type_=Interval),
    )
)


def insert_jobs(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert jobs by one statement; each row has `name`, `queue`, `arguments` and `request_id`."""
    session.execute(_INSERT, {"rows": list(rows)})


def insert_unique_job(session: Session, row: dict[str, Any]) -> bool:
    """Insert a job unless its `unique_key` is among the jobs or the dead; whether it was inserted."""
    columns = [Job.__table__.c[name] for name in row]
    values = select(
        *(literal(value, column.type) for column, value in zip(columns, row.values(), strict=True))
    )
    alive = values.where(~exists().where(DeadJob.unique_key == row["unique_key"]))
    statement = upsert(Job).from_select(columns, alive).on_conflict_do_nothing(index_elements=["unique_key"])
    return session.execute(statement.returning(Job.id)).first() is not None


def claim_due(
    session: Session, *, names: Sequence[str], queues: Sequence[str], limit: int
) -> Sequence[AnyRow]:
    """Lock the jobs that the relay has to act on, longest due first, past those that somebody holds.

    Only of these names and queues. Rows have id, name, queue, attempts, handovers, request_id and error.
    """
    statement = (
        select(Job.id, Job.name, Job.queue, Job.attempts, Job.handovers, Job.request_id, Job.error)
        .where(Job.state != "done", Job.available_at <= func.now(), _is_among(names, queues))
        .order_by(Job.available_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.execute(statement).all()


def _is_among(names: Sequence[str], queues: Sequence[str]) -> ColumnElement[bool]:
    return Job.name.in_(names) & Job.queue.in_(queues)


def find_strangers(session: Session, *, names: Sequence[str], queues: Sequence[str]) -> Sequence[AnyRow]:
    """Unfinished jobs beyond these names and queues: `name`, `jobs` (how many), `oldest_seconds`, by name."""
    age = func.extract("epoch", func.now() - func.min(Job.created_at))
    return session.execute(
        select(Job.name, func.count().label("jobs"), type_coerce(age, Float).label("oldest_seconds"))
        .where(Job.state != "done", ~_is_among(names, queues))
        .group_by(Job.name)
        .order_by(Job.name)
    ).all()


def mark_handed(session: Session, *, delays: Mapping[int, timedelta]) -> None:
    """Note, before it happens, that jobs go to the broker; each is due again after its delay unless done."""
    if delays:
        values = [{"job_id": job_id, "delay": delay} for job_id, delay in delays.items()]
        session.connection().execute(_MARK_HANDED, values)


def take_back(session: Session, *, job_ids: Sequence[int]) -> None:
    """Undo `mark_handed` for jobs that never reached the broker."""
    session.execute(
        update(Job)
        .where(Job.id.in_(job_ids), Job.state == "handed")
        .values(state="waiting", handovers=Job.handovers - 1, available_at=func.now())
    )


def lock_job(session: Session, *, job_id: int) -> AnyRow | None:
    """Lock one unfinished job for this transaction; None where it is done, gone, or held by somebody else."""
    return session.execute(
        select(Job.id, Job.name, Job.arguments, Job.attempts, Job.request_id, Job.created_at, Job.error)
        .where(Job.id == job_id, Job.state != "done")
        .with_for_update(skip_locked=True)
    ).first()


def is_unfinished(session: Session, *, job_id: int) -> bool:
    """Whether a job is there and not done."""
    return session.scalar(select(Job.id).where(Job.id == job_id, Job.state != "done")) is not None


def has_older(session: Session, *, name: str, job_id: int) -> bool:
    """Whether an earlier job of that name is not done."""
    statement = select(Job.id).where(Job.name == name, Job.id < job_id, Job.state != "done")
    return session.scalar(statement.limit(1)) is not None


def count_attempt(session: Session, *, job_id: int, delay: timedelta) -> None:
    """Count a start, before the work begins; the relay leaves the job alone for `delay`."""
    session.execute(
        update(Job)
        .where(Job.id == job_id)
        .values(
            attempts=Job.attempts + 1,
            started_at=func.clock_timestamp(),
            available_at=func.greatest(Job.available_at, func.clock_timestamp() + delay),
        )
    )


def mark_done(session: Session, *, job_id: int) -> None:
    """Finish a job, in the transaction of its effect."""
    session.execute(
        update(Job)
        .where(Job.id == job_id)
        .values(state="done", finished_at=func.clock_timestamp(), error=None)
    )


def retry_later(
    session: Session, *, job_id: int, delay: timedelta, error: str, is_counted: bool = True
) -> None:
    """Put a job back for the relay after `delay`. Not counted: the start is taken back too."""
    session.execute(
        update(Job)
        .where(Job.id == job_id)
        .values(
            state="waiting",
            attempts=Job.attempts if is_counted else Job.attempts - 1,
            available_at=func.clock_timestamp() + delay,
            error=error[:ERROR_CHARACTERS],
        )
    )


COPIED = ("id", "name", "queue", "arguments", "unique_key", "attempts", "request_id", "created_at")


def bury(session: Session, *, job_id: int, error: str) -> None:
    """Move a job to the dead letters."""
    gone = delete(Job).where(Job.id == job_id).returning(*(getattr(Job, name) for name in COPIED)).cte("gone")
    columns = [gone.c[name] for name in COPIED]
    session.execute(
        insert(DeadJob).from_select([*COPIED, "error"], select(*columns, literal(error[:ERROR_CHARACTERS])))
    )


def list_jobs(session: Session, *, limit: int) -> Sequence[AnyRow]:
    """Unfinished jobs, latest due first (columns as selected below)."""
    statement = (
        select(
            Job.id,
            Job.name,
            Job.queue,
            Job.state,
            Job.attempts,
            Job.handovers,
            Job.available_at,
            Job.started_at,
            Job.created_at,
            Job.error,
        )
        .where(Job.state != "done")
        .order_by(Job.available_at.desc())
        .limit(limit)
    )
    return session.execute(statement).all()


def list_retried(session: Session, *, limit: int) -> Sequence[AnyRow]:
    """Jobs that failed and wait for another try, soonest due first (columns as selected below)."""
    statement = (
        select(Job.id, Job.name, Job.queue, Job.attempts, Job.available_at, Job.error)
        .where(Job.state == "waiting", Job.error.is_not(None))
        .order_by(Job.available_at)
        .limit(limit)
    )
    return session.execute(statement).all()


def find_jobs(session: Session, *, job_ids: Sequence[int]) -> Sequence[AnyRow]:
    """The jobs of these ids that are there: id, queue, attempts, request_id."""
    columns = (Job.id, Job.queue, Job.attempts, Job.request_id)
    return session.execute(select(*columns).where(Job.id.in_(job_ids))).all()


def list_dead(session: Session, *, limit: int) -> Sequence[AnyRow]:
    """The newest dead letters: id, name, queue, arguments, attempts, error, created_at, died_at."""
    return session.execute(
        select(
            DeadJob.id,
            DeadJob.name,
            DeadJob.queue,
            DeadJob.arguments,
            DeadJob.attempts,
            DeadJob.error,
            DeadJob.created_at,
            DeadJob.died_at,
        )
        .order_by(DeadJob.died_at.desc())
        .limit(limit)
    ).all()


def requeue(session: Session, *, job_ids: Sequence[int] | None) -> int:
    """Bring dead letters back as new jobs with the same ids (all of them for None); how many."""
    chosen = delete(DeadJob)
    if job_ids is not None:
        chosen = chosen.where(DeadJob.id.in_(job_ids))
    names = [name for name in COPIED if name != "attempts"]
    back = chosen.returning(*(getattr(DeadJob, name) for name in names)).cte("back")
    statement = upsert(Job).from_select(names, select(*(back.c[name] for name in names)))
    # Of a scheduled job whose period was made anew meanwhile, one is enough.
    return len(session.execute(statement.on_conflict_do_nothing().returning(Job.id)).all())


def drop(session: Session, *, job_ids: Sequence[int]) -> int:
    """Delete dead letters for good; how many."""
    statement = delete(DeadJob).where(DeadJob.id.in_(job_ids)).returning(DeadJob.id)
    return len(session.execute(statement).all())


def read_backlog(session: Session) -> AnyRow:
    """The outbox in figures: `pending` jobs, `oldest_seconds` (the age of the oldest of them), `dead`."""
    age = func.extract("epoch", func.now() - func.min(Job.created_at))
    return session.execute(
        select(
            func.count().label("pending"),
            func.coalesce(type_coerce(age, Float), 0.0).label("oldest_seconds"),
            select(func.count()).select_from(DeadJob).scalar_subquery().label("dead"),
        ).where(Job.state != "done")
    ).one()


def count_by_queue(session: Session) -> Sequence[AnyRow]:
    """Unfinished jobs by queue: `queue`, `waiting`, `handed`, and `oldest_seconds`, the age of the oldest."""
    age = func.extract("epoch", func.now() - func.min(Job.created_at))
    return session.execute(
        select(
            Job.queue,
            func.count().filter(Job.state == "waiting").label("waiting"),
            func.count().filter(Job.state == "handed").label("handed"),
            type_coerce(age, Float).label("oldest_seconds"),
        )
        .where(Job.state != "done")
        .group_by(Job.queue)
        .order_by(Job.queue)
    ).all()
