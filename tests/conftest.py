"""What every test may ask for: a session or a database, Redis, a mailbox, and settings on them all."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import redis
from sqlalchemy.orm import Session

from devstack import postgres
from devstack.mailbox import Mailbox, MailFolder
from microblog.data.session import Database
from microblog.settings import Settings, load_settings
from tests.addresses import DatabaseUrls

__all__ = ["DatabaseUrls"]

pytest_plugins = ["tests.run_output", "tests.run_servers", "tests.site"]


# Deadlines would make tests depend on how busy the machine is; make test-full looks at far more examples.
hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("full", deadline=None, max_examples=5_000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


# --- Choosing what runs, and in which order ------------------------------------------------------


#: The groups of tests that share something costly, longest first: what starts last decides how long a run's
#: workers wait for the last of them.
LONGEST = ("browser", "clients", "privacy", "stack", "certificates", "jobs", "wheel", "postgresql-15")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run also the tests marked full (make test-full)")
    parser.addoption("--lab", action="store_true", help="run also the tests marked lab (make test-lab)")
    parser.addoption(
        "--drills", action="store_true", help="run only the lab's tests marked drill (make drills)"
    )
    parser.addoption(
        "--lab-as-it-is", action="store_true", help="take the lab that runs, provisioned by hand"
    )


def find_chromium() -> str | None:
    """The system's Chromium; CHROMIUM names another."""
    names = [os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"]
    return next((path for name in names if name and (path := shutil.which(name))), None)


@pytest.hookimpl(tryfirst=True)  # before xdist, which takes the groups that it finds
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    drills = config.getoption("--drills")
    unwanted = [name for name in ("full", "lab") if not (config.getoption(f"--{name}") or drills)]
    left_out = [
        item
        for item in items
        if any(item.get_closest_marker(name) for name in unwanted)
        or bool(item.get_closest_marker("drill")) != drills
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    if find_chromium() is None:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason="Chromium is missing: apt-get install chromium"))
    items.sort(key=start_order)
    if config.getoption("loadgroup", default=False):
        # One worker makes what a module's tests share.
        for item in items:
            if item.get_closest_marker("xdist_group") is None:
                item.add_marker(pytest.mark.xdist_group(str(item.path.relative_to(config.rootpath))))


def start_order(item: pytest.Item) -> int:
    """The place of a test's group among those that start first; tests without a group come last."""
    group = item.get_closest_marker("xdist_group")
    if group is None:
        return len(LONGEST) + 1
    return LONGEST.index(group.args[0]) if group.args[0] in LONGEST else len(LONGEST)


# --- Database and Redis ----------------------------------------------------------------------


@pytest.fixture(scope="session")
def worker_database(database_urls: DatabaseUrls) -> Iterator[Database]:
    """The application's way to this worker's database. Tests that commit take `database`, which cleans up."""
    database = Database(database_urls.app, application="tests", pool_size=10, prepares=True)
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


# --- Mail ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def worker_mailbox(worker_folder: Path) -> Iterator[Mailbox]:
    """This worker's mailbox: the settings' SMTP server. Tests take `mailbox`, which is empty at first."""
    with Mailbox(worker_folder / "mail") as mailbox:
        yield mailbox


@pytest.fixture
def mailbox(worker_mailbox: Mailbox) -> MailFolder:
    """The mails sent since the test began: `mailbox.messages()`, oldest first."""
    worker_mailbox.folder.clear()
    return worker_mailbox.folder


# --- Settings ---------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def environment(
    database_urls: DatabaseUrls, redis_urls: tuple[str, str], worker_folder: Path, worker_mailbox: Mailbox
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
        "MICROBLOG_SMTP_URL": worker_mailbox.smtp_url,
        "MICROBLOG_MEDIA_DIR": str(media),
        # As cheap as Argon2 gets: the tests log in many times.
        "MICROBLOG_ARGON2_TIME_COST": "1",
        "MICROBLOG_ARGON2_MEMORY_KIB": "64",
    }


@pytest.fixture(scope="session")
def settings(environment: dict[str, str]) -> Settings:
    """Settings on this worker's database and Redis."""
    return load_settings(environment)
