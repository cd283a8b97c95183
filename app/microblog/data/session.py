"""The engine and the unit of work: the only way to a transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from math import ceil

import msgspec
from sqlalchemy import Engine, ExceptionContext, create_engine, event
from sqlalchemy.orm import Session, sessionmaker

from microblog.data.breaker import Breaker
from microblog.data.deadlines import PatientConnection
from microblog.data.prepared import prepare_on
from microblog.observability import metrics, statements
from microblog.observability.statements import WatchedPool

# A vanished client must not keep its row locks: a job is run again only when its dead worker's lock is gone.
# Milliseconds and seconds as PostgreSQL's settings of the same names take them.
SERVER_SETTINGS = {
    "timezone": "UTC",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "lock_timeout": "5000",
}
CONNECT_TIMEOUT_SECONDS = 3
# A server that is well ends a statement by itself; this much later it is taken for frozen.
ANSWER_MARGIN_SECONDS = 2


class Database:
    """A pool of connections to PostgreSQL. Opens nothing until used; after that its process must not fork.

    `statement_timeout_seconds` bounds each statement: the server sees to it, and where it is silent, so does
    data/deadlines.py in the programs that serve, `answer_margin_seconds` later. Connecting may take
    `connect_seconds` (libpq's own limit, in the commands, counts whole seconds); after a silence there is no
    new try for as long. `pool_size` bounds the connections of this process.
    `prepares`: hot statements are prepared (data/prepared.py).
    """

    def __init__(
        self,
        url: str,
        *,
        application: str,
        pool_size: int = 5,
        statement_timeout_seconds: float | None = 30,
        connect_seconds: float = CONNECT_TIMEOUT_SECONDS,
        answer_margin_seconds: float = ANSWER_MARGIN_SECONDS,
        prepares: bool = False,
    ) -> None:
        server_settings = dict(SERVER_SETTINGS)
        answer_seconds = None
        if statement_timeout_seconds is not None:
            server_settings["statement_timeout"] = str(int(statement_timeout_seconds * 1000))
            answer_seconds = statement_timeout_seconds + answer_margin_seconds
        self.engine: Engine = create_engine(
            url,
            poolclass=WatchedPool,
            json_deserializer=msgspec.json.decode,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            pool_pre_ping=False,
            pool_recycle=1800,
            connect_args={
                "connection_factory": partial(
                    PatientConnection,
                    connect_seconds=connect_seconds,
                    answer_seconds=answer_seconds,
                    breaker=Breaker("database", seconds=connect_seconds),
                ),
                "application_name": application,
                "connect_timeout": ceil(connect_seconds),
                "tcp_user_timeout": 3000,
                "options": " ".join(f"-c {name}={value}" for name, value in server_settings.items()),
            },
        )
        event.listen(self.engine, "handle_error", _note_closed)
        statements.watch(self.engine)
        if prepares:
            prepare_on(self.engine)
        self.pool_size = pool_size
        self._sessions = sessionmaker(self.engine, expire_on_commit=False, autoflush=False)

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """One transaction: commits when the block ends, rolls back when it raises. Only edges open one."""
        with self._sessions() as session, session.begin():
            yield session

    def announce(self) -> None:
        """Tell in the metrics how many connections this process may open; what forks it opens none."""
        metrics.DB_POOL_SIZE.inc(self.pool_size)

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


def _note_closed(context: ExceptionContext) -> None:
    # A signal handler's exception in the middle of a statement, such as a job's time limit, closes the
    # connection: rolling back must not fail on that and hide it.
    connection = context.connection
    if connection is not None and not connection.invalidated and not connection.closed:
        driver_connection = connection.connection.dbapi_connection
        context.is_disconnect |= bool(driver_connection and driver_connection.closed)
