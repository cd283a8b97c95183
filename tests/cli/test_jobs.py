from sqlalchemy.orm import Session

from microblog.data.queries import jobs as queries
from microblog.data.session import Database
from microblog.jobs.names import DAILY_STATISTICS, PURGE
from microblog.jobs.outbox import enqueue
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
    assert "1 dead: bring them back with `microblog jobs requeue`" in dead


def test_the_list_is_bounded(run: Run, database: Database) -> None:
    with database.unit_of_work() as session:
        for _ in range(3):
            enqueue(session, PURGE)

    listed = run("jobs", "list", "--limit", "2").stdout

    assert listed.count("housekeeping.purge") == 2
    assert "3 not done" in listed


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


def test_requeue_wants_ids_or_all(run: Run) -> None:
    assert run("jobs", "requeue").exit_code == 2
    assert run("jobs", "requeue", "5", "--all").exit_code == 2
