from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from sqlalchemy import update
from sqlalchemy.orm import Session

from microblog.cli.jobs import describe_phase, show_span
from microblog.data.models import Job
from microblog.data.queries import jobs as queries
from microblog.data.session import Database
from microblog.jobs.names import DAILY_STATISTICS, PURGE
from microblog.jobs.outbox import enqueue
from microblog.services import jobs
from tests.cli.conftest import Run


def make_dead(session: Session) -> int:
    enqueue(session, DAILY_STATISTICS, day="2026-11-20")
    job_id = max(row.id for row in queries.list_jobs(session, limit=100))
    queries.bury(session, job_id=job_id, error="RuntimeError at worker/base.py:1")
    return int(job_id)


def test_nothing_to_list(run: Run, database: Database) -> None:
    assert run("jobs", "list").stdout == "0 not done, the oldest for 0 s; 0 dead\n"
    assert run("jobs", "dead").stdout == "0 dead\n"


def test_jobs_and_dead_letters_are_listed(run: Run, database: Database) -> None:
    with database.unit_of_work() as session:
        job_id = make_dead(session)
        enqueue(session, PURGE)

    listed, dead = run("jobs", "list").stdout, run("jobs", "dead").stdout

    assert "housekeeping.purge" in listed
    assert "statistics.daily" not in listed
    assert listed.endswith(" s; 1 dead\n")
    assert str(job_id) in dead
    assert "day=2026-11-20" in dead
    assert "RuntimeError at worker/base.py:1" in dead
    assert "1 dead: bring them back with `microblog jobs requeue`, or drop them" in dead


def test_the_list_is_bounded(run: Run, database: Database) -> None:
    with database.unit_of_work() as session:
        for _ in range(3):
            enqueue(session, PURGE)

    listed = run("jobs", "list", "--limit", "2").stdout

    assert listed.count("housekeeping.purge") == 2
    assert "3 not done" in listed


def test_a_job_that_this_release_does_not_know_is_told(run: Run, database: Database) -> None:
    with database.unit_of_work() as session:
        enqueue(session, PURGE)
        session.execute(
            update(Job).values(name="of.tomorrow", created_at=Job.created_at - timedelta(hours=3))
        )

    listed = run("jobs", "list").stdout

    assert "  unknown for 3 h  " in listed
    assert listed.endswith("waiting for workers that know them: of.tomorrow (1, for 3 h)\n")


@pytest.mark.parametrize(
    ("state", "handovers", "due", "started", "shown"),
    [
        ("waiting", 0, 300, None, "due in 5 m"),
        ("waiting", 1, 300, 30, "due in 5 m"),
        ("waiting", 0, -5, None, "due for 5 s"),
        # Handed over for 120 s, and at the second time for 240.
        ("handed", 1, 117, None, "handed 3 s ago"),
        ("handed", 2, 237, 100, "handed 3 s ago"),
        ("handed", 1, 117, 3, "started 3 s ago"),
        ("handed", 2, 200, 20, "started 20 s ago"),
    ],
)
def test_what_a_job_waits_for(
    session: Session, state: str, handovers: int, due: int, started: int | None, shown: str
) -> None:
    now = datetime.now(UTC)
    enqueue(session, PURGE)
    session.execute(
        update(Job).values(
            state=state,
            handovers=handovers,
            available_at=now + timedelta(seconds=due),
            started_at=None if started is None else now - timedelta(seconds=started),
        )
    )

    (job,) = jobs.list_jobs(session, limit=1, handover_seconds=120)

    assert describe_phase(job, now) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-1, "0 s"), (119.4, "119 s"), (120, "2 m"), (7_199, "119 m"), (7_200, "2 h"), (200_000, "2 d")],
)
def test_spans(seconds: float, shown: str) -> None:
    assert show_span(seconds) == shown


def test_requeue_by_id(run: Run, database: Database) -> None:
    with database.unit_of_work() as session:
        job_id = make_dead(session)

    result = run("jobs", "requeue", str(job_id))

    assert result.stdout == "Brought back 1\n"
    assert str(job_id) in run("jobs", "list").stdout
    assert run("jobs", "dead").stdout == "0 dead\n"


def test_requeue_all(run: Run, database: Database) -> None:
    with database.unit_of_work() as session:
        make_dead(session)
        make_dead(session)

    assert run("jobs", "requeue", "--all").stdout == "Brought back 2\n"


def test_requeue_of_what_is_not_dead(run: Run, database: Database) -> None:
    result = run("jobs", "requeue", "5")

    assert result.exit_code == 1
    assert "brought back 0 of 1" in result.stderr


def test_drop_forgets_dead_jobs_for_good(run: Run, database: Database) -> None:
    with database.unit_of_work() as session:
        first, second = (make_dead(session) for _ in range(2))

    assert run("jobs", "drop", str(first)).stdout == "Dropped 1\n"

    again = run("jobs", "drop", str(first), str(second))
    assert again.exit_code == 1
    assert "dropped 1 of 2: the others are not dead" in again.stderr
    assert "0 dead" in run("jobs", "dead").stdout
    assert "0 not done" in run("jobs", "list").stdout


def test_requeue_wants_ids_or_all(run: Run) -> None:
    assert run("jobs", "requeue").exit_code == 2
    assert run("jobs", "requeue", "5", "--all").exit_code == 2


def test_queues_are_counted(run: Run, database: Database) -> None:
    with database.unit_of_work() as session:
        enqueue(session, PURGE)
        enqueue(session, DAILY_STATISTICS, day="2026-11-20")
        first = min(row.id for row in queries.list_jobs(session, limit=100))
        queries.mark_handed(session, delays={first: timedelta(seconds=60)})

    heads, *rows = [line.split() for line in run("jobs", "queues").stdout.splitlines()]

    assert heads == ["queue", "waiting", "handed", "oldest"]
    assert {row[0]: row[1:3] for row in rows} == {
        "feeds": ["0", "0"],
        "mail": ["0", "0"],
        "maintenance": ["1", "1"],
        "media": ["0", "0"],
    }


def test_jobs_that_wait_for_another_try(run: Run, database: Database) -> None:
    with database.unit_of_work() as session:
        enqueue(session, PURGE)
        enqueue(session, DAILY_STATISTICS, day="2026-11-20")
        failed = min(row.id for row in queries.list_jobs(session, limit=100))
        queries.count_attempt(session, job_id=failed, delay=timedelta(seconds=60))
        queries.retry_later(session, job_id=failed, delay=timedelta(minutes=10), error="OSError at x.py:1")

    heads, line, count = run("jobs", "retried").stdout.splitlines()

    assert heads.split() == ["id", "name", "queue", "attempts", "next", "try", "error"]
    assert line.split()[:4] == [str(failed), "housekeeping.purge", "maintenance", "1"]
    assert line.endswith("  OSError at x.py:1")
    assert "  due in " in line
    assert count == "1 to be tried again"


def test_workers_cannot_be_asked_without_the_broker(run: Run, database: Database, tmp_path: Path) -> None:
    result = run("jobs", "running", changes={"MICROBLOG_BROKER_URL": f"unix://{tmp_path}/nothing?db=0"})

    assert result.exit_code == 1
    assert "the broker is away" in result.stderr
    assert "MICROBLOG_BROKER_URL" in result.stderr
    assert result.stderr.count("\n") == 1


def test_where_no_worker_answers_that_is_said(
    run: Run, database: Database, redis_client: redis.Redis
) -> None:
    result = run("jobs", "running")

    assert result.exit_code == 1
    assert result.stderr.startswith("microblog: no worker answers: do they run (`microblog worker`)")
