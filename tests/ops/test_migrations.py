"""The review of a release's migrations."""

import json
import sys
import zipfile
from pathlib import Path

import pytest

from ops import migrations
from ops.migrations import Finding, Migration, find_broken_rules, lint, lint_release
from ops.wheelhouses import ROOT, ReleaseRefused, hash_file
from tests.migration_chains import DROP_OLD_WAY, OLD_WAY, add_step

NAME = "1.2.3-20260102T030405Z"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package's Python, as a wheel has it; a test adds migrations to it."""
    for path in sorted((ROOT / "app" / "microblog").rglob("*.py")):
        target = tmp_path / "package" / path.relative_to(ROOT / "app")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return tmp_path / "package"


def steps_of(package: Path) -> Path:
    return package / "microblog" / "data" / "migrations"


def make_release(package: Path, store: Path) -> Path:
    release = store / NAME
    wheel = release / "wheelhouse" / "microblog-1.2.3-py3-none-any.whl"
    wheel.parent.mkdir(parents=True)
    with zipfile.ZipFile(wheel, "w") as packed:
        for path in package.rglob("*.py"):
            packed.write(path, path.relative_to(package))
    files = {f"wheelhouse/{wheel.name}": hash_file(wheel)}
    (release / "manifest.json").write_text(json.dumps({"files": files}))
    return release


def test_a_release_s_own_migrations_are_read(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(migrations, "STORE", tmp_path)
    before = f"{int(add_step(steps_of(package), 'old_way', 'expand', OLD_WAY)) + 1:04d}"
    add_step(steps_of(package), "too_early", "expand", "ALTER TABLE statuses DROP COLUMN text")
    add_step(steps_of(package), "in_time", "contract", DROP_OLD_WAY)
    make_release(package, tmp_path)

    with pytest.raises(SystemExit) as ended:
        migrations.main([NAME])

    assert ended.value.code == 1
    assert (
        capsys.readouterr().out
        == f"{before}_too_early: ban-drop-column: Dropping a column may break existing clients.\n"
    )


def test_nothing_to_say(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(migrations, "STORE", tmp_path)
    make_release(package, tmp_path)
    migrations.main([NAME])
    assert capsys.readouterr().out == f"{NAME}: no migration would stop a running site\n"


def test_an_unknown_release_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "STORE", tmp_path)
    with pytest.raises(SystemExit, match=r"^migrations: there is no release nothing: python -m ops.releases"):
        migrations.main(["nothing"])


def test_a_changed_wheel_is_not_run(package: Path, tmp_path: Path) -> None:
    release = make_release(package, tmp_path)
    (wheel,) = (release / "wheelhouse").iterdir()
    with zipfile.ZipFile(wheel, "a") as packed:
        packed.writestr("microblog/more.py", "")
    with pytest.raises(ReleaseRefused, match=r"microblog-1.2.3-py3-none-any.whl isn't what"):
        lint_release(release)


def test_a_release_without_our_wheel_is_refused(package: Path, tmp_path: Path) -> None:
    release = make_release(package, tmp_path)
    (release / "manifest.json").write_text('{"files": {}}')
    with pytest.raises(ReleaseRefused, match="has 0 wheels of Microblog"):
        lint_release(release)


def test_a_migration_that_cannot_be_read_is_named(package: Path, tmp_path: Path) -> None:
    revision = add_step(steps_of(package), "broken", "expand", "")
    path = steps_of(package) / "versions" / f"{revision}_broken.py"
    path.write_text(path.read_text().replace("op.execute('')", "raise OSError('no such thing')"))
    with pytest.raises(ReleaseRefused, match=rf"{revision}_broken: OSError: no such thing$"):
        lint_release(make_release(package, tmp_path))


@pytest.mark.parametrize(
    ("sql", "rule", "is_what_contracts_are_for"),
    [
        ("ALTER TABLE statuses ALTER COLUMN text TYPE varchar(10);", "changing-column-type", False),
        ("ALTER TABLE statuses DROP COLUMN text;", "ban-drop-column", True),
        ("DROP TABLE statuses;", "ban-drop-table", True),
        ("DROP TYPE color;", "ban-drop-type", True),
        ("DROP SCHEMA public;", "ban-drop-schema", False),
        ("DROP INDEX ix;", "require-concurrent-index-deletion", False),
        ("CREATE INDEX ix ON statuses (language);", "require-concurrent-index-creation", False),
        ("ALTER TABLE statuses RENAME COLUMN text TO body;", "renaming-column", False),
        ("ALTER TABLE statuses ADD COLUMN more text NOT NULL;", "adding-required-field", False),
        ("SELEC 1;", "syntax-error", False),
    ],
)
def test_the_rules(sql: str, rule: str, is_what_contracts_are_for: bool) -> None:
    found = {
        phase: {finding.rule for finding in lint(Migration("0002_x", phase, sql))}
        for phase in ("expand", "contract")
    }
    assert rule in found["expand"]
    assert (rule not in found["contract"]) == is_what_contracts_are_for


def test_a_misspelt_phase_is_a_finding() -> None:
    assert lint(Migration("0002_x", "contrat", "SELECT 1;")) == [
        Finding("0002_x", "phase", "PHASE is 'contrat', not one of expand, contract")
    ]


def test_without_an_answer_nothing_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    squawk = tmp_path / "squawk"
    squawk.write_text("#!/bin/sh\necho no luck >&2\nexit 3\n")
    squawk.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(ReleaseRefused, match="squawk failed: no luck"):
        find_broken_rules("SELECT 1;")
