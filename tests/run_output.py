"""Keeps all that a whole test run printed and logged, and searches it for the secrets that its tests used.

A test gives each password, token and address that it uses to the fixture `secret`, and writes the logs of the
processes that it starts into the fixture `process_logs`. When the run ends, the process that people started
searches everything, and fails the run where it finds one. With CI=true a skipped test fails the run too.
"""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FOLDER = pytest.StashKey[Path]()
PROBLEMS = pytest.StashKey[list[str]]()
#: Shorter ones are found in unrelated text.
SHORTEST_SECRET = 8


def pytest_configure(config: pytest.Config) -> None:
    handed_over = getattr(config, "workerinput", None)
    folder = Path(handed_over["run_output"]) if handed_over else Path(tempfile.mkdtemp(prefix="mb-output-"))
    config.stash[FOLDER] = folder
    config.stash[PROBLEMS] = []
    if handed_over is None:
        config.pluginmanager.register(Collector(folder), "run-output-collector")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["run_output"] = str(node.config.stash[FOLDER])


class Collector:
    """Writes down what each test printed and logged, as its report carries it to the controller."""

    def __init__(self, folder: Path) -> None:
        self.output = folder / "output.log"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # A report carries what was captured in the earlier phases of its test too.
        if report.when != "teardown":
            return
        with self.output.open("a", encoding="utf-8", errors="replace") as file:
            for title, content in report.sections:
                if not title.startswith("Captured"):
                    continue
                file.write(f"=== {report.nodeid} {title}\n{content}\n")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    if hasattr(config, "workerinput"):
        return
    problems = config.stash[PROBLEMS]
    problems.extend(find_secrets(config.stash[FOLDER]))
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", [])) if reporter else 0
    if skipped and os.environ.get("CI") == "true":
        problems.append(f"{skipped} skipped, and with CI=true every test has to run")
    if problems and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for problem in config.stash[PROBLEMS]:
        terminalreporter.write_line(f"FAILED RUN: {problem}", red=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    if FOLDER in config.stash and not hasattr(config, "workerinput"):
        shutil.rmtree(config.stash[FOLDER], ignore_errors=True)


def find_secrets(folder: Path) -> list[str]:
    """One line for each secret that some output of the run holds: where, and not the secret itself."""
    listed = "".join(path.read_text(encoding="utf-8") for path in folder.glob("secrets-*"))
    secrets = {line for line in listed.splitlines() if len(line) >= SHORTEST_SECRET}
    found: list[str] = []
    for path in sorted(folder.glob("**/*.log")):
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            found.extend(
                f"{path.name}:{number} holds a secret of the tests ({secret[:3]}…): "
                f"{line.replace(secret, '***')[:200]}"
                for secret in secrets
                if secret in line
            )
    return found


@pytest.fixture(scope="session")
def secret(pytestconfig: pytest.Config) -> Callable[[str], str]:
    """Notes a password, token or address as one that no output of the run may hold, and gives it back."""
    path = pytestconfig.stash[FOLDER] / f"secrets-{os.getpid()}"

    def note(value: str) -> str:
        with path.open("a", encoding="utf-8") as file:
            file.write(value + "\n")
        return value

    return note


@pytest.fixture(scope="session")
def process_logs(pytestconfig: pytest.Config) -> Path:
    """Where a test lets the processes that it starts write their logs (files named *.log)."""
    folder = pytestconfig.stash[FOLDER] / "processes"
    folder.mkdir(exist_ok=True)
    return folder
