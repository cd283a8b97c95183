"""The outbox as its operators see it: what waits for what, the dead letters, and bringing them back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.queries import jobs as queries
from microblog.domain.scheduling import handover_delay
from microblog.jobs.names import KNOWN, QUEUES


@dataclass(frozen=True, slots=True)
class UnfinishedJob:
    """A job and what it waits for.

    `moment` is when a `waiting` one is due, was `handed` to the broker, was `started`, or, of one that is
    `unknown` to this release, was made.
    """

    id: int
    name: str
    queue: str
    phase: Literal["waiting", "handed", "started", "unknown"]
    moment: datetime
    attempts: int
    error: str | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """The outbox in figures; `strangers` are the jobs that no worker of this release knows, by name."""

    pending: int
    oldest_seconds: float
    dead: int
    strangers: Sequence[AnyRow]


def list_jobs(session: Session, *, limit: int, handover_seconds: int) -> list[UnfinishedJob]:
    """Jobs that are not done, latest due first. `handover_seconds`: the setting, which dates hand-overs."""
    base = timedelta(seconds=handover_seconds)
    return [_make_job(row, base) for row in queries.list_jobs(session, limit=limit)]


def _make_job(row: AnyRow, base: timedelta) -> UnfinishedJob:
    phase: Literal["waiting", "handed", "started", "unknown"]
    handed_at = row.available_at - handover_delay(base, max(row.handovers - 1, 0))
    if row.name not in KNOWN or row.queue not in QUEUES:
        phase, moment = "unknown", row.created_at
    elif row.state == "waiting":
        phase, moment = "waiting", row.available_at
    elif row.started_at is not None and row.started_at >= handed_at:
        phase, moment = "started", row.started_at
    else:
        phase, moment = "handed", handed_at
    return UnfinishedJob(row.id, row.name, row.queue, phase, moment, row.attempts, row.error)


def read_backlog(session: Session) -> Backlog:
    """How many jobs are not done, how old the oldest is, how many are dead, and which nobody here knows."""
    row = queries.read_backlog(session)
    strangers = queries.find_strangers(session, names=KNOWN, queues=QUEUES)
    return Backlog(row.pending, row.oldest_seconds, row.dead, strangers)


def list_retried(session: Session, *, limit: int) -> Sequence[AnyRow]:
    """Jobs that failed and wait for another try: id, name, queue, attempts, available_at, error."""
    return queries.list_retried(session, limit=limit)


def find_jobs(session: Session, *, job_ids: Sequence[int]) -> dict[int, AnyRow]:
    """By id, what is known of jobs that workers hold: id, queue, attempts, request_id."""
    return {row.id: row for row in queries.find_jobs(session, job_ids=job_ids)} if job_ids else {}


def list_dead(session: Session, *, limit: int) -> Sequence[AnyRow]:
    """The newest dead letters: id, name, queue, arguments, attempts, error, created_at, died_at."""
    return queries.list_dead(session, limit=limit)


def requeue(session: Session, *, job_ids: Sequence[int] | None) -> int:
    """Bring dead letters back as new jobs with the same ids (all of them for None); how many."""
    return queries.requeue(session, job_ids=job_ids)


def drop(session: Session, *, job_ids: Sequence[int]) -> int:
    """Forget dead letters that nobody can or need do any more; how many."""
    return queries.drop(session, job_ids=job_ids)


def count_by_queue(session: Session) -> list[tuple[str, int, int, float]]:
    """Name, jobs waiting and handed, seconds of the oldest: of each queue, and of strange ones with jobs."""
    rows = {row.queue: row for row in queries.count_by_queue(session)}
    return [
        (name, rows[name].waiting, rows[name].handed, rows[name].oldest_seconds)
        if name in rows
        else (name, 0, 0, 0.0)
        for name in sorted({*QUEUES, *rows})
    ]
