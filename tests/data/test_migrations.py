"""The schema: it comes from the migrations alone, and no migration may stop a running site."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

import microblog
from microblog.data import migrations
from microblog.domain.ids import time_of_id
from ops.migrations import lint, read_migrations
from tests.addresses import DatabaseUrls

REVISIONS = [script.revision for script in ScriptDirectory(str(migrations.FOLDER)).walk_revisions()][::-1]


@pytest.fixture
def connection(make_database: Callable[..., DatabaseUrls], worker_name: str) -> Iterator[Connection]:
    urls = make_database(f"migrations_{worker_name}", migrated=False)
    engine = create_engine(urls.owner, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
        connection.rollback()
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
        connection.commit()


def test_up_down_and_up_again(connection: Connection) -> None:
    assert migrations.current(connection) == ""
    migrations.upgrade(connection)
    assert migrations.current(connection) == migrations.head() == REVISIONS[-1]
    assert migrations.find_differences(connection) == []
    command.downgrade(migrations.make_config(connection), "base")
    migrations.upgrade(connection)
    migrations.upgrade(connection)
    assert migrations.find_differences(connection) == []


def test_revisions_are_numbers_in_order() -> None:
    assert [f"{number:04d}" for number in range(1, len(REVISIONS) + 1)] == REVISIONS
    assert migrations.next_revision() == f"{len(REVISIONS) + 1:04d}"


def test_ids_are_ordered_by_time_and_hold_it(connection: Connection) -> None:
    migrations.upgrade(connection)
    ids = list(connection.scalars(text("SELECT microblog_id() FROM generate_series(1, 1000)")))
    assert ids == sorted(set(ids))
    now = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    assert abs((time_of_id(ids[-1]) - now).total_seconds()) < 10


def test_no_migration_stops_a_running_site() -> None:
    found = read_migrations(Path(microblog.__file__).parents[1])
    assert [migration.name[:4] for migration in found] == REVISIONS
    assert [finding for migration in found for finding in lint(migration)] == []
