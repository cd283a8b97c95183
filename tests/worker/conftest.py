from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import redis
from sqlalchemy import select

from microblog.bootstrap import Resources, bootstrap
from microblog.data.models import DeadJob, Job
from microblog.data.session import Database
from microblog.jobs import names
from microblog.jobs.broker import BrokerAway, Publisher
from microblog.jobs.names import JobType
from microblog.jobs.outbox import enqueue
from microblog.settings import Settings
from microblog.worker.relay import Relay


@pytest.fixture
def resources(settings: Settings, database: Database, redis_client: redis.Redis) -> Iterator[Resources]:
    """What a worker process holds; database, broker and cache are empty before and after the test."""
    made = bootstrap(settings, application="tests of the worker", pool_size=4)
    yield made
    made.close()


@pytest.fixture
def add_job(database: Database) -> Callable[..., int]:
    """Adds a job; its id."""

    def add(job: JobType = names.PURGE, **arguments: Any) -> int:
        with database.unit_of_work() as session:
            enqueue(session, job, **arguments)
        with database.unit_of_work() as session:
            return session.scalars(select(Job.id).order_by(Job.id.desc())).first() or 0

    return add


@pytest.fixture
def read_job(database: Database) -> Callable[[int], Any]:
    """The row of a job, None where it is gone."""

    def read(job_id: int) -> Any:
        with database.unit_of_work() as session:
            return session.execute(select(Job.__table__).where(Job.id == job_id)).one_or_none()

    return read


@pytest.fixture
def read_dead(database: Database) -> Callable[[], list[Any]]:
    """The dead letters."""

    def read() -> list[Any]:
        with database.unit_of_work() as session:
            return list(session.execute(select(DeadJob.__table__).order_by(DeadJob.id)).all())

    return read


@pytest.fixture
def no_database(settings: Settings, tmp_path: Any) -> Iterator[Database]:
    """A database that is away."""
    database = Database(
        f"postgresql+psycopg2://nobody@/nothing?host={tmp_path}", application="tests of the worker"
    )
    yield database
    database.close()


@pytest.fixture
def hasty_resources(resources: Resources) -> Resources:
    """Jobs die at their second failure."""
    return replace(resources, settings=replace(resources.settings, job_max_attempts=2))


class FakeBroker(Publisher):
    """Keeps what it is given; `room`: how many messages until it goes away."""

    def __init__(self, room: int = 1_000_000) -> None:
        super().__init__()
        self.room = room
        self.sent: list[int] = []
        self.checks = 0

    def check(self) -> None:
        self.checks += 1
        if not self.room:
            raise BrokerAway

    def publish(self, *, job_id: int, name: str, queue: str, request_id: str | None) -> str:
        if not self.room:
            raise BrokerAway
        self.room -= 1
        self.sent.append(job_id)
        return f"task-{job_id}"


@pytest.fixture
def broker() -> FakeBroker:
    return FakeBroker()


@pytest.fixture
def relay(settings: Settings, database: Database, broker: FakeBroker) -> Iterator[Relay]:
    relay = Relay(settings, database, broker)
    yield relay
    relay.close()
