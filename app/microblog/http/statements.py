"""Counts the statements of the request being answered, for its log line and the statement budgets."""

import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event

from microblog.observability import metrics


@dataclass(slots=True)
class Tally:
    """What a request asked of PostgreSQL so far. `backend_pid` ties its log line to PostgreSQL's own log."""

    statements: int = 0
    seconds: float = 0.0
    started: float = 0.0
    backend_pid: int | None = None


_tally: ContextVar[Tally | None] = ContextVar("statements_of_request", default=None)


def start_tally() -> Tally:
    """Begin to count for this request."""
    tally = Tally()
    _tally.set(tally)
    return tally


def watch_statements(engine: Engine) -> None:
    """Count each statement that the engine sends (BEGIN and COMMIT are not statements of ours)."""
    event.listen(engine, "before_cursor_execute", _before)
    event.listen(engine, "after_cursor_execute", _after)


def _before(_connection: Any, _cursor: Any, _statement: str, *_details: Any) -> None:
    metrics.DB_STATEMENTS.inc()
    if tally := _tally.get():
        tally.statements += 1
        tally.started = time.perf_counter()


def _after(_connection: Any, cursor: Any, _statement: str, *_details: Any) -> None:
    if tally := _tally.get():
        tally.seconds += time.perf_counter() - tally.started
        # libpq knows it: no statement more.
        tally.backend_pid = cursor.connection.info.backend_pid
