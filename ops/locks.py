"""The lock of deploys: a host is changed by one at a time, whoever they are and wherever.

    python -m ops.locks take < REQUEST      called by the playbooks; exit code 1 where somebody else holds it

REQUEST is JSON: `hosts` (name and Ansible's connection variables of each that is to be changed) and `holder`
(who does what since when). The lock is a file's on each of them, held through an SSH connection of this
controller's for as long as the ansible-playbook lives that asked: it is never left behind, however that ends.
"""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from ops.inventory import REPOSITORY, Host
from ops.verbs.ask import remote_program

BEAT_SECONDS = 1
#: Less than the silence after which the hosts that answered at once give their lock away.
ANSWER_SECONDS = 12
PLAYBOOK = "ansible-playbook"


def take(request: dict[str, Any]) -> str:
    """Have a process of its own hold the lock; nothing, or why it could not be had."""
    request["playbook"] = find_playbook(os.getpid())
    with subprocess.Popen(
        [sys.executable, "-m", "ops.locks", "hold"],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        # It outlives this process, and no key pressed at the terminal ends it before the playbook.
        start_new_session=True,
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        # Not by arguments, which everybody on this machine may read.
        holder.stdin.write(json.dumps(request))
        holder.stdin.close()
        answer = holder.stdout.readline().strip()
        if answer == "held":
            # Not waited for: it ends with the playbook.
            holder.returncode = 0
        return "" if answer == "held" else answer or "the lock's holder ended"


def hold(request: dict[str, Any]) -> None:
    """Hold the lock until the playbook ends; prints `held`, or why it can't be had."""
    hosts = [Host(each["name"], (), each["variables"]) for each in request["hosts"]]
    with ExitStack() as opened:
        # All begin before any is waited for.
        connections = [opened.enter_context(connect(host, request["holder"])) for host in hosts]
        deadline = time.monotonic() + ANSWER_SECONDS
        answers = [
            explain(host.name, read_answer(ssh, deadline))
            for host, ssh in zip(hosts, connections, strict=True)
        ]
        refusals = [answer for answer in answers if answer]
        print(refusals[0] if refusals else "held", flush=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        while not refusals and connections and is_alive(request["playbook"]):
            # A host that is lost on the way is no longer held; the others are.
            connections = [ssh for ssh in connections if say(ssh, "\n")]
            time.sleep(BEAT_SECONDS)


def explain(host: str, answer: str) -> str:
    """Why the lock of a host can't be had, and what to do; nothing where it is held."""
    if answer == "held":
        return ""
    taken = answer.removeprefix("taken by ")
    if taken != answer:
        return f"somebody else is at it: {taken} (the lock of {host}). It is free as soon as that run ends"
    return f"{host} does not answer ({answer}): mend that, or leave it out: --limit '!{host}'"


@contextmanager
def connect(host: Host, holder: str) -> Iterator[subprocess.Popen[str]]:
    """The lock's program on a host, which has been told who holds it; at the end it is left."""
    command, text = remote_program("lock", holder=holder)
    with subprocess.Popen(
        [*host.ssh_command(), command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as ssh:
        try:
            say(ssh, text)
            yield ssh
        finally:
            ssh.kill()
            # What it was not told any more is of no use, also when its pipe is closed.
            with suppress(BrokenPipeError):
                ssh.communicate()


def say(ssh: subprocess.Popen[str], text: str) -> bool:
    """Write to the program; whether it is still there."""
    assert ssh.stdin is not None
    try:
        ssh.stdin.write(text)
        ssh.stdin.flush()
    except BrokenPipeError:
        return False
    return ssh.poll() is None


def read_answer(ssh: subprocess.Popen[str], deadline: float) -> str:
    """The program's first line, if it comes in time (of the monotonic clock)."""
    assert ssh.stdout is not None
    readable, _, _ = select.select([ssh.stdout], [], [], max(deadline - time.monotonic(), 0))
    return (ssh.stdout.readline().strip() if readable else "") or "it says nothing"


def find_playbook(pid: int) -> int:
    """The ansible-playbook that this process works for: its farthest ancestor of that name."""
    found = [each for each, words in ancestors(pid) if PLAYBOOK in {Path(word).name for word in words[:2]}]
    if not found:
        raise SystemExit("the lock is an ansible-playbook's: nobody else may ask for it")
    return found[-1]


def ancestors(pid: int) -> Iterator[tuple[int, list[str]]]:
    """Each ancestor's process id and the words that it was started by, the nearest first."""
    while pid > 1:
        # macOS has no /proc, and Debian's smallest no ps.
        if Path("/proc/self/stat").exists():
            # After the name, which may hold anything, come state and parent.
            pid = int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
            words = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
        else:
            shown = subprocess.run(
                ["ps", "-o", "ppid=", "-p", str(pid)], capture_output=True, text=True, check=True
            )
            pid = int(shown.stdout)
            shown = subprocess.run(
                ["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=True
            )
            words = shown.stdout.split()
        yield pid, words


def is_alive(pid: int) -> bool:
    """Whether the process is there and runs: one that only waits to be buried does not."""
    state = Path(f"/proc/{pid}/stat")
    if state.parent.parent.joinpath("self").exists():
        try:
            return state.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def main() -> None:
    """What the first lines of this file say."""
    if sys.argv[1] == "hold":
        hold(json.load(sys.stdin))
        return
    refusal = take(json.load(sys.stdin))
    if refusal:
        raise SystemExit(refusal)


if __name__ == "__main__":
    main()
