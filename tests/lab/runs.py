"""Playbook runs of the lab's tests: what each took, changed and said, kept for looking into a failure."""

import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from ops.inventory import REPOSITORY, tool

LOGS = REPOSITORY / "var" / "lab-logs"
RECAP = re.compile(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)
#: Longer than any run may take, so that a hung one ends.
LONGEST_SECONDS = 900


@dataclass(frozen=True)
class Run:
    """A playbook run: its exit code, output, seconds, and by host how many tasks changed something."""

    code: int
    output: str
    seconds: float
    changed: dict[str, int]

    @property
    def failure(self) -> str:
        """The first error and what follows it, for an assertion's message."""
        start = self.output.find("[ERROR]")
        return self.output[start : start + 2500] if start >= 0 else self.output[-2500:]

    @property
    def changed_tasks(self) -> list[str]:
        """The tasks that changed something."""
        task, found = "", []
        for line in self.output.splitlines():
            if line.startswith(("TASK [", "RUNNING HANDLER [")):
                task = line.partition("[")[2].partition("]")[0]
            elif line.startswith("changed: "):
                found.append(f"{line.partition('[')[2].partition(']')[0]}: {task}")
        return found


def play(
    name: str,
    *options: str,
    inventory: Path | str = "ops/inventories/lab",
    log: str = "",
    environment: dict[str, str] | None = None,
) -> Run:
    """Run ops/playbooks/NAME.yml; its output also goes to a file of var/lab-logs."""
    command = [tool("ansible-playbook"), f"ops/playbooks/{name}.yml", "-i", str(inventory), *options]
    started = time.monotonic()
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=os.environ | (environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=LONGEST_SECONDS,
    )
    seconds = time.monotonic() - started
    (LOGS / f"{log or name}.log").write_text(done.stdout, encoding="utf-8")
    changed = {host: int(count) for host, _, count, _, _ in RECAP.findall(done.stdout)}
    return Run(done.returncode, done.stdout, seconds, changed)


def play_well(
    name: str,
    *options: str,
    inventory: Path | str = "ops/inventories/lab",
    log: str = "",
    environment: dict[str, str] | None = None,
) -> Run:
    """As `play`, for a run that has to end well."""
    run = play(name, *options, inventory=inventory, log=log, environment=environment)
    assert run.code == 0, run.failure
    return run
