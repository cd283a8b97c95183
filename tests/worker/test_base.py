from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from microblog.bootstrap import Resources
from microblog.data.models import Job, Tag
from microblog.data.queries import jobs as queries
from microblog.data.session import Database
from microblog.domain.errors import NotFound, Unavailable
from microblog.jobs import names
from microblog.services import accounts
from microblog.worker import base
from microblog.worker.base import Outcome, Run, describe, run_job

AddJob = Callable[..., int]
ReadJob = Callable[[int], Any]


def add_tag(session: Session, name: str) -> None:
    session.add(Tag(name=name))


def count_tags(database: Database) -> int:
    with database.unit_of_work() as session:
        return session.scalar(select(func.count()).select_from(Tag)) or 0


def count_outcomes(name: str, outcome: str) -> float:
    return REGISTRY.get_sample_value("microblog_jobs_total", {"task": name, "outcome": outcome}) or 0.0


def test_the_effect_and_done_are_committed_together(
    resources: Resources, add_job: AddJob, read_job: ReadJob, database: Database
) -> None:
    runs: list[Run] = []

    def effect(session: Session, _resources: Resources, run: Run, *, status_id: int) -> None:
        runs.append(run)
        add_tag(session, f"tag{status_id}")

    before = count_outcomes("statuses.fan_out", "done")
    job_id = add_job(names.FAN_OUT, status_id=7)
    assert run_job(resources, effect, job_id=job_id) is Outcome.DONE
    row = read_job(job_id)
    assert (row.state, row.attempts, row.error) == ("done", 1, None)
    assert row.started_at <= row.finished_at
    assert [(run.job_id, run.name, run.attempt) for run in runs] == [(job_id, "statuses.fan_out", 1)]
    assert count_tags(database) == 1
    assert count_outcomes("statuses.fan_out", "done") == before + 1


def test_a_second_delivery_does_nothing(resources: Resources, add_job: AddJob, database: Database) -> None:
    def effect(session: Session, _resources: Resources, _run: Run) -> None:
        add_tag(session, "once")

    job_id = add_job()
    assert run_job(resources, effect, job_id=job_id) is Outcome.DONE
    assert run_job(resources, effect, job_id=job_id) is Outcome.FORGOTTEN
    assert run_job(resources, effect, job_id=1) is Outcome.FORGOTTEN
    assert count_tags(database) == 1


def test_a_job_in_other_hands_is_left_to_them(
    resources: Resources, add_job: AddJob, read_job: ReadJob, database: Database
) -> None:
    job_id = add_job()
    with database.unit_of_work() as session:
        assert queries.lock_job(session, job_id=job_id)
        assert run_job(resources, add_tag, job_id=job_id) is Outcome.FORGOTTEN
    assert read_job(job_id).attempts == 0


def test_a_delivery_during_the_run_does_nothing(
    resources: Resources, add_job: AddJob, read_job: ReadJob
) -> None:
    inner: list[Outcome] = []

    def effect(_session: Session, resources: Resources, run: Run) -> None:
        inner.append(run_job(resources, effect, job_id=run.job_id))

    job_id = add_job()
    assert run_job(resources, effect, job_id=job_id) is Outcome.DONE
    assert inner == [Outcome.FORGOTTEN]
    assert read_job(job_id).attempts == 1


