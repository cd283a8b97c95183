import pytest
import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from microblog.data.models import Job
from microblog.data.queries import jobs as queries
from microblog.jobs import names
from microblog.jobs.outbox import enqueue, enqueue_many, enqueue_scheduled
from microblog.observability.logs import log_context


def all_jobs(session: Session) -> list[Job]:
    return list(session.scalars(select(Job).order_by(Job.id)))


def test_a_job_is_a_row_that_waits(session: Session) -> None:
    with log_context(request_id="req-1"):
        enqueue(session, names.MENTION_MAIL, status_id=5, account_id=6)
    (job,) = all_jobs(session)
    assert (job.name, job.queue, job.state, job.attempts) == ("mail.mention", "mail", "waiting", 0)
    assert job.arguments == {"status_id": 5, "account_id": 6}
    assert job.request_id == "req-1"
    assert job.unique_key is None


def test_outside_of_a_request_there_is_no_request_id(session: Session) -> None:
    structlog.contextvars.clear_contextvars()
    enqueue(session, names.PURGE)
    assert all_jobs(session)[0].request_id is None


def test_many_jobs_are_one_statement(session: Session) -> None:
    enqueue_many(session, [(names.FAN_OUT, {"status_id": number}) for number in range(3)])
    enqueue_many(session, [])
    assert [job.arguments["status_id"] for job in all_jobs(session)] == [0, 1, 2]


@pytest.mark.parametrize("arguments", [{}, {"status": 5}, {"status_id": 5, "text": "hello"}])
def test_other_arguments_than_the_job_takes_are_refused_at_once(
    session: Session, arguments: dict[str, object]
) -> None:
    with pytest.raises(TypeError, match=r"statuses\.fan_out takes \['status_id'\]"):
        enqueue(session, names.FAN_OUT, **arguments)


def test_the_job_goes_with_its_transaction(session: Session) -> None:
    savepoint = session.begin_nested()
    enqueue(session, names.PURGE)
    savepoint.rollback()
    assert all_jobs(session) == []


def test_a_schedule_makes_one_job_for_a_period(session: Session) -> None:
    assert enqueue_scheduled(session, names.DAILY_STATISTICS, period="2026-11-20", day="2026-11-20")
    assert not enqueue_scheduled(session, names.DAILY_STATISTICS, period="2026-11-20", day="2026-11-20")
    assert enqueue_scheduled(session, names.DAILY_STATISTICS, period="2026-11-21", day="2026-11-21")
    assert [job.unique_key for job in all_jobs(session)] == [
        "statistics.daily:2026-11-20",
        "statistics.daily:2026-11-21",
    ]


def test_a_period_that_died_is_not_made_again(session: Session) -> None:
    enqueue_scheduled(session, names.PURGE, period="2026-11-20T08")
    (job,) = all_jobs(session)
    queries.bury(session, job_id=job.id, error="broken")
    assert not enqueue_scheduled(session, names.PURGE, period="2026-11-20T08")
