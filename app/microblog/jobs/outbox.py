"""The outbox: a job is a row, written in the transaction of the fact it is about (house rule 4).

Nothing here talks to the broker: `microblog relay` hands the rows over after the commit.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session
from structlog.contextvars import get_contextvars

from microblog.data.queries import jobs as queries
from microblog.jobs.names import JobType


def enqueue(session: Session, job: JobType, **arguments: Any) -> None:
    """Add one job. `arguments` are the job's parameters, as JSON can hold them.

    Raises `TypeError` where they aren't those that the job takes.
    """
    enqueue_many(session, [(job, arguments)])


def enqueue_many(session: Session, jobs: Iterable[tuple[JobType, Mapping[str, Any]]]) -> None:
    """Add any number of jobs by one statement; raises `TypeError` as `enqueue` does."""
    rows = [_make_row(job, arguments) for job, arguments in jobs]
    if rows:
        queries.insert_jobs(session, rows)


def enqueue_scheduled(session: Session, job: JobType, *, period: str, **arguments: Any) -> bool:
    """Add a schedule's job for a period (such as `2026-11-21T08`) unless somebody did; whether it was added.

    A job of that period among the dead letters counts too: an operator decides whether it runs again.
    """
    row = _make_row(job, arguments) | {"unique_key": f"{job.name}:{period}"}
    return queries.insert_unique_job(session, row)


def _make_row(job: JobType, arguments: Mapping[str, Any]) -> dict[str, Any]:
    if arguments.keys() != job.parameters:
        # Found where the job is made, not minutes later in a worker.
        raise TypeError(f"{job.name} takes {sorted(job.parameters)}, not {sorted(arguments)}")
    return {
        "name": job.name,
        "queue": job.queue,
        "arguments": dict(arguments),
        "request_id": get_contextvars().get("request_id"),
    }
