"""The servers of a test run, and a database of its own for each parallel worker.

They are started by the process that people start (the controller under xdist) when first asked for, on Unix
sockets in a short folder, so that a `make run` beside it is never touched.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from devstack import postgres, servers, valkey
from microblog.data import migrations
from tests.addresses import Addresses, DatabaseUrls

PASSWORDS = {
    postgres.OWNER_ROLE: "owner-password-of-the-tests",
    postgres.APP_ROLE: "app-password-of-the-tests",
}
TEMPLATE = "microblog_template"


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


@contextmanager
def one_at_a_time(folder: str) -> Iterator[None]:
    """No two workers make databases at once: a template in use can't be copied."""
    with (Path(folder) / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def migrate(owner_url: str) -> None:
    engine = create_engine(owner_url, poolclass=NullPool)
    with engine.connect() as connection:
        migrations.upgrade(connection)


@pytest.fixture(scope="session")
def make_database(addresses: Addresses) -> Callable[..., DatabaseUrls]:
    """Makes a new database: with today's schema, or empty (`make_database(name, migrated=False)`)."""

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
def redis_urls(addresses: Addresses, worker_name: str) -> tuple[str, str]:
    """This worker's two Redis databases: the broker's and the cache's."""
    number = int(worker_name.removeprefix("gw")) + 1 if worker_name.startswith("gw") else 0
    socket = Path(addresses.redis_socket)
    return valkey.url(socket, 2 * number), valkey.url(socket, 2 * number + 1)
