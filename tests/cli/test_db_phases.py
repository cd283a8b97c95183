"""Contract steps wait until they are asked for."""

from pathlib import Path

import pytest

from microblog.data import migrations
from tests.addresses import DatabaseUrls
from tests.cli.conftest import Changes, Run, execute
from tests.migration_chains import DROP_OLD_WAY, OLD_WAY, add_step, copy_migrations


@pytest.fixture
def chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run, changes: Changes) -> Path:
    """A copy of the migrations that a test may add to; the database is at what there is before that."""
    folder = copy_migrations(tmp_path)
    monkeypatch.setattr(migrations, "FOLDER", folder)
    assert run("db", "upgrade", changes=changes).exit_code == 0
    return folder


def test_an_upgrade_leaves_out_what_takes_away(run: Run, changes: Changes, chain: Path) -> None:
    before = migrations.head()
    expand = add_step(chain, "old_way", "expand", OLD_WAY)
    contract = add_step(chain, "drop_old_way", "contract", DROP_OLD_WAY)
    assert (migrations.required(), migrations.head()) == (expand, contract)

    upgraded, again = run("db", "upgrade", changes=changes), run("db", "upgrade", changes=changes)
    contracted = run("db", "upgrade", "--contract", changes=changes)
    after = run("db", "upgrade", changes=changes)

    assert f"The schema is at {expand}, it was at {before}\n" in upgraded.stdout
    assert again.stdout == f"The schema is at {expand} already\n"
    assert f"The schema is at {contract}, it was at {expand}\n" in contracted.stdout
    assert after.stdout == f"The schema is at {contract} already\n"


def test_an_empty_database_gets_all(run: Run, changes: Changes, chain: Path, empty: DatabaseUrls) -> None:
    add_step(chain, "old_way", "expand", OLD_WAY)
    contract = add_step(chain, "drop_old_way", "contract", DROP_OLD_WAY)
    execute(empty.owner, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    result = run("db", "upgrade", changes=changes)

    assert f"The schema is at {contract}, it was at nothing\n" in result.stdout


def test_a_contract_step_in_the_way_stops_all(run: Run, changes: Changes, chain: Path) -> None:
    add_step(chain, "old_way", "expand", OLD_WAY)
    contract = add_step(chain, "drop_old_way", "contract", DROP_OLD_WAY)
    expand = add_step(chain, "new_way", "expand", "CREATE TABLE new_way (id bigint PRIMARY KEY)")

    planned, upgraded = run("db", "plan", changes=changes), run("db", "upgrade", changes=changes)

    assert (planned.exit_code, upgraded.exit_code) == (1, 1)
    line = f"the contract step {contract}_drop_old_way has to run before {expand}_new_way: run it with the"
    assert line in planned.stderr
    assert "`fab contract`" in planned.stderr
    assert planned.stderr == upgraded.stderr
    assert f"{expand} new_way expand\n" in planned.stdout
    assert upgraded.stdout == ""


def test_once_the_contract_step_is_run_the_chain_goes_on(run: Run, changes: Changes, chain: Path) -> None:
    add_step(chain, "old_way", "expand", OLD_WAY)
    add_step(chain, "drop_old_way", "contract", DROP_OLD_WAY)
    run("db", "upgrade", "--contract", changes=changes)
    expand = add_step(chain, "new_way", "expand", "CREATE TABLE new_way (id bigint PRIMARY KEY)")

    assert migrations.required() == expand
    assert f"The schema is at {expand}, it was at" in run("db", "upgrade", changes=changes).stdout


@pytest.mark.parametrize("role", ["owner", "app"])
def test_the_plan_changes_nothing(
    run: Run, changes: Changes, chain: Path, empty: DatabaseUrls, role: str
) -> None:
    nothing = run("db", "plan", changes=changes)
    expand = add_step(chain, "old_way", "expand", OLD_WAY)
    contract = add_step(chain, "drop_old_way", "contract", DROP_OLD_WAY)
    url = getattr(empty, role)

    results = [run("db", "plan", changes={**changes, "MICROBLOG_OWNER_DATABASE_URL": url}) for _ in range(2)]

    assert nothing.stdout == f"Nothing is pending: the schema is at {int(expand) - 1:04d}\n"
    assert [result.exit_code for result in results] == [0, 0]
    assert {result.stdout for result in results} == {
        f"{expand} old_way expand\n{contract} drop_old_way contract\n"
    }


def test_check_knows_what_a_contract_step_will_take(
    run: Run, changes: Changes, chain: Path, empty: DatabaseUrls
) -> None:
    add_step(chain, "old_way", "expand", OLD_WAY)
    add_step(chain, "drop_old_way", "contract", DROP_OLD_WAY)

    behind = run("db", "check", changes=changes)
    run("db", "upgrade", changes=changes)
    waiting = run("db", "check", changes=changes)
    execute(empty.owner, "ALTER TABLE accounts DROP COLUMN bot")
    lacking = run("db", "check", changes=changes)

    assert (behind.exit_code, waiting.exit_code, lacking.exit_code) == (1, 0, 1)
    assert "drop_old_way takes away: fine" in waiting.stdout
    assert "add_column" in lacking.stderr
    assert "old_way" not in lacking.stderr


def test_check_after_the_contract_finds_all_equal(run: Run, changes: Changes, chain: Path) -> None:
    add_step(chain, "old_way", "expand", OLD_WAY)
    run("db", "upgrade", changes=changes)
    stray = run("db", "check", changes=changes)
    add_step(chain, "drop_old_way", "contract", DROP_OLD_WAY)
    run("db", "upgrade", "--contract", changes=changes)

    assert "remove_table" in stray.stderr
    assert "equal to the models" in run("db", "check", changes=changes).stdout


def test_a_misspelt_phase_is_refused(chain: Path) -> None:
    name = add_step(chain, "old_way", "contrat", OLD_WAY)

    with pytest.raises(ValueError, match=rf"^{name}_old_way: PHASE is 'contrat', not one of"):
        migrations.required()
