"""The lock of deploys: who holds it, for whom, and when it is free again."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devstack.processes import wait_for
from ops.inventory import REPOSITORY
from ops.locks import explain, find_playbook, is_alive

#: The program that runs on the host, with the file and the patience that the test gives it.
REMOTE = """
from ops.verbs.remote import lock
lock.PATH, lock.SILENCE_SECONDS = {path!r}, {silence}
lock.main()
"""
SECONDS = 10


@contextmanager
def holder(path: Path, name: str, silence: float = 60) -> Iterator[subprocess.Popen[str]]:
    """Whoever asks for the lock; its first line says what came of it."""
    program = REMOTE.format(path=str(path), silence=silence)
    with subprocess.Popen(
        [sys.executable, "-c", program, f'{{"holder": "{name}"}}'],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_the_second_is_told_who_holds_it(tmp_path: Path) -> None:
    with holder(tmp_path / "lock", "ada on laptop") as first:
        assert first_line(first) == "held"
        with holder(tmp_path / "lock", "eve") as second:
            assert first_line(second) == "taken by ada on laptop"
            assert second.wait(SECONDS) == 1


def test_it_is_free_when_the_holder_leaves_or_is_killed(tmp_path: Path) -> None:
    with holder(tmp_path / "lock", "a longer name than the next one's") as first:
        assert first_line(first) == "held"
        assert first.stdin is not None
        first.stdin.close()
        assert first.wait(SECONDS) == 0
    with holder(tmp_path / "lock", "killed") as second:
        assert first_line(second) == "held"
        second.kill()
        second.wait(SECONDS)
    with holder(tmp_path / "lock", "third") as third:
        assert first_line(third) == "held"
        with holder(tmp_path / "lock", "fourth") as fourth:
            assert first_line(fourth) == "taken by third"


def test_a_holder_that_falls_silent_loses_it(tmp_path: Path) -> None:
    with holder(tmp_path / "lock", "cut off", silence=0.1) as first:
        assert first_line(first) == "held"
        assert first.wait(SECONDS) == 0


def test_the_playbook_is_found_behind_its_own_children(tmp_path: Path) -> None:
    """As with mitogen: a process of the playbook's name between it and what asks."""
    playbook = tmp_path / "ansible-playbook"
    inner = f"import os; os.sys.path.insert(0, {str(REPOSITORY)!r}); from ops.locks import find_playbook; "
    inner += "print(find_playbook(os.getpid()))"
    playbook.write_text(
        "import os, subprocess, sys\n"
        "if len(sys.argv) > 1:\n"
        "    print(os.getpid(), flush=True)\n"
        "    subprocess.run([sys.executable, __file__], check=True)\n"
        "else:\n"
        f"    subprocess.run([sys.executable, '-c', {inner!r}], check=True)\n"
    )

    done = subprocess.run(
        [sys.executable, str(playbook), "outer"], capture_output=True, text=True, check=True
    )

    assert done.stdout.split()[0] == done.stdout.split()[1]


def test_nobody_else_may_ask() -> None:
    with pytest.raises(SystemExit, match="nobody else"):
        find_playbook(os.getpid())


def test_a_process_that_only_waits_to_be_buried_is_dead() -> None:
    assert is_alive(os.getpid())
    child = subprocess.Popen([sys.executable, "-c", ""])
    wait_for(lambda: not is_alive(child.pid), SECONDS, lambda: "a zombie counts as alive")
    child.wait()
    assert not is_alive(child.pid)


def test_it_is_said_whether_somebody_else_is_at_it_or_a_host_away() -> None:
    assert explain("web1", "held") == ""
    assert "somebody else is at it: ada on laptop, deploys" in explain(
        "web1", "taken by ada on laptop, deploys"
    )
    assert explain("web2", "ssh: connect to host: timed out").endswith("leave it out: --limit '!web2'")