def test_a_start_that_was_overtaken_does_nothing(
    resources: Resources, add_job: AddJob, read_job: ReadJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between counting the start and doing the work, another delivery counts one more."""
    count = queries.count_attempt

    def count_twice(session: Session, *, job_id: int, delay: timedelta) -> None:
        count(session, job_id=job_id, delay=delay)
        count(session, job_id=job_id, delay=delay)

    monkeypatch.setattr(queries, "count_attempt", count_twice)
    job_id = add_job()
    assert run_job(resources, add_tag, job_id=job_id) is Outcome.FORGOTTEN
    assert read_job(job_id).state == "waiting"


def test_a_failure_is_undone_and_tried_again_later(
    resources: Resources, add_job: AddJob, read_job: ReadJob, database: Database
) -> None:
    def effect(session: Session, _resources: Resources, _run: Run) -> None:
        add_tag(session, "half")
        session.flush()
        raise ValueError("the secret is ann@example.org")

    job_id = add_job()
    assert run_job(resources, effect, job_id=job_id) is Outcome.RETRIED
    row = read_job(job_id)
    assert (row.state, row.attempts) == ("waiting", 1)
    assert row.available_at > datetime.now(UTC)
    assert row.error.startswith("ValueError at worker/base.py:")
    assert "secret" not in row.error
    assert count_tags(database) == 0


def test_a_part_that_is_away_is_waited_for_a_day(
    resources: Resources, add_job: AddJob, read_job: ReadJob, database: Database
) -> None:
    def effect(_session: Session, _resources: Resources, _run: Run) -> None:
        raise Unavailable

    job_id = add_job()
    assert run_job(resources, effect, job_id=job_id) is Outcome.RETRIED
    for _ in range(resources.settings.job_max_attempts + 1):
        assert run_job(resources, effect, job_id=job_id) is Outcome.RETRIED
    assert read_job(job_id).error.startswith("Unavailable")
    assert read_job(job_id).attempts == 0
    with database.unit_of_work() as session:
        session.execute(text("UPDATE jobs SET created_at = created_at - interval '25 hours'"))
    assert run_job(resources, effect, job_id=job_id) is Outcome.RETRIED
    assert read_job(job_id).attempts == 1


def test_an_error_at_commit_is_a_failure_too(
    resources: Resources, add_job: AddJob, read_job: ReadJob, database: Database
) -> None:
    def effect(session: Session, _resources: Resources, _run: Run) -> None:
        session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        session.execute(text("INSERT INTO tags (name) VALUES ('')"))

    job_id = add_job()
    assert run_job(resources, effect, job_id=job_id) is Outcome.RETRIED
    assert "IntegrityError" in read_job(job_id).error


def test_where_nothing_is_left_to_do_the_job_is_done_and_the_rest_undone(
    resources: Resources, add_job: AddJob, read_job: ReadJob, database: Database
) -> None:
    def effect(session: Session, _resources: Resources, _run: Run) -> None:
        add_tag(session, "half")
        session.flush()
        raise NotFound

    job_id = add_job()
    assert run_job(resources, effect, job_id=job_id) is Outcome.NOTHING_TO_DO
    assert read_job(job_id).state == "done"
    assert count_tags(database) == 0


def test_the_last_failure_is_a_dead_letter(
    hasty_resources: Resources, add_job: AddJob, read_job: ReadJob, read_dead: Callable[[], list[Any]]
) -> None:
    def effect(_session: Session, _resources: Resources, _run: Run) -> None:
        raise ValueError("no")

    job_id = add_job()
    with capture_logs() as first:
        assert run_job(hasty_resources, effect, job_id=job_id) is Outcome.RETRIED
    with capture_logs() as last:
        assert run_job(hasty_resources, effect, job_id=job_id) is Outcome.DEAD
    # A failure that is tried again is one line, the last one its whole story.
    assert [line["event"] for line in first] == ["job.failed", "job.ended"]
    assert not any("exc_info" in line for line in first)
    assert [line["event"] for line in last if "exc_info" in line] == ["job.dead"]
    assert read_job(job_id) is None
    (dead,) = read_dead()
    assert (dead.id, dead.name, dead.attempts) == (job_id, "housekeeping.purge", 2)
    assert dead.error.startswith("ValueError at worker/base.py:")


@pytest.mark.parametrize("error", [None, "ValueError at x.py:1"])
def test_a_job_whose_starts_are_used_up_is_buried_unstarted(
    resources: Resources,
    add_job: AddJob,
    read_dead: Callable[[], list[Any]],
    database: Database,
    error: str | None,
) -> None:
    job_id = add_job()
    with database.unit_of_work() as session:
        session.execute(update(Job).values(attempts=3, error=error))
    assert run_job(resources, add_tag, job_id=job_id) is Outcome.DEAD
    (dead,) = read_dead()
    assert dead.error.startswith("its worker was lost, or ran out of time, 3 times")
    assert error is None or dead.error.endswith(error)


def test_a_row_that_vanishes_during_a_failure_is_forgotten(
    resources: Resources, add_job: AddJob, database: Database
) -> None:
    job_id = add_job()

    def effect(session: Session, _resources: Resources, _run: Run) -> None:
        session.rollback()
        with database.unit_of_work() as other:
            other.execute(delete(Job).where(Job.id == job_id))
        raise ValueError("no")

    assert run_job(resources, effect, job_id=job_id) is Outcome.FORGOTTEN


def test_a_connection_that_died_in_the_pool_is_replaced(
    resources: Resources, add_job: AddJob, read_job: ReadJob, database: Database
) -> None:
    with resources.database.unit_of_work() as session:
        process = session.scalar(select(func.pg_backend_pid()))
    with database.unit_of_work() as session:
        session.execute(select(func.pg_terminate_backend(process)))
    job_id = add_job()

    def effect(_session: Session, _resources: Resources, _run: Run) -> None:
        """Has nothing to do."""

    assert run_job(resources, effect, job_id=job_id) is Outcome.DONE
    assert read_job(job_id).attempts == 1


def test_an_error_of_the_schema_is_not_tried_again(
    resources: Resources, add_job: AddJob, read_job: ReadJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(session: Session, *, job_id: int) -> None:
        session.execute(text("SELECT no_such_column FROM jobs"))

    monkeypatch.setattr(queries, "lock_job", fail)
    job_id = add_job()
    assert run_job(resources, add_tag, job_id=job_id) is Outcome.FORGOTTEN
    assert read_job(job_id).attempts == 0


def test_without_a_database_the_delivery_is_forgotten(resources: Resources, no_database: Database) -> None:
    assert run_job(replace(resources, database=no_database), add_tag, job_id=7) is Outcome.FORGOTTEN


def test_an_error_is_told_by_type_and_place() -> None:
    assert describe(ValueError("secret")) == "ValueError"
    with pytest.raises(NotFound) as caught:
        fail_in_the_package()
    assert describe(caught.value).startswith("NotFound at services/accounts.py:")


def test_the_place_is_in_the_package_whatever_the_folders_are_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout in a folder of the package's name has that name twice in its paths."""
    package = tmp_path / "microblog" / "app" / "microblog"
    monkeypatch.setattr(base, "PACKAGE_FOLDER", package)
    code = "def fail():\n    raise ValueError('no')\n"
    for folder, place in ((package / "services", "services/x.py:2"), (tmp_path / "microblog", "x.py:2")):
        made: dict[str, Any] = {}
        exec(compile(code, str(folder / "x.py"), "exec"), made)
        with pytest.raises(ValueError) as caught:  # noqa: PT011 - the place is what is looked at
            made["fail"]()
        # Of this very file too there is a frame, outside of the package.
        assert describe(caught.value) == f"ValueError at {place}"


def test_an_error_s_cause_is_told() -> None:
    error = Unavailable()
    error.__cause__ = TimeoutError("secret")
    assert describe(error) == "Unavailable (TimeoutError)"


def fail_in_the_package() -> None:
    class NoSession:
        def execute(self, *_: Any, **__: Any) -> Any:
            return self

        def one_or_none(self) -> None:
            return None

    accounts.get_account(NoSession(), username="nobody")  # type: ignore[arg-type]
