"""Statements end, whatever becomes of PostgreSQL."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from psycopg2 import extensions
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from devstack import postgres, servers
from devstack.processes import wait_for
from microblog.data import deadlines
from microblog.data.breaker import Breaker
from microblog.data.deadlines import NoAnswer, PatientConnection
from microblog.data.session import Database
from tests.frozen import frozen_postgres

Own = tuple[servers.Server, postgres.Cluster]


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Own]:
    """A server of these tests' own, to be frozen."""
    folder = servers.short_folder("mb-frozen-")
    server, cluster = servers.start_postgres(folder / "postgres")
    with server:
        yield server, cluster
    servers.remove_folder(folder)


@pytest.fixture
def hasty(own_postgres: Own) -> Iterator[Database]:
    """A database that soon gives up, in a process with deadlines."""
    database = Database(
        own_postgres[1].superuser_url(),
        application="tests",
        statement_timeout_seconds=0.3,
        answer_margin_seconds=0.2,
        connect_seconds=0.5,
    )
    with deadlines.switched_on():
        yield database
    database.close()


@pytest.fixture
def patient(own_postgres: Own) -> Iterator[Database]:
    """A database with room for a busy machine, in a process with deadlines."""
    database = Database(own_postgres[1].superuser_url(), application="tests", statement_timeout_seconds=60)
    with deadlines.switched_on():
        yield database
    database.close()


def answers(database: Database) -> bool:
    try:
        with database.unit_of_work() as session:
            return bool(session.scalar(text("SELECT true")))
    except OperationalError:
        return False


def test_a_frozen_server_ends_the_statement_and_the_connection(own_postgres: Own, hasty: Database) -> None:
    wait_for(lambda: answers(hasty), 60, lambda: "no answer")
    with frozen_postgres(*own_postgres):
        with pytest.raises(OperationalError) as error, hasty.unit_of_work() as session:
            session.execute(text("SELECT 1"))
        assert isinstance(error.value.orig, NoAnswer)
        assert "within 0.5 seconds" in str(error.value.orig), "the server's time and ours"
        assert error.value.connection_invalidated
        assert not answers(hasty)
    wait_for(lambda: answers(hasty), 60, lambda: "no answer after the thaw")
    assert "Current Checked out connections: 0" in hasty.engine.pool.status()


def test_the_outcome_of_a_commit_without_an_answer_is_an_error(own_postgres: Own, patient: Database) -> None:
    with ExitStack() as stack:
        unit_of_work = patient.unit_of_work()
        session = unit_of_work.__enter__()
        session.execute(text("CREATE TABLE written (id int)"))
        stack.enter_context(frozen_postgres(*own_postgres))
        # Only now: a busy machine may take its time for what goes before.
        connection = session.connection().connection.driver_connection
        assert isinstance(connection, PatientConnection)
        connection.seconds = 0.2
        with pytest.raises(OperationalError) as error:
            unit_of_work.__exit__(None, None, None)
        assert isinstance(error.value.orig, NoAnswer)


def test_connecting_ends_too_and_is_not_tried_again_for_a_moment(own_postgres: Own) -> None:
    dsn = postgres.driver_url(own_postgres[1].superuser_url())
    breaker = Breaker("database", seconds=3600)
    options: dict[str, Any] = {"connect_seconds": 0.5, "answer_seconds": 1, "breaker": breaker}
    with deadlines.switched_on(), frozen_postgres(*own_postgres):
        with pytest.raises(NoAnswer, match="within"):
            PatientConnection(dsn, **options)
        with pytest.raises(NoAnswer, match="a moment ago"):
            PatientConnection(dsn, **options)


def test_a_slow_statement_is_the_servers_to_end(patient: Database) -> None:
    with patient.unit_of_work() as session:
        session.execute(text("SET LOCAL statement_timeout = 100"))
        with pytest.raises(OperationalError) as error:
            session.execute(text("SELECT pg_sleep(30)"))
        session.rollback()
    assert getattr(error.value.orig, "pgcode", None) == "57014"
    assert not error.value.connection_invalidated


def test_large_answers_come_whole(patient: Database) -> None:
    with patient.unit_of_work() as session:
        rows = session.scalars(text("SELECT repeat('x', 1000) FROM generate_series(1, 5000)")).all()
        size = session.scalar(text("SELECT length(:sent)"), {"sent": "y" * 3_000_000})
    assert (len(rows), size) == (5000, 3_000_000)


class OutOfTime(Exception):
    """What a job's time limit raises."""


def test_an_exception_out_of_a_signal_handler_is_not_hidden(patient: Database) -> None:
    def ring(_number: int, _frame: object) -> None:
        raise OutOfTime

    def work() -> None:
        with patient.unit_of_work() as session, session.begin_nested():
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            session.execute(text("SELECT pg_sleep(30)"))

    former = signal.signal(signal.SIGALRM, ring)
    try:
        with pytest.raises(OutOfTime):
            work()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
    assert answers(patient)


def test_commands_wait_as_before(own_postgres: Own) -> None:
    with deadlines.switched_on():
        assert extensions.get_wait_callback() is not None
        database = Database(
            own_postgres[1].superuser_url(), application="tests", statement_timeout_seconds=None
        )
        assert answers(database)
        database.close()
    assert extensions.get_wait_callback() is None
