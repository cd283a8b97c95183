"""What `fab provision` prints: changes and failures as Ansible tells them, progress, figures at the end."""

import sys
import time
from typing import Any

from ansible.playbook.task_include import TaskInclude
from ansible.plugins.callback.default import CallbackModule as Default

DOCUMENTATION = """
name: readable
type: stdout
short_description: changes, failures and progress
description: As the default callback without what is right already, and with progress.
extends_documentation_fragment: [default_callback, result_format_callback]
"""
CLEAR_LINE = "\r\033[K"


class Progress:
    """Ansible's display, and what is at work: on a terminal an overwritten line, else each role of a play."""

    def __init__(self, display: Any) -> None:
        self._display = display
        self._told: set[str] = set()
        self._is_terminal = sys.stdout.isatty()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._display, name)

    def display(self, *values: Any, **named: Any) -> None:
        """As Ansible's, on a line of its own."""
        self.clear()
        self._display.display(*values, **named)

    def banner(self, *values: Any, **named: Any) -> None:
        """As Ansible's, on a line of its own."""
        self.clear()
        self._display.banner(*values, **named)

    def begin_play(self) -> None:
        """Tell its roles, which other plays may have had too."""
        self._told.clear()

    def show(self, role: str, task: str) -> None:
        """Say what is at work."""
        if self._is_terminal:
            sys.stdout.write(CLEAR_LINE + f"  {role}: {task}"[: self._display.columns])
            sys.stdout.flush()
        elif role and role not in self._told:
            self._display.display(f"  {role}")
            self._told.add(role)

    def clear(self) -> None:
        """Take the line away."""
        if self._is_terminal:
            sys.stdout.write(CLEAR_LINE)
            sys.stdout.flush()


class CallbackModule(Default):  # type: ignore[misc] # Ansible has no types
    """The default callback, less talkative."""

    CALLBACK_NAME = "readable"

    def __init__(self) -> None:
        super().__init__()
        self._progress = Progress(self._display)
        self._display: Any = self._progress
        self._started = time.monotonic()
        self._untold = ""

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Take note of it: it is told with its first task, as the tags asked for may leave it none."""
        self._play = play
        self._untold = play.get_name().strip()
        self._progress.begin_play()

    def v2_playbook_on_no_hosts_matched(self) -> None:
        """Leave it out: that a tier has none of the hosts is what a limit is for."""

    def v2_playbook_on_include(self, included_file: Any) -> None:
        """Leave it out: what is included speaks for itself."""

    def v2_playbook_on_task_start(self, task: Any, is_conditional: Any) -> None:
        """Say which play begins, and when; show the task as the one at work."""
        if self._untold:
            minutes, seconds = divmod(int(time.monotonic() - self._started), 60)
            self._display.display(f"\n{minutes}:{seconds:02}  {self._untold}")
            self._untold = ""
        super().v2_playbook_on_task_start(task, is_conditional)
        role, _, name = task.get_name().strip().rpartition(" : ")
        self._progress.show(role, name)

    def v2_runner_on_ok(self, result: Any) -> None:
        """Let playbooks speak: what they say by `debug` is no news of a task that is right already."""
        if isinstance(result.task, TaskInclude):
            return
        said = result.result.get("msg") if result.task.action.endswith("debug") else None
        if isinstance(said, str) and not result.result.get("changed"):
            self._display.display(f"{result.host.get_name()}: {said}")
        else:
            super().v2_runner_on_ok(result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """One line in place of the table: how long it took, and what became of each host."""
        groups: dict[str, list[str]] = {"changed": [], "unchanged": [], "FAILED": [], "UNREACHABLE": []}
        for host in sorted(stats.processed):
            counts = stats.summarize(host)
            if counts["unreachable"] or counts["failures"]:
                groups["UNREACHABLE" if counts["unreachable"] else "FAILED"].append(host)
            elif counts["changed"]:
                groups["changed"].append(f"{host} ({counts['changed']})")
            else:
                groups["unchanged"].append(host)
        minutes, seconds = divmod(round(time.monotonic() - self._started), 60)
        told = [f"{name}: {', '.join(hosts)}" for name, hosts in groups.items() if hosts]
        self._display.display(f"\nAfter {minutes} min {seconds} s: {'; '.join(told) or 'no host'}")
