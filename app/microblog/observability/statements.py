"""What a process asks of PostgreSQL: its statements, counted for a request or job, and its connections."""

import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, ExceptionContext, PoolProxiedConnection, QueuePool, event
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from microblog.observability import metrics


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


_tally: ContextVar[Tally | None] = ContextVar("statements_counted", default=None)
_begun: ContextVar[float] = ContextVar("statement_begun", default=0.0)
_in_use = metrics.DB_POOL_CONNECTIONS.labels("in_use")
_idle = metrics.DB_POOL_CONNECTIONS.labels("idle")


def start_tally() -> Tally:
    """Begin to count for this request or job."""
    tally = Tally()
    _tally.set(tally)
    return tally


def watch(engine: Engine) -> None:
    """Measure what an engine does, each statement (BEGIN and COMMIT are none of ours) and each connection.

    Once for an engine, in the process that uses it.
    """
    event.listen(engine, "before_cursor_execute", _before)
    event.listen(engine, "after_cursor_execute", _after)
    event.listen(engine, "handle_error", _failed)
    # Added up as they come and go: the pool's own figures are in flux while it tells of a change.
    event.listen(engine, "connect", lambda *_: _idle.inc())
    event.listen(engine, "close", lambda *_: _idle.dec())
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


def _before(*_details: Any) -> None:
    metrics.DB_STATEMENTS.inc()
    if tally := _tally.get():
        tally.statements += 1
    _begun.set(time.perf_counter())


def _after(_connection: Any, cursor: Any, *_details: Any) -> None:
    _add_time()
    if tally := _tally.get():
        # libpq knows it: no statement more.
        tally.backend_pid = cursor.connection.info.backend_pid


def _failed(_context: ExceptionContext) -> None:
    # Those that take too long fail: without them the slowest would be missing.
    if _begun.get():
        _add_time()


def _add_time() -> None:
    seconds = time.perf_counter() - _begun.get()
    _begun.set(0.0)
    metrics.DB_STATEMENT_SECONDS.observe(seconds)
    if tally := _tally.get():
        tally.seconds += seconds


def _check_out(*_details: Any) -> None:
    _idle.dec()
    _in_use.inc()


def _check_in(*_details: Any) -> None:
    _in_use.dec()
    _idle.inc()
