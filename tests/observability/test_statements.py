"""Statements are counted for the request or job that sent them, and connections as they come and go."""

import threading
from collections.abc import Callable, Iterator
from contextvars import Context
from typing import Any

import pytest
from prometheus_client import REGISTRY
from psycopg2 import OperationalError
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from microblog.data.session import Database
from microblog.observability.statements import Tally, start_tally
from microblog.settings import Settings


@pytest.fixture
def open_database(settings: Settings) -> Iterator[Callable[..., Database]]:
    made = []

    def make(**options: Any) -> Database:
        made.append(Database(settings.database_url, application="tests of the pool", **options))
        return made[-1]

    yield make
    for database in made:
        database.close()


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"microblog_db_{name}", labels) or 0.0


def connections() -> tuple[float, float]:
    return value("pool_connections", state="in_use"), value("pool_connections", state="idle")


def ask(database: Database, statement: str = "SELECT 1") -> None:
    with database.unit_of_work() as session:
        session.execute(text(statement))


def test_counts_within_a_tally_only(worker_database: Database) -> None:
    def ask_counted() -> Tally:
        tally = start_tally()
        ask(worker_database)
        ask(worker_database)
        return tally

    before = value("statements_total"), value("statement_duration_seconds_count")
    Context().run(lambda: ask(worker_database))
    fields = Context().run(ask_counted).as_fields()
    assert fields["db_statements"] == 2
    assert fields["db_ms"] > 0
    assert fields["db_pid"]
    assert value("statements_total") == before[0] + 3
    assert value("statement_duration_seconds_count") == before[1] + 3


def test_what_a_transaction_asked_is_written_when_it_ends(worker_database: Database) -> None:
    before = value("statements_total"), value("statement_duration_seconds_count")
    with worker_database.unit_of_work() as session:
        for _ in range(5):
            session.execute(text("SELECT 1"))
        assert value("statements_total") == before[0]
    assert value("statements_total") == before[0] + 5
    assert value("statement_duration_seconds_count") == before[1] + 5


def test_a_statement_for_many_rows_is_one(worker_database: Database) -> None:
    before = value("statements_total")
    with worker_database.unit_of_work() as session:
        session.execute(
            text("SELECT set_config('tests.last', :value, true)"), [{"value": "1"}, {"value": "2"}]
        )
        assert session.scalar(text("SELECT current_setting('tests.last')")) == "2"
    assert value("statements_total") == before + 2


def test_a_broken_connection_s_statements_are_written_too(open_database: Callable[..., Database]) -> None:
    database = open_database()
    before = value("statements_total")
    with pytest.raises(DBAPIError), database.unit_of_work() as session:
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert value("statements_total") == before + 1


def test_a_statement_that_fails_has_its_time_too(open_database: Callable[..., Database]) -> None:
    database = open_database(statement_timeout_seconds=0.2)

    def ask_counted() -> Tally:
        tally = start_tally()
        with pytest.raises(DBAPIError):
            ask(database, "SELECT pg_sleep(5)")
        return tally

    before = value("statement_duration_seconds_bucket", le="0.1"), value("statement_duration_seconds_count")
    assert Context().run(ask_counted).statements == 1
    after = value("statement_duration_seconds_bucket", le="0.1"), value("statement_duration_seconds_count")
    assert (after[0] - before[0], after[1] - before[1]) == (0, 1)


def test_connections_are_told_by_what_they_do(open_database: Callable[..., Database]) -> None:
    in_use, idle = connections()
    size = value("pool_size")
    database = open_database(pool_size=3)
    # One that a parent made before it forked is not its own.
    assert value("pool_size") == size
    database.announce()
    assert value("pool_size") == size + 3
    with database.unit_of_work() as one, database.unit_of_work() as other:
        one.execute(text("SELECT 1"))
        other.execute(text("SELECT 1"))
        assert connections() == (in_use + 2, idle)
    assert connections() == (in_use, idle + 2)
    with pytest.raises(DBAPIError), database.unit_of_work() as session:
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    # The pool gave up all of them.
    assert connections()[0] == in_use
    ask(database)
    database.close()
    assert connections() == (in_use, idle)


def test_reconnecting_in_vain_moves_no_figure(
    open_database: Callable[..., Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = connections()
    database = open_database(pool_size=1)
    with pytest.raises(DBAPIError), database.unit_of_work() as session:
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    def refuse(*_: Any) -> None:
        raise OperationalError("the server is away")

    with monkeypatch.context() as patch:
        patch.setattr(database.engine.pool, "_invoke_creator", refuse)
        for _ in range(3):
            with pytest.raises(DBAPIError):
                ask(database)
    assert connections() == before
    ask(database)
    assert connections() == (before[0], before[1] + 1)
    database.close()
    assert connections() == before


def test_a_connection_that_never_came_into_use_is_not_counted(
    open_database: Callable[..., Database],
) -> None:
    before = connections()
    database = open_database(pool_size=1)

    @event.listens_for(database.engine, "connect")
    def refuse(*_: Any) -> None:
        raise OperationalError("it went away in the meantime")

    for _ in range(2):
        with pytest.raises(DBAPIError):
            ask(database)
    assert connections() == before


def test_threads_leave_no_connection_behind(open_database: Callable[..., Database]) -> None:
    in_use, idle = connections()
    database = open_database(pool_size=4)

    def ask_often() -> None:
        for _ in range(50):
            ask(database)

    threads = [threading.Thread(target=ask_often) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert connections()[0] == in_use
    assert 1 <= connections()[1] - idle <= 4


def test_waiting_in_vain_for_a_connection_is_counted(
    open_database: Callable[..., Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = value("pool_timeouts_total")
    database = open_database(pool_size=1)
    monkeypatch.setattr(database.engine.pool, "_timeout", 0.05)
    with database.unit_of_work() as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(PoolTimeoutError):
            ask(database)
    assert value("pool_timeouts_total") == before + 1
