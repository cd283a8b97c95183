"""The review of a release's migrations: none may stop a running site, or break the release before.

    python -m ops.migrations NAME      a line for each finding, exit code 1 where there are any

It reads what the release itself would run: the migrations out of its own wheel, as SQL, by squawk.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.releases import STORE, read_manifest
from ops.wheelhouses import ROOT, ReleaseRefused, hash_file, run_quietly

PHASES = ("expand", "contract")
# env.py sets both timeouts for every migration; counters and sizes fit 32 bits; the text field is alembic's.
EXCLUDED_RULES = "require-lock-timeout,require-statement-timeout,prefer-bigint-over-int,prefer-text-field"
#: What contract steps are for. They must not stop a site either, so all other rules hold for them.
CONTRACT_RULES = {
    f"ban-drop-{kind}"
    for kind in (
        *("column", "table", "not-null", "constraint", "generated-expression", "index"),
        *("view", "function", "type", "domain", "sequence", "policy"),
    )
}


@dataclass(frozen=True)
class Migration:
    """A migration: the name of its file, its phase, and its SQL."""

    name: str
    phase: str
    sql: str


@dataclass(frozen=True)
class Finding:
    """A rule that a migration breaks."""

    migration: str
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.migration}: {self.rule}: {self.message}"


def lint_release(release: Path) -> list[Finding]:
    """What is wrong with the migrations of a kept release.

    Raises `ReleaseRefused` where they can't be read.
    """
    with tempfile.TemporaryDirectory(prefix="migrations-") as folder:
        take_out(release, Path(folder))
        return [finding for migration in read_migrations(Path(folder)) for finding in lint(migration)]


def take_out(release: Path, folder: Path) -> None:
    """Unpack the package out of the release's own wheel.

    Its code will be run: raises `ReleaseRefused` where it isn't what the manifest says.
    """
    names = read_manifest(release)["files"]
    wheels = [name for name in names if Path(name).match("wheelhouse/microblog-*.whl")]
    if len(wheels) != 1:
        raise ReleaseRefused(f"{release.name} has {len(wheels)} wheels of Microblog; build it again")
    wheel = release / wheels[0]
    if not wheel.is_file() or hash_file(wheel) != names[wheels[0]]:
        raise ReleaseRefused(
            f"{release.name}: {wheels[0]} isn't what the manifest says; delete it and build again"
        )
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder, [name for name in packed.namelist() if name.endswith(".py")])


def read_migrations(folder: Path) -> list[Migration]:
    """The migrations of the package `microblog` in `folder`, in their order.

    Raises `ReleaseRefused` for one that can't be made SQL.
    """
    command = [sys.executable, "-m", "ops.migration_sql", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    printed = run_quietly(command, "the migrations", cwd=ROOT, env=environment)
    return [Migration(**found) for found in json.loads(printed)]


def lint(migration: Migration) -> list[Finding]:
    """What is wrong with a migration. Raises `ReleaseRefused` when squawk can't say."""
    if migration.phase not in PHASES:
        message = f"PHASE is {migration.phase!r}, not one of {', '.join(PHASES)}"
        return [Finding(migration.name, "phase", message)]
    allowed = CONTRACT_RULES if migration.phase == "contract" else set()
    return [
        Finding(migration.name, rule, message)
        for rule, message in find_broken_rules(migration.sql)
        if rule not in allowed
    ]


def find_broken_rules(sql: str) -> list[tuple[str, str]]:
    """Rule and message of all that squawk finds in some SQL for PostgreSQL 15."""
    squawk = Path(sys.executable).parent / "squawk"
    with tempfile.NamedTemporaryFile("w", suffix=".sql", encoding="utf-8") as file:
        file.write(sql)
        file.flush()
        options = ["--reporter", "json", "--pg-version", "15.0", "--exclude", EXCLUDED_RULES]
        done = subprocess.run([squawk, *options, file.name], capture_output=True, text=True, check=False)
    try:
        return [(found["rule_name"], found["message"]) for found in json.loads(done.stdout)]
    except ValueError:
        raise ReleaseRefused(f"squawk failed: {done.stderr.strip() or done.returncode}") from None


def main(arguments: Sequence[str] | None = None) -> None:
    """What the first lines of this file say."""
    parser = argparse.ArgumentParser(
        prog="python -m ops.migrations", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("name", help="a release: python -m ops.releases list")
    name = parser.parse_args(arguments).name
    try:
        findings = lint_release(STORE / name)
    except ReleaseRefused as error:
        raise SystemExit(f"migrations: {error}") from error
    if findings:
        print(*findings, sep="\n")
        raise SystemExit(1)
    print(f"{name}: no migration would stop a running site")


if __name__ == "__main__":
    main()
