"""The schema: it comes from the migrations alone, and no migration may stop a running site."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from microblog.data import migrations
from microblog.domain.ids import time_of_id
from tests.addresses import DatabaseUrls

REVISIONS = [script.revision for script in ScriptDirectory(str(migrations.FOLDER)).walk_revisions()][::-1]
# env.py sets both timeouts for every migration; counters and sizes fit 32 bits; the text field is alembic's.
EXCLUDED_RULES = "require-lock-timeout,require-statement-timeout,prefer-bigint-over-int,prefer-text-field"


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


def sql_of(revision: str) -> str:
    before = REVISIONS.index(revision) - 1
    base = REVISIONS[before] if before >= 0 else "base"
    output = StringIO()
    with redirect_stdout(output):
        command.upgrade(migrations.make_config(), f"{base}:{revision}", sql=True)
    return output.getvalue()


def complaints(sql: str, tmp_path: Path) -> set[str]:
    """The names of the rules that squawk finds broken."""
    file = tmp_path / "migration.sql"
    file.write_text(sql)
    squawk = Path(sys.executable).parent / "squawk"
    arguments = ["--reporter", "json", "--pg-version", "15.0", "--exclude", EXCLUDED_RULES, str(file)]
    result = subprocess.run([squawk, *arguments], capture_output=True, text=True, check=False)
    return {found["rule_name"] for found in json.loads(result.stdout)}


@pytest.mark.parametrize("revision", REVISIONS)
def test_no_migration_stops_a_running_site(revision: str, tmp_path: Path) -> None:
    assert complaints(sql_of(revision), tmp_path) == set()


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("ALTER TABLE statuses ALTER COLUMN text TYPE varchar(10);", "changing-column-type"),
        ("ALTER TABLE statuses DROP COLUMN text;", "ban-drop-column"),
        ("CREATE INDEX ix ON statuses (language);", "require-concurrent-index-creation"),
        ("ALTER TABLE statuses RENAME COLUMN text TO body;", "renaming-column"),
        ("ALTER TABLE statuses ADD COLUMN more text NOT NULL;", "adding-required-field"),
    ],
)
def test_the_lint_finds_what_would(sql: str, rule: str, tmp_path: Path) -> None:
    assert rule in complaints(sql, tmp_path)
