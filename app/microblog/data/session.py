"""The engine and the unit of work: the only way to a transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

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


class Database:
    """A pool of connections to PostgreSQL. Opens nothing until used; make it after a fork, never before.

    `statement_timeout_seconds` bounds each statement, `pool_size` the connections of this process.
    """

    def __init__(
        self, url: str, *, application: str, pool_size: int = 5, statement_timeout_seconds: float | None = 30
    ) -> None:
        server_settings = dict(SERVER_SETTINGS)
        if statement_timeout_seconds is not None:
            server_settings["statement_timeout"] = str(int(statement_timeout_seconds * 1000))
        self.engine: Engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            pool_pre_ping=False,
            pool_recycle=1800,
            connect_args={
                "application_name": application,
                "connect_timeout": CONNECT_TIMEOUT_SECONDS,
                "tcp_user_timeout": 3000,
                "options": " ".join(f"-c {name}={value}" for name, value in server_settings.items()),
            },
        )
        self._sessions = sessionmaker(self.engine, expire_on_commit=False, autoflush=False)

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """One transaction: commits when the block ends, rolls back when it raises. Only edges open one."""
        with self._sessions() as session, session.begin():
            yield session

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()
