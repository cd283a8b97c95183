import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery.schedules import crontab
from sqlalchemy import select
from structlog.testing import capture_logs

from microblog.data.models import Job
from microblog.data.session import Database
from microblog.jobs import names
from microblog.jobs.broker import celery
from microblog.jobs.names import QUEUES
from microblog.settings import Settings
from microblog.worker import schedule
from microblog.worker.schedule import SCHEDULE, OutboxScheduler, Planned, run_beat

Periods = Callable[[], list[str]]


class Clock:
    def __init__(self, text: str) -> None:
        self.now = datetime.fromisoformat(text).replace(tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def periods(database: Database) -> Periods:
    def read() -> list[str]:
        with database.unit_of_work() as session:
            return sorted(str(key) for key in session.scalars(select(Job.unique_key)))

    return read


@pytest.fixture
def make_beat(database: Database) -> Callable[..., OutboxScheduler]:
    def make(now: str, used: Database | None = None) -> OutboxScheduler:
        return OutboxScheduler(celery, database=used or database, clock=Clock(now))

    return make


def planned(job_name: str) -> Planned:
    return next(one for one in SCHEDULE if one.job.name == job_name)


@pytest.mark.parametrize(
    ("now", "latest"),
    [
        ("2026-11-21T00:09:59", "2026-11-19"),
        ("2026-11-21T00:10:00", "2026-11-20"),
        ("2026-11-21T23:59:59", "2026-11-20"),
        ("2026-11-22T00:00:00", "2026-11-20"),
    ],
)
def test_the_day_before_is_due_ten_minutes_after_midnight(now: str, latest: str) -> None:
    days = planned("statistics.daily").due_periods(Clock(now)())
    assert days[-1] == latest
    assert len(days) == 3
    assert days == sorted(days)


@pytest.mark.parametrize(
    ("now", "hour"), [("2026-11-21T00:04:59", "2026-11-20T23"), ("2026-11-21T00:05:00", "2026-11-21T00")]
)
def test_each_hour_is_tidied_once(now: str, hour: str) -> None:
    assert planned("housekeeping.purge").due_periods(Clock(now)()) == [hour]


@pytest.mark.parametrize(
    ("now", "period"),
    [("2026-11-21T08:11:59", "2026-11-21T08:00"), ("2026-11-21T08:12:00", "2026-11-21T08:10")],
)
def test_media_hosts_are_compared_every_ten_minutes(now: str, period: str) -> None:
    assert planned("media.repair").due_periods(Clock(now)()) == [period]


def test_celery_is_told_the_same_times() -> None:
    assert planned("media.repair").crontab() == crontab(minute="2,12,22,32,42,52")
    assert planned("statistics.daily").crontab() == crontab(hour=0, minute=10)
    assert planned("housekeeping.purge").crontab() == crontab(minute=5)
    assert {one.job.queue for one in SCHEDULE} <= set(QUEUES)


def test_a_start_makes_up_for_what_just_passed(
    make_beat: Callable[..., OutboxScheduler], periods: Periods, database: Database
) -> None:
    make_beat("2026-11-21T08:30:00").tick()
    assert periods() == [
        "housekeeping.purge:2026-11-21T08",
        "media.repair:2026-11-21T08:20",
        "statistics.daily:2026-11-18",
        "statistics.daily:2026-11-19",
        "statistics.daily:2026-11-20",
    ]
    with database.unit_of_work() as session:
        days = session.scalars(select(Job.arguments).where(Job.name == names.DAILY_STATISTICS.name)).all()
    assert {"day": "2026-11-20"} in days


def test_two_beats_make_each_job_once(make_beat: Callable[..., OutboxScheduler], periods: Periods) -> None:
    for one in (make_beat("2026-11-21T08:30:00"), make_beat("2026-11-21T08:31:00")):
        one.tick()
        one.tick()
    assert len(periods()) == 5


def test_an_entry_that_falls_due_is_written(
    make_beat: Callable[..., OutboxScheduler], periods: Periods
) -> None:
    one = make_beat("2026-11-21T08:30:00")
    one.tick()
    one._clock = Clock("2026-11-21T09:05:00")
    entry = one.schedule["housekeeping.purge"]
    entry.last_run_at = datetime.now(UTC) - timedelta(hours=3)
    one.populate_heap()
    one.tick()
    assert "housekeeping.purge:2026-11-21T09" in periods()
    assert len(periods()) == 6


def test_no_broker_is_asked(make_beat: Callable[..., OutboxScheduler]) -> None:
    one = make_beat("2026-11-21T08:30:00")
    one.tick()
    one.close()
    assert "connection" not in vars(one)
    assert set(one.schedule) == {one.job.name for one in SCHEDULE}


def test_a_database_that_is_away_is_tried_again(
    make_beat: Callable[..., OutboxScheduler], periods: Periods, database: Database, no_database: Database
) -> None:
    one = make_beat("2026-11-21T08:30:00", no_database)
    with capture_logs() as logged:
        assert one.tick() <= schedule.RETRY_SECONDS
        one.tick()
    assert [line["event"] for line in logged] == ["beat.waiting"]
    one._database = database
    one.tick()
    assert len(periods()) == 5


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where beat would wait, the operator stops it."""

    def sleep(_seconds: float) -> None:
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr("celery.beat.time.sleep", sleep)


def test_the_program_stops_at_term(settings: Settings, no_waiting: None, periods: Periods) -> None:
    before: Any = signal.getsignal(signal.SIGTERM)
    run_beat(settings)
    assert len(periods()) == 5
    assert signal.getsignal(signal.SIGTERM) == before
