"""Running playbooks: in the terminal for people, or event by event for a report."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ops.inventory import REPOSITORY, inventory_path, tool

#: What ansible-playbook ends with where it lost a host, whatever else failed.
UNREACHABLE = 4
PLUGINS = REPOSITORY / "ops" / "plugins"


class PlaybookFailed(Exception):
    """A playbook that ended with an error; it has said which."""


@dataclass(frozen=True)
class Difference:
    """What a task would change on a host."""

    host: str
    role: str
    task: str
    lines: tuple[str, ...]


def make_command(
    name: str, environment: str, *, limit: str = "", tags: str = "", extra: str = ""
) -> list[str]:
    """The words of an `ansible-playbook` for `ops/playbooks/NAME.yml`."""
    command = [tool("ansible-playbook"), f"ops/playbooks/{name}.yml", "-i", str(inventory_path(environment))]
    command += ["--limit", limit] if limit else []
    command += ["--tags", tags] if tags else []
    command += ["--extra-vars", extra] if extra else []
    return command


def run_playbook(command: list[str], *, verbose: bool = False) -> None:
    """Run it in this terminal: changes, failures and progress, or all that Ansible says.

    Raises `PlaybookFailed`.
    """
    # Here and not in ansible.cfg: who types ansible-playbook expects Ansible's own output.
    readable = {
        "ANSIBLE_CALLBACK_PLUGINS": str(PLUGINS / "callback"),
        "ANSIBLE_STDOUT_CALLBACK": "readable",
        "ANSIBLE_DISPLAY_OK_HOSTS": "false",
    }
    done = subprocess.run(
        command, cwd=REPOSITORY, env=os.environ | ({} if verbose else readable), check=False
    )
    if done.returncode == UNREACHABLE:
        raise PlaybookFailed(
            "a host is out of reach or was lost on the way: the messages above say which, and what became of "
            "the rest. Its key is unknown: ssh there once and accept it. You are not let in: another user or "
            "key, or fab operators for an image with root alone"
        )
    if done.returncode != 0:
        raise PlaybookFailed(f"ansible-playbook ended with {done.returncode}: the last errors above say why")


def find_differences(command: list[str], progress: Callable[[str], None]) -> Iterator[Difference]:
    """What a run would change, host by host, found by Ansible's check mode as it comes.

    `progress` is told each play's name. Raises `PlaybookFailed` where a host is out of reach or a task fails.
    """
    environment = os.environ | {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.jsonl", "ANSIBLE_NOCOLOR": "1"}
    failures: list[str] = []
    with subprocess.Popen(
        [*command, "--check", "--diff"], cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("{"):
                event = json.loads(line)
                if event.get("_event") == "v2_playbook_on_play_start":
                    progress(event["play"]["name"])
                failures += read_failures(event)
                yield from read_event(event)
    if process.returncode != 0:
        said = "; ".join(dict.fromkeys(failures)) or f"ansible-playbook ended with {process.returncode}"
        raise PlaybookFailed(f"the comparison did not come to its end: {said}")


def read_failures(event: dict[str, Any]) -> Iterator[str]:
    """The hosts that an event of the `jsonl` callback tells to be lost, each with its task and the reason."""
    if event.get("_event") not in {"v2_runner_on_failed", "v2_runner_on_unreachable"}:
        return
    for host, result in event["hosts"].items():
        reason = " ".join(str(result.get("msg") or "no reason given").split())
        yield f"{host}: {event['task']['name']}: {reason}"


def read_event(event: dict[str, Any]) -> Iterator[Difference]:
    """The differences that an event of the `jsonl` callback tells of; a handler only follows from one."""
    if event.get("_event") != "v2_runner_on_ok" or "/handlers/" in event["task"].get("path", ""):
        return
    role, _, task = event["task"]["name"].partition(" : ")
    for host, result in event["hosts"].items():
        if result.get("changed"):
            yield Difference(host, role, task or role, tuple(_diff_lines(result)))


def _diff_lines(result: dict[str, Any]) -> Iterator[str]:
    for part in result.get("results") or []:
        if part.get("changed"):
            yield from _diff_lines(part)
    # A debug task only tells.
    if result.get("_ansible_verbose_always") and "results" not in result:
        yield str(result["msg"])
    diffs = result.get("diff") or []
    for diff in diffs if isinstance(diffs, list) else [diffs]:
        before, after = _as_lines(diff.get("before")), _as_lines(diff.get("after"))
        yield from (f"- {line}" for line in before if line not in after)
        yield from (f"+ {line}" for line in after if line not in before)


def _as_lines(side: object) -> list[str]:
    """A side of a difference: a text's lines, or what Ansible says of modes, owners and states."""
    if isinstance(side, dict):
        return [f"{name}: {value}" for name, value in side.items()]
    return side.splitlines() if isinstance(side, str) else []
