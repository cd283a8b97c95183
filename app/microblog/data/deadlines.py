"""An end to waiting for PostgreSQL: its own timeouts don't run while its host or its processes are frozen.

psycopg2 has one such hook for a whole process, and COPY doesn't work with it: the programs that serve switch
it on (web, worker, relay, beat), the commands don't.
"""

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from psycopg2 import extensions

from microblog.data.breaker import Breaker


class NoAnswer(psycopg2.OperationalError):
    """PostgreSQL was silent for too long. Whether the statement, or COMMIT, took effect is not known."""


class PatientConnection(extensions.connection):
    """A connection whose statements have an end, in processes that switched that on.

    Connecting may take `connect_seconds`, each statement `answer_seconds` (None: no end). While the breaker
    is open no connection is made. Raises `NoAnswer`; psycopg2 closes the connection then.
    """

    def __init__(
        self, dsn: str, *, connect_seconds: float, answer_seconds: float | None, breaker: Breaker
    ) -> None:
        if not breaker.admits():
            raise NoAnswer("PostgreSQL didn't answer a moment ago")
        self.breaker = breaker
        # libpq's connect_timeout doesn't count here.
        self.seconds: float | None = connect_seconds
        super().__init__(dsn)
        self.seconds = answer_seconds
        breaker.answered()


def switch_on() -> None:
    """Let the statements of this process end in time."""
    extensions.set_wait_callback(_wait)


def switch_off() -> None:
    """Let libpq wait for ever again."""
    extensions.set_wait_callback(None)


@contextmanager
def switched_on() -> Iterator[None]:
    """The same for a block."""
    switch_on()
    try:
        yield
    finally:
        switch_off()


def _wait(connection: Any) -> None:
    """Take PostgreSQL's answer as far as it has come, until it is there."""
    seconds = connection.seconds if isinstance(connection, PatientConnection) else None
    end = None if seconds is None else time.monotonic() + seconds
    while (state := connection.poll()) != extensions.POLL_OK:
        # Not `select`, which can't watch descriptors above 1023; the descriptor may change while connecting.
        poller = select.poll()
        poller.register(
            connection.fileno(), select.POLLIN if state == extensions.POLL_READ else select.POLLOUT
        )
        left = None if end is None else max(0.0, end - time.monotonic()) * 1000
        if not poller.poll(left):
            connection.breaker.failed()
            raise NoAnswer(f"PostgreSQL didn't answer within {seconds} seconds")
