"""The run of one job: count the start, do the work and note "done" in one transaction, or note the failure.

A message from the broker is only a hint that a job may be due: the row decides. Its lock, held while the work
is done, is the proof of life: it ends with the worker's connection, however the worker ends.
"""

import random
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from microblog.bootstrap import Resources
from microblog.data.base import AnyRow
from microblog.data.queries import jobs as queries
from microblog.domain.errors import DomainError, Unavailable
from microblog.domain.scheduling import OUTAGE_PATIENCE, outage_delay, retry_delay
from microblog.observability import metrics
from microblog.observability.logs import log_context
from microblog.observability.statements import Tally, start_tally

log = structlog.get_logger(__name__)
PACKAGE_FOLDER = Path(__file__).resolve().parent.parent


class Outcome(StrEnum):
    """How a delivery of a job ended."""

    DONE = "done"
    NOTHING_TO_DO = "nothing_to_do"
    RETRIED = "retried"
    DEAD = "dead"
    # Done already, gone, or in the hands of another worker.
    FORGOTTEN = "forgotten"


@dataclass(frozen=True)
class Run:
    """One start of a job: `attempt` counts from 1."""

    job_id: int
    name: str
    arguments: dict[str, Any]
    attempt: int
    request_id: str | None
    created_at: datetime


#: The work of a job: `effect(session, resources, run, **arguments)`, in a transaction that it doesn't end. A
#: DomainError other than Unavailable says that nothing is left to do; other exceptions are failures.
Effect = Callable[..., None]


def run_job(resources: Resources, effect: Effect, *, job_id: int) -> Outcome:
    """Run a job once. Never raises for the job's own failure; database errors on the way are only logged.

    A row that couldn't be updated stays handed over, and the relay hands it over again.
    """
    tally = start_tally()
    try:
        run = _start_anew(resources, job_id)
        if isinstance(run, Outcome):
            return run
        with log_context(request_id=run.request_id, account_id=run.arguments.get("account_id")):
            return _finish(resources, effect, run, tally)
    except SQLAlchemyError as error:
        log.warning("job.database_failed", job_id=job_id, error=describe(error))
        return Outcome.FORGOTTEN


def _start_anew(resources: Resources, job_id: int) -> Run | Outcome:
    """Start, once more where the pooled connection turns out to be dead: the database may have moved."""
    try:
        return _start(resources, job_id)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        return _start(resources, job_id)


def _start(resources: Resources, job_id: int) -> Run | Outcome:
    """Count the start in a transaction of its own, so that it stays counted whatever the work does to us."""
    settings = resources.settings
    with resources.database.unit_of_work() as session:
        row = queries.lock_job(session, job_id=job_id)
        if row is None:
            is_held = queries.is_unfinished(session, job_id=job_id)
            log.info("job.held_by_another" if is_held else "job.done_already", job_id=job_id)
            return Outcome.FORGOTTEN
        if row.attempts >= settings.job_max_attempts:
            bury(session, row)
            return Outcome.DEAD
        queries.count_attempt(session, job_id=job_id, delay=timedelta(seconds=settings.job_handover_seconds))
        return Run(job_id, row.name, row.arguments, row.attempts + 1, row.request_id, row.created_at)


def bury(session: Session, row: AnyRow) -> None:
    """Move a job whose last start never came back to the dead letters."""
    lost = f"its worker was lost, or ran out of time, {row.attempts} times"
    queries.bury(session, job_id=row.id, error=f"{lost}; before that: {row.error}" if row.error else lost)
    metrics.JOBS.labels(row.name, Outcome.DEAD).inc()
    log.error("job.dead", job_id=row.id, job=row.name, attempts=row.attempts, error=lost)


def _finish(resources: Resources, effect: Effect, run: Run, tally: Tally) -> Outcome:
    begun = time.monotonic()
    waited = max((datetime.now(UTC) - run.created_at).total_seconds(), 0.0)
    if run.attempt == 1:
        metrics.JOB_WAIT_SECONDS.labels(run.name).observe(waited)
    with metrics.JOBS_RUNNING.labels(run.name).track_inprogress():
        try:
            outcome = _work(resources, effect, run)
        except Exception as error:  # noqa: BLE001 - it is told, counted and tried again
            outcome = _note_failure(resources, run, error)
    seconds = time.monotonic() - begun
    metrics.JOBS.labels(run.name, outcome).inc()
    metrics.JOB_SECONDS.labels(run.name).observe(seconds)
    log.info(
        "job.ended",
        job_id=run.job_id,
        job=run.name,
        outcome=outcome,
        attempt=run.attempt,
        wait_ms=round(waited * 1000, 1),
        duration_ms=round(seconds * 1000, 1),
        **tally.as_fields(),
    )
    return outcome


def _work(resources: Resources, effect: Effect, run: Run) -> Outcome:
    """The effect and "done" in one transaction."""
    with resources.database.unit_of_work() as session:
        row = queries.lock_job(session, job_id=run.job_id)
        if row is None or row.attempts != run.attempt:
            return Outcome.FORGOTTEN
        outcome = Outcome.DONE
        try:
            # What was done before somebody found that there is nothing to do must not stay.
            with session.begin_nested():
                effect(session, resources, run, **run.arguments)
                session.flush()
        except Unavailable:
            raise
        except DomainError as error:
            log.info("job.nothing_to_do", job_id=run.job_id, job=run.name, error=type(error).__name__)
            outcome = Outcome.NOTHING_TO_DO
        queries.mark_done(session, job_id=run.job_id)
        return outcome


def _note_failure(resources: Resources, run: Run, failure: Exception) -> Outcome:
    """Have the job tried again later, or bury it.

    That a shared part is away is not the job's fault: for a day such starts don't count.
    """
    error, chance = describe(failure), random.random()  # noqa: S311 - spreads retries, guards nothing
    log.warning("job.failed", job_id=run.job_id, job=run.name, attempt=run.attempt, error=error)
    age = datetime.now(UTC) - run.created_at
    is_excused = isinstance(failure, Unavailable) and age < OUTAGE_PATIENCE
    with resources.database.unit_of_work() as session:
        row = queries.lock_job(session, job_id=run.job_id)
        if row is None or row.attempts != run.attempt:
            return Outcome.FORGOTTEN
        if is_excused:
            delay = outage_delay(age, chance)
            queries.retry_later(session, job_id=run.job_id, delay=delay, error=error, is_counted=False)
            return Outcome.RETRIED
        if run.attempt >= resources.settings.job_max_attempts:
            queries.bury(session, job_id=run.job_id, error=error)
            # The whole story once: an outage that is waited out must not fill the log.
            log.error(
                "job.dead",
                job_id=run.job_id,
                job=run.name,
                attempts=run.attempt,
                error=error,
                exc_info=failure,
            )
            return Outcome.DEAD
        queries.retry_later(session, job_id=run.job_id, delay=retry_delay(run.attempt, chance), error=error)
        return Outcome.RETRIED


def describe(error: BaseException) -> str:
    """An error's type, cause and place, `Unavailable (TimeoutError) at services/mailer.py:62`: no message."""
    name = type(error).__name__ + (f" ({type(error.__cause__).__name__})" if error.__cause__ else "")
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return name
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(PACKAGE_FOLDER)]
    last = (own or frames)[-1]
    path = Path(last.filename)
    place = path.relative_to(PACKAGE_FOLDER).as_posix() if own else path.name
    return f"{name} at {place}:{last.lineno}"
