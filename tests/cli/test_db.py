from pathlib import Path

import pytest

from devstack import postgres
from microblog.data import migrations
from tests.addresses import Addresses, DatabaseUrls
from tests.cli.conftest import Changes, Run, execute
from tests.migration_chains import copy_migrations


def test_upgrade_says_from_and_to_and_shows_each_step(run: Run, changes: Changes) -> None:
    result = run("db", "upgrade", changes=changes)

    assert result.exit_code == 0
    assert "Running upgrade  -> 0001" in result.stdout
    assert f"The schema is at {migrations.head()}, it was at nothing" in result.stdout


def test_upgrade_can_be_repeated(run: Run, changes: Changes) -> None:
    run("db", "upgrade", changes=changes)

    result = run("db", "upgrade", changes=changes)

    assert result.exit_code == 0
    assert result.stdout == f"The schema is at {migrations.head()} already\n"


def test_check_wants_an_upgrade(run: Run, changes: Changes) -> None:
    result = run("db", "check", changes=changes)

    assert result.exit_code == 1
    assert "run `microblog db upgrade`" in result.stderr


def test_check_finds_models_and_schema_equal(run: Run, changes: Changes) -> None:
    run("db", "upgrade", changes=changes)

    result = run("db", "check", changes=changes)

    assert result.exit_code == 0
    assert result.stdout == f"The schema is at {migrations.head()} and equal to the models\n"


def test_check_names_a_difference(run: Run, changes: Changes, empty: DatabaseUrls) -> None:
    run("db", "upgrade", changes=changes)
    execute(empty.owner, "CREATE TABLE stray (id int)")

    result = run("db", "check", changes=changes)

    assert result.exit_code == 1
    assert "stray" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_schema_of_a_newer_release_is_fine(run: Run, changes: Changes, empty: DatabaseUrls) -> None:
    run("db", "upgrade", changes=changes)
    execute(empty.owner, "UPDATE alembic_version SET version_num = '9999'")

    checked, upgraded = run("db", "check", changes=changes), run("db", "upgrade", changes=changes)

    assert (checked.exit_code, upgraded.exit_code) == (0, 0)
    assert "at 9999, beyond this release's" in checked.stdout
    assert "nothing to do" in upgraded.stdout


def test_the_application_may_not_change_the_schema(run: Run, changes: Changes, empty: DatabaseUrls) -> None:
    result = run("db", "upgrade", changes={**changes, "MICROBLOG_OWNER_DATABASE_URL": empty.app})

    assert result.exit_code == 1
    assert "permission denied" in result.stderr
    assert "MICROBLOG_OWNER_DATABASE_URL" in result.stderr


def test_commands_ask_for_the_upgrade_where_there_is_no_schema(run: Run, changes: Changes) -> None:
    result = run("jobs", "list", changes=changes)

    assert result.exit_code == 1
    assert "run `microblog db upgrade`" in result.stderr


def test_a_lock_that_somebody_holds_is_told(
    run: Run, changes: Changes, empty: DatabaseUrls, addresses: Addresses
) -> None:
    run("db", "upgrade", changes=changes)
    role = f"ALTER ROLE {postgres.APP_ROLE} IN DATABASE {empty.name}"
    execute(addresses.superuser_url, f"{role} SET statement_timeout = '200ms'")

    with postgres.autocommit_cursor(empty.owner) as cursor:
        cursor.execute("BEGIN; LOCK TABLE accounts")
        result = run("counters", "recount", changes=changes)

    assert result.exit_code == 1
    assert "the database is busy" in result.stderr


def test_revision_writes_a_numbered_file(
    run: Run, changes: Changes, empty: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copy_migrations(tmp_path)
    before = migrations.head()
    run("db", "upgrade", changes=changes)
    execute(empty.owner, "ALTER TABLE accounts DROP COLUMN bot")
    monkeypatch.setattr(migrations, "FOLDER", folder)

    result = run("db", "revision", "--message", "Bots return", changes=changes)

    assert result.exit_code == 0
    number = f"{int(before) + 1:04d}"
    written = folder / "versions" / f"{number}_bots_return.py"
    assert "add_column" in written.read_text()
    assert migrations.steps()[-1] == migrations.Step(number, "bots_return", "expand")
    assert number in result.stdout


def test_revision_wants_an_upgraded_database(run: Run, changes: Changes) -> None:
    result = run("db", "revision", "--message", "x", changes=changes)

    assert result.exit_code == 1
    assert "run `microblog db upgrade` first" in result.stderr
