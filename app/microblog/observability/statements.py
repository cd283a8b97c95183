"""What a process asks of PostgreSQL: its statements, counted for a request or job, and its connections.

Each write to a metric's file takes a microsecond and more, so what a connection was asked is added up in it
and written when it goes back to the pool or is closed: the totals stay exact, and what a killed process loses
is what its open transactions asked.
"""

from bisect import bisect_left
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from psycopg2 import extensions
from sqlalchemy import Engine, PoolProxiedConnection, QueuePool, event
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from microblog.observability import metrics
from microblog.observability.metrics import STATEMENT_BUCKETS


@dataclass(slots=True)
class Tally:
    """What a request or job asked so far. `backend_pid` ties its log line to PostgreSQL's own log."""

    statements: int = 0
    seconds: float = 0.0
    backend_pid: int | None = None

    def as_fields(self) -> dict[str, Any]:
        """The fields of a log line."""
        return {
            "db_statements": self.statements,
            "db_ms": round(self.seconds * 1000, 1),
            "db_pid": self.backend_pid,
        }


@dataclass(slots=True)
class Unwritten:
    """What a connection was asked since that was last written to the metrics."""

    statements: int = 0
    seconds: float = 0.0
    #: By the bucket's place.
    buckets: dict[int, int] = field(default_factory=dict)

    def add(self, seconds: float) -> None:
        """Count a statement that took so long."""
        self.statements += 1
        self.seconds += seconds
        place = bisect_left(STATEMENT_BUCKETS, seconds)
        self.buckets[place] = self.buckets.get(place, 0) + 1

    def write(self) -> None:
        """Write it to the metrics."""
        if self.statements:
            metrics.DB_STATEMENTS.inc(self.statements)
            metrics.DB_STATEMENT_SECONDS.observe_many(self.seconds, self.buckets)
            self.statements, self.seconds, self.buckets = 0, 0.0, {}


#: The key, in what SQLAlchemy keeps of a connection, of the gauge that it stands in.
COUNTED = "microblog.counted"
_tally: ContextVar[Tally | None] = ContextVar("statements_counted", default=None)
_in_use = metrics.DB_POOL_CONNECTIONS.labels("in_use")
_idle = metrics.DB_POOL_CONNECTIONS.labels("idle")


def start_tally() -> Tally:
    """Begin to count for this request or job."""
    tally = Tally()
    _tally.set(tally)
    return tally


class WatchedCursor(extensions.cursor):
    """A cursor that times its statements: SQLAlchemy's own events around each cost several times as much."""

    __slots__ = ()

    def execute(self, query: Any, parameters: Any = None) -> None:
        """Execute a statement, as the base class does it."""
        begun = perf_counter()
        try:
            super().execute(query, parameters)
        finally:
            # Those that take too long fail: without them the slowest would be missing.
            _note(self.connection, perf_counter() - begun)

    def executemany(self, query: Any, rows: Any) -> None:
        """Execute a statement for each row; counted once."""
        begun = perf_counter()
        try:
            super().executemany(query, rows)
        finally:
            _note(self.connection, perf_counter() - begun)


def _note(connection: Any, seconds: float) -> None:
    connection.unwritten.add(seconds)
    if tally := _tally.get():
        tally.statements += 1
        tally.seconds += seconds
        if not connection.closed:
            # libpq knows it: no statement more.
            tally.backend_pid = connection.get_backend_pid()


def watch(engine: Engine) -> None:
    """Measure what an engine does, each statement (BEGIN and COMMIT are none of ours) and each connection.

    Once for an engine. What SQLAlchemy itself asks a new connection is left out.
    """
    event.listen(engine, "connect", _open)
    event.listen(engine, "close", _close)
    event.listen(engine, "checkout", _check_out)
    event.listen(engine, "checkin", _check_in)


class WatchedPool(QueuePool):
    """A pool that counts how often nobody gave a connection back in time."""

    def connect(self) -> PoolProxiedConnection:
        """A connection, as the base class gives it."""
        try:
            return super().connect()
        except PoolTimeoutError:
            metrics.DB_POOL_TIMEOUTS.inc()
            raise


# Connections are added up as they come and go: the pool's own figures are in flux while it tells of a change.
# Each stands in one gauge, noted in its record. SQLAlchemy also tells of a return where nothing was taken (a
# record that can't connect again) and doesn't tell of connections that it closes before they are of use.


def _count(record: Any, gauge: Any) -> None:
    former = record.info.pop(COUNTED, None)
    if former is not None:
        former.dec()
    if gauge is not None:
        gauge.inc()
        record.info[COUNTED] = gauge


def _open(connection: Any, _record: Any) -> None:
    connection.unwritten = Unwritten()
    connection.cursor_factory = WatchedCursor


def _close(connection: Any, record: Any) -> None:
    connection.unwritten.write()
    _count(record, None)


def _check_out(_connection: Any, record: Any, _proxy: Any) -> None:
    _count(record, _in_use)


def _check_in(connection: Any, record: Any) -> None:
    # A broken one was closed, and written, before.
    if connection is not None:
        connection.unwritten.write()
        _count(record, _idle)
