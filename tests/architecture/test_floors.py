"""The house's rules that a machine can hold: import arrows, no late imports, short files."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from devstack.layout import ROOT

PACKAGE = ROOT / "app" / "microblog"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))


def run_tool(name: str, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / name), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_imports_only_go_down() -> None:
    done = run_tool("lint-imports", "--no-cache")
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_import_that_goes_up_is_found(tmp_path: Path) -> None:
    """A planted breach: the domain reaches for the data floor."""
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    for folder in ("domain", "data"):
        (tmp_path / "microblog" / folder).mkdir(parents=True)
        (tmp_path / "microblog" / folder / "__init__.py").touch()
    (tmp_path / "microblog" / "__init__.py").touch()
    (tmp_path / "microblog" / "domain" / "text.py").write_text("from microblog import data\n")
    code = (
        "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command;"
        " lint_imports_command(['--no-cache', '--contract', 'floors'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "microblog.domain is not allowed to import microblog.data" in done.stdout


def test_only_the_command_line_imports_late() -> None:
    """An import inside a function hides an arrow, and costs its time in the middle of a request."""
    late = [
        f"{path.relative_to(ROOT)}:{inner.lineno}"
        for path in MODULES
        if path.relative_to(PACKAGE).parts[0] not in ("cli", "cli.py")
        for outer in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for inner in ast.walk(outer)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert late == []


def test_functions_stay_simple() -> None:
    """McCabe complexity 10 at most, with no exception asked for by a comment."""
    done = run_tool(
        "ruff", "check", "--select", "C901", "--ignore-noqa", "--output-format", "concise", "app", "devstack"
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("folder", ["app", "devstack", "tests"])
def test_files_stay_short(folder: str) -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / folder).rglob("*.py")
        if path.parent.name != "versions"  # a migration is never split
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > 300
    }
    assert long == {}


def test_the_package_is_loaded_once() -> None:
    """`app.microblog` would be a second copy of every model."""
    assert not [name for name in sys.modules if name == "app" or name.startswith("app.")]
    sources = [path for folder in ("app", "tests", "devstack") for path in (ROOT / folder).rglob("*.py")]
    importing = [
        str(path.relative_to(ROOT))
        for path in sources
        if any(
            line.startswith(("from app.", "import app.", "from app import"))
            for line in path.read_text(encoding="utf-8").splitlines()
        )
    ]
    assert importing == []


def test_only_the_settings_read_the_environment() -> None:
    """House rule 10: one frozen object, read once; the command line and the site's root hand it over."""
    allowed = {PACKAGE / "wsgi.py", PACKAGE / "settings.py"}
    reading = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if path not in allowed and PACKAGE / "cli" not in path.parents
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv")
    ]
    assert reading == []
