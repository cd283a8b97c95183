"""What every test may ask for: one PostgreSQL and one Redis a run, a database of its own for each parallel worker.

The servers are started by the process that people start (the controller under xdist) on Unix sockets in a short
folder, so that a `make run` beside it is never touched.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
from microblog.data import migrations
from microblog.data.session import Database
from microblog.settings import Settings, load_settings
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from devstack import postgres, servers, valkey

pytest_plugins = ["tests.run_output"]

PASSWORDS = {
    postgres.OWNER_ROLE: "owner-password-of-the-tests",
    postgres.APP_ROLE: "app-password-of-the-tests",
}
TEMPLATE = "microblog_template"


# --- Choosing what runs ---------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run also the tests marked full (make test-full)")
    parser.addoption("--lab", action="store_true", help="run also the tests marked lab (make test-lab)")


def find_chromium() -> str | None:
    """The system's Chromium; CHROMIUM names another."""
    names = [os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"]
    return next((path for name in names if name and (path := shutil.which(name))), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    unwanted = [name for name in ("full", "lab") if not config.getoption(f"--{name}")]
    left_out = [item for item in items if any(item.get_closest_marker(name) for name in unwanted)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    if find_chromium() is None:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason="Chromium is missing: apt-get install chromium"))


# --- The servers of the run -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Addresses:
    """Where the run's servers are; plain text, so that xdist can hand it to its workers."""

    folder: str
    superuser_url: str
    sockets: str
    redis_socket: str


class RunServers:
    """The servers of the whole run, started when first asked for and stopped at its end."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._running: list[servers.Server] = []
        self._addresses: Addresses | None = None

    def addresses(self) -> Addresses:
        if self._addresses is None:
            self._folder = servers.short_folder("mb-test-")
            server, cluster = servers.start_postgres(self._folder / "postgres")
            self._running.append(server)
            server, socket = servers.start_redis(self._folder / "redis")
            self._running.append(server)
            self._addresses = Addresses(
                str(self._folder), cluster.superuser_url(), str(cluster.sockets), str(socket)
            )
        return self._addresses

    def stop(self) -> None:
        while self._running:
            self._running.pop().stop()
        if self._folder is not None:
            servers.remove_folder(self._folder)


RUN_SERVERS = pytest.StashKey[RunServers]()


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.stash[RUN_SERVERS] = RunServers()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["servers"] = asdict(node.config.stash[RUN_SERVERS].addresses())


def pytest_unconfigure(config: pytest.Config) -> None:
    if RUN_SERVERS in config.stash:
        config.stash[RUN_SERVERS].stop()


@pytest.fixture(scope="session")
def addresses(pytestconfig: pytest.Config) -> Addresses:
    """The run's servers."""
    handed_over = getattr(pytestconfig, "workerinput", None)
    if handed_over is not None:
        return Addresses(**handed_over["servers"])
    return pytestconfig.stash[RUN_SERVERS].addresses()


@pytest.fixture(scope="session")
def worker_name(pytestconfig: pytest.Config) -> str:
    """This parallel worker's name: gw0, gw1 … or main."""
    return str(getattr(pytestconfig, "workerinput", {}).get("workerid", "main"))


@pytest.fixture(scope="session")
def worker_folder(addresses: Addresses, worker_name: str) -> Path:
    """A folder of this worker's, short enough for sockets; it goes away with the run."""
    folder = Path(addresses.folder) / worker_name
    folder.mkdir(exist_ok=True)
    return folder


# --- Databases ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DatabaseUrls:
    """The two ways into one database."""

    name: str
    owner: str
    app: str


@contextmanager
def one_at_a_time(folder: str) -> Iterator[None]:
    """No two workers make databases at once: a template in use can't be copied."""
    with (Path(folder) / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def migrate(owner_url: str) -> None:
    engine = create_engine(owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        migrations.upgrade(connection)


@pytest.fixture(scope="session")
def make_database(addresses: Addresses) -> Callable[..., DatabaseUrls]:
    """Makes a new database: `make_database(name)` with today's schema, `make_database(name, migrated=False)` empty."""

    def urls_of(name: str) -> DatabaseUrls:
        cluster = postgres.Cluster(Path(), Path(addresses.sockets).parent, None)
        owner, app = (cluster.url(role, password, name) for role, password in PASSWORDS.items())
        return DatabaseUrls(name, owner, app)

    def create_template() -> None:
        with postgres.autocommit_cursor(addresses.superuser_url) as cursor:
            cursor.execute("SELECT FROM pg_database WHERE datname = %s AND datistemplate", (TEMPLATE,))
            if cursor.fetchone() is not None:
                return
        postgres.provision(addresses.superuser_url, PASSWORDS, TEMPLATE)
        migrate(urls_of(TEMPLATE).owner)
        with postgres.autocommit_cursor(addresses.superuser_url) as cursor:
            cursor.execute(f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE true")

    def make(name: str, *, migrated: bool = True) -> DatabaseUrls:
        with one_at_a_time(addresses.folder):
            if migrated:
                create_template()
                with postgres.autocommit_cursor(addresses.superuser_url) as cursor:
                    cursor.execute(f"CREATE DATABASE {name} OWNER {postgres.OWNER_ROLE} TEMPLATE {TEMPLATE}")
            postgres.provision(addresses.superuser_url, PASSWORDS, name)
        return urls_of(name)

    return make


@pytest.fixture(scope="session")
def database_urls(make_database: Callable[..., DatabaseUrls], worker_name: str) -> DatabaseUrls:
    """This worker's own database."""
    return make_database(f"microblog_{worker_name}")


@pytest.fixture(scope="session")
def worker_database(database_urls: DatabaseUrls) -> Iterator[Database]:
    """The application's way to this worker's database. Tests that commit take `database`, which cleans up."""
    database = Database(database_urls.app, application="tests", pool_size=10)
    yield database
    database.close()


@pytest.fixture
def session(worker_database: Database) -> Iterator[Session]:
    """A session whose work is undone after the test, commits included."""
    with worker_database.engine.connect() as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            yield session
        transaction.rollback()


@pytest.fixture
def database(worker_database: Database, database_urls: DatabaseUrls) -> Iterator[Database]:
    """For what commits (handlers, tasks, other processes): the tables are empty again after the test."""
    yield worker_database
    empty_tables(database_urls.owner)


def empty_tables(owner_url: str) -> None:
    """Empty each table that holds a row."""
    with postgres.autocommit_cursor(owner_url) as cursor:
        cursor.execute(
            "SELECT quote_ident(tablename) FROM pg_tables"
            " WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        )
        tables = [name for (name,) in cursor.fetchall()]
        cursor.execute(" UNION ALL ".join(f"(SELECT '{name}' FROM {name} LIMIT 1)" for name in tables))
        used = [name for (name,) in cursor.fetchall()]
        if used:
            cursor.execute(f"TRUNCATE {', '.join(used)} CASCADE")


# --- Redis ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def redis_urls(addresses: Addresses, worker_name: str) -> tuple[str, str]:
    """This worker's two Redis databases: the broker's and the cache's."""
    number = int(worker_name.removeprefix("gw")) + 1 if worker_name.startswith("gw") else 0
    socket = Path(addresses.redis_socket)
    return valkey.url(socket, 2 * number), valkey.url(socket, 2 * number + 1)


@pytest.fixture
def redis_client(redis_urls: tuple[str, str]) -> Iterator[redis.Redis]:
    """A client of the cache; broker and cache are empty before and after the test."""
    clients = [redis.Redis.from_url(url) for url in redis_urls]
    for client in clients:
        client.flushdb()
    yield clients[1]
    for client in clients:
        client.flushdb()
        client.close()


# --- Settings -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def environment(
    database_urls: DatabaseUrls, redis_urls: tuple[str, str], worker_folder: Path
) -> dict[str, str]:
    """The `MICROBLOG_*` variables of this worker, for a process that a test starts."""
    media = worker_folder / "media"
    media.mkdir(exist_ok=True)
    return {
        "MICROBLOG_ENV": "test",
        "MICROBLOG_SECRET_KEY": "a secret key of the tests, long enough",
        "MICROBLOG_BASE_URL": "http://localhost",
        "MICROBLOG_DATABASE_URL": database_urls.app,
        "MICROBLOG_OWNER_DATABASE_URL": database_urls.owner,
        "MICROBLOG_BROKER_URL": redis_urls[0],
        "MICROBLOG_CACHE_URL": redis_urls[1],
        "MICROBLOG_SMTP_URL": "smtp://127.0.0.1:9",
        "MICROBLOG_MEDIA_DIR": str(media),
        # As cheap as Argon2 gets: the tests log in many times.
        "MICROBLOG_ARGON2_TIME_COST": "1",
        "MICROBLOG_ARGON2_MEMORY_KIB": "64",
    }


@pytest.fixture(scope="session")
def settings(environment: dict[str, str]) -> Settings:
    """Settings on this worker's database and Redis."""
    return load_settings(environment)
