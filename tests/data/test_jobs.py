"""The outbox's statements, between transactions that run beside each other."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.models import DeadJob, Job
from microblog.data.queries import jobs as queries
from microblog.data.session import Database
from microblog.jobs import names
from microblog.jobs.outbox import enqueue, enqueue_scheduled

SOON = timedelta(minutes=2)


def claim_due(session: Session, *, limit: int) -> Sequence[AnyRow]:
    return queries.claim_due(session, names=names.KNOWN, queues=names.QUEUES, limit=limit)


def add_jobs(database: Database, count: int = 1) -> list[int]:
    with database.unit_of_work() as session:
        for number in range(count):
            enqueue(session, names.FAN_OUT, status_id=number)
    with database.unit_of_work() as session:
        return list(session.scalars(select(Job.id).order_by(Job.id)))


def read(session: Session, job_id: int) -> Any:
    return session.execute(select(Job.__table__).where(Job.id == job_id)).one()


def test_two_relays_never_claim_the_same_job(database: Database) -> None:
    job_ids = add_jobs(database, 5)
    with database.unit_of_work() as one, database.unit_of_work() as other:
        first = {row.id for row in claim_due(one, limit=3)}
        second = {row.id for row in claim_due(other, limit=3)}
    assert len(first) == 3
    assert first | second == set(job_ids)
    assert not first & second


def test_a_handed_job_is_due_again_after_its_delay(database: Database) -> None:
    (job_id,) = add_jobs(database)
    with database.unit_of_work() as session:
        queries.mark_handed(session, delays={job_id: SOON})
        queries.mark_handed(session, delays={})
    with database.unit_of_work() as session:
        assert not claim_due(session, limit=10)
        row = read(session, job_id)
        assert (row.state, row.handovers) == ("handed", 1)
        assert timedelta(minutes=1) < row.available_at - datetime.now(UTC) < timedelta(minutes=3)
        session.execute(update(Job).values(available_at=datetime.now(UTC) - SOON))
    with database.unit_of_work() as session:
        assert [row.id for row in claim_due(session, limit=10)] == [job_id]


def test_a_job_that_never_reached_the_broker_is_due_at_once(database: Database) -> None:
    first, second = add_jobs(database, 2)
    with database.unit_of_work() as session:
        queries.mark_handed(session, delays={first: SOON, second: SOON})
        queries.take_back(session, job_ids=[second])
    with database.unit_of_work() as session:
        assert [row.id for row in claim_due(session, limit=10)] == [second]
        assert read(session, second).handovers == 0


def test_a_job_has_one_holder(database: Database) -> None:
    (job_id,) = add_jobs(database)
    with database.unit_of_work() as one, database.unit_of_work() as other:
        assert queries.lock_job(one, job_id=job_id) is not None
        assert queries.lock_job(other, job_id=job_id) is None
        assert queries.is_unfinished(other, job_id=job_id)
    with database.unit_of_work() as session:
        assert queries.lock_job(session, job_id=job_id) is not None


def test_a_start_is_counted_and_keeps_the_relay_away(database: Database) -> None:
    (job_id,) = add_jobs(database)
    with database.unit_of_work() as session:
        queries.count_attempt(session, job_id=job_id, delay=SOON)
    with database.unit_of_work() as session:
        row = read(session, job_id)
        assert row.attempts == 1
        assert row.started_at is not None
        assert not claim_due(session, limit=10)


def test_a_done_job_is_left_alone(database: Database) -> None:
    (job_id,) = add_jobs(database)
    with database.unit_of_work() as session:
        queries.mark_done(session, job_id=job_id)
    with database.unit_of_work() as session:
        assert queries.lock_job(session, job_id=job_id) is None
        assert not queries.is_unfinished(session, job_id=job_id)
        assert not claim_due(session, limit=10)
        assert not queries.list_jobs(session, limit=10)
        assert read(session, job_id).finished_at is not None


def test_a_failed_job_waits_with_its_error(database: Database) -> None:
    (job_id,) = add_jobs(database)
    with database.unit_of_work() as session:
        queries.retry_later(session, job_id=job_id, delay=SOON, error="E" * 1000)
    with database.unit_of_work() as session:
        (row,) = queries.list_jobs(session, limit=10)
        assert (row.id, row.state, len(row.error)) == (job_id, "waiting", queries.ERROR_CHARACTERS)
        assert not claim_due(session, limit=10)


def test_a_dead_job_comes_back_as_new(database: Database) -> None:
    first, second = add_jobs(database, 2)
    with database.unit_of_work() as session:
        for job_id in (first, second):
            queries.count_attempt(session, job_id=job_id, delay=SOON)
            queries.bury(session, job_id=job_id, error="it broke")
    with database.unit_of_work() as session:
        assert {row.id for row in queries.list_dead(session, limit=10)} == {first, second}
        assert [row.id for row in queries.list_dead(session, limit=1)] == [second]
        backlog = queries.read_backlog(session)
        assert (backlog.pending, backlog.oldest_seconds, backlog.dead) == (0, 0, 2)
        assert queries.requeue(session, job_ids=[first, 12345]) == 1
    with database.unit_of_work() as session:
        row = read(session, first)
        assert (row.state, row.attempts, row.handovers, row.arguments) == ("waiting", 0, 0, {"status_id": 0})
        assert queries.requeue(session, job_ids=None) == 1
        assert not queries.list_dead(session, limit=10)


def test_a_dead_period_that_was_made_anew_is_not_doubled(session: Session) -> None:
    enqueue_scheduled(session, names.PURGE, period="2026-11-20T08")
    job_id = session.scalars(select(Job.id)).one()
    queries.bury(session, job_id=job_id, error="it broke")
    session.execute(update(DeadJob).values(unique_key=None))
    enqueue_scheduled(session, names.PURGE, period="2026-11-20T08")
    session.execute(update(DeadJob).values(unique_key="housekeeping.purge:2026-11-20T08"))
    assert queries.requeue(session, job_ids=None) == 0
    assert session.scalars(select(Job.unique_key)).all() == ["housekeeping.purge:2026-11-20T08"]


def test_the_backlog_tells_the_age_of_the_oldest(session: Session) -> None:
    enqueue(session, names.PURGE)
    session.execute(update(Job).values(created_at=datetime.now(UTC) - timedelta(minutes=5)))
    backlog = queries.read_backlog(session)
    assert backlog.pending == 1
    assert 290 < backlog.oldest_seconds < 330
