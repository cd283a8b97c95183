"""The run's watchman: a secret in any output of a test fails the whole run, and so does a skip in CI."""

import subprocess
import sys
from pathlib import Path

import pytest

from devstack.layout import ROOT
from tests.addresses import unmeasured_environment

LEAK = """
import logging

def test_it(secret, process_logs):
    logging.getLogger("x").warning("token=%s", secret("correct-horse-battery"))
"""
PROCESS_LEAK = """
def test_it(secret, process_logs):
    (process_logs / "worker.log").write_text("mail to " + secret("bob@example.org"))
"""
CLEAN = """
def test_it(secret):
    print(secret("correct-horse-battery")[:5])
"""
SKIP = """
import pytest

def test_one():
    pytest.skip("not here")
"""


def run(folder: Path, source: str, *options: str, ci: bool = False) -> subprocess.CompletedProcess[str]:
    (folder / "test_planted.py").write_text(source)
    environment = {name: value for name, value in unmeasured_environment().items() if name != "CI"}
    # The other plugins take seconds to import, in each of these runs.
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.run_output", "-p", "no:cacheprovider"]
    command += ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder), *options, str(folder)]
    return subprocess.run(
        command,
        env=environment | {"PYTHONPATH": str(ROOT)} | ({"CI": "true"} if ci else {}),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


@pytest.mark.parametrize("source", [LEAK, PROCESS_LEAK])
@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n", "1")])
def test_a_secret_in_the_output_fails_the_run(tmp_path: Path, source: str, options: tuple[str, ...]) -> None:
    done = run(tmp_path, source, *options)
    assert done.returncode == 1, done.stdout
    assert "FAILED RUN" in done.stdout
    assert "correct-horse-battery" not in done.stdout
    assert "1 passed" in done.stdout


def test_a_clean_run_passes(tmp_path: Path) -> None:
    done = run(tmp_path, CLEAN)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("ci", "code"), [(False, 0), (True, 1)])
def test_a_skip_fails_in_ci_alone(tmp_path: Path, ci: bool, code: int) -> None:
    done = run(tmp_path, SKIP, ci=ci)
    assert done.returncode == code, done.stdout
    assert ("with CI=true every test has to run" in done.stdout) is ci
