"""What relay and worker tell of a job: lines that make a story of one request, and figures of the moment."""

from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text, update
from sqlalchemy.orm import Session
from structlog.contextvars import get_contextvars
from structlog.testing import capture_logs

from microblog.bootstrap import Resources
from microblog.data.models import Job
from microblog.data.session import Database
from microblog.jobs import names
from microblog.observability.logs import log_context
from microblog.worker.base import Run, run_job
from microblog.worker.relay import Relay

AddJob = Callable[..., int]


@pytest.mark.parametrize("error", [None, ValueError("no")])
def test_the_line_of_a_job_tells_its_story(
    resources: Resources, add_job: AddJob, error: Exception | None
) -> None:
    seen: list[Any] = []

    def running() -> float | None:
        return REGISTRY.get_sample_value("microblog_jobs_running", {"task": "mail.mention"})

    def effect(session: Session, _resources: Resources, _run: Run, **_: int) -> None:
        seen.extend([running(), get_contextvars()])
        session.execute(text("SELECT pg_sleep(0.01)"))
        if error:
            raise error

    with log_context(request_id="req-1"):
        job_id = add_job(names.MENTION_MAIL, status_id=1, account_id=77)
    with capture_logs() as logged:
        run_job(resources, effect, job_id=job_id)
    assert seen == [1, {"request_id": "req-1", "account_id": 77}]
    assert running() == 0
    line = logged[-1]
    assert (line["event"], line["job"], line["job_id"]) == ("job.ended", "mail.mention", job_id)
    assert line["outcome"] == ("retried" if error else "done")
    assert line["wait_ms"] > 0
    assert line["duration_ms"] >= line["db_ms"] - line["wait_ms"]
    assert line["db_ms"] >= 10
    # Lock, count; lock, effect, done or, rolled back, lock and note the failure.
    assert line["db_statements"] >= 5
    assert line["db_pid"]


def test_each_hand_over_is_told(relay: Relay, add_job: AddJob) -> None:
    with log_context(request_id="req-1"):
        job_ids = [add_job(names.FAN_OUT, status_id=number) for number in range(3)]
    with capture_logs() as logged:
        relay.round()
    assert logged[0] == {
        "event": "relay.handed",
        "log_level": "info",
        "job_id": job_ids[0],
        "job": "statuses.fan_out",
        "queue": "feeds",
        "request_id": "req-1",
        "task_id": f"task-{job_ids[0]}",
        "handovers": 1,
    }
    assert [line["job_id"] for line in logged] == job_ids


def test_the_queues_are_measured(relay: Relay, add_job: AddJob, database: Database) -> None:
    def depth(queue: str, state: str) -> float | None:
        return REGISTRY.get_sample_value("microblog_queue_depth", {"queue": queue, "state": state})

    strange = add_job(names.FAN_OUT, status_id=1)
    with database.unit_of_work() as session:
        session.execute(update(Job).where(Job.id == strange).values(queue="of_tomorrow"))
    add_job(names.PURGE)
    relay._attempt(0.1)
    assert (depth("maintenance", "handed"), depth("maintenance", "waiting")) == (1, 0)
    assert (depth("feeds", "handed"), depth("feeds", "waiting")) == (0, 0)
    assert depth("of_tomorrow", "waiting") is None
