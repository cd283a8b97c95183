"""`fab dump` and `fab memory`: what they say of real processes, and how they say no."""

import getpass
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devstack.processes import wait_for
from ops.inventory import Answer, Host
from ops.verbs import processes
from ops.verbs.remote import supervisor
from ops.verbs.remote.processes import (
    NO_SUCH_PROGRAM,
    NOT_RUNNING,
    find_tree,
)
from ops.verbs.remote.waits import describe_address, describe_socket, describe_wait
from ops.verbs.terminal import VerbError
from tests.ops.remote_programs import PY_SPY, PY_SPY_HERE, Ask, Asked

# A parent that waits for an answer as libpq does, threads of it that sleep, and a child with a pipe.
PROGRAM = """
import os, select, socket, subprocess, sys, threading, time

def doze(): time.sleep(600)

def tick():
    while True: time.sleep(0.05)

def wait_for_database(connection):
    secret = "swordfish"
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    poll.poll()

threading.Thread(target=doze, name="dozer", daemon=True).start()
threading.Thread(target=tick, name="ticker", daemon=True).start()
subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
wait_for_database(socket.create_connection(("127.0.0.1", int(sys.argv[1]))))
"""


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """A server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def find_waits(root: int) -> set[str]:
    """The system calls that the threads of a process and of its children are in."""
    threads = (path for pid, _ in find_tree(root) for path in Path(f"/proc/{pid}/task").glob("*"))
    return {describe_wait(int(path.parent.parent.name), path.name).split(" ")[0] for path in threads}


@pytest.fixture
def program(server: socket.socket, tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A program in the middle of its waiting."""
    path = tmp_path / "waiter.py"
    path.write_text(PROGRAM)
    words = [sys.executable, str(path), str(server.getsockname()[1])]
    with subprocess.Popen(words) as process:
        accepted, _ = server.accept()
        waits = {"poll", "clock_nanosleep", "read"}
        wait_for(lambda: find_waits(process.pid) >= waits, 20, lambda: "they don't wait")
        yield process
        accepted.close()
        process.kill()


@pytest.fixture
def ask(program: "subprocess.Popen[bytes]", tmp_path: Path) -> Ask:
    """Runs the host's program, where one program of Supervisor's runs and one doesn't."""
    asked = Asked("processes", tmp_path, program.pid, group="web:")
    here = {PY_SPY: PY_SPY_HERE, "/run/microblog-memory.json": str(tmp_path / "notes.json")}

    def run(
        name: str, what: str, user: str = getpass.getuser(), **options: Any
    ) -> subprocess.CompletedProcess[str]:
        request = {"program": name, "what": what, "native": False, "seconds": 0, "strace": 0}
        return asked.run(request | options, here | {'USER = "microblog"': f'USER = "{user}"'})

    return run


@pytest.fixture
def dumped(ask: Ask) -> list[list[dict[str, Any]]]:
    """What the host says of the running program, twice."""
    done = ask("web-blue", "dump", seconds=0.2)
    assert done.returncode == 0, done.stderr
    assert "swordfish" not in done.stdout
    looks: list[list[dict[str, Any]]] = json.loads(done.stdout)["looks"]
    return looks


def test_each_thread_says_where_it_is_and_what_it_waits_for(
    dumped: list[list[dict[str, Any]]], program: "subprocess.Popen[bytes]", server: socket.socket
) -> None:
    parent, child = dumped[0]
    if parent["error"]:
        pytest.skip(f"py-spy may not look here: {parent['error']}")
    main = next(thread for thread in parent["threads"] if thread["name"] == "MainThread")
    dozer = next(thread for thread in parent["threads"] if thread["name"] == "dozer")

    assert parent["pid"] == program.pid
    assert child["depth"] == 1
    assert main["frames"][0] == "wait_for_database (waiter.py:13)"
    assert main["wait"].startswith("poll on connection 127.0.0.1:")
    assert main["wait"].endswith(f" to 127.0.0.1:{server.getsockname()[1]}")
    assert dozer["frames"][0] == "doze (waiter.py:4)"
    assert dozer["wait"] == "clock_nanosleep"
    assert child["threads"][0]["wait"].startswith("read on pipe:")


def test_who_still_stands_in_the_same_place_is_told(dumped: list[list[dict[str, Any]]]) -> None:
    if dumped[0][0]["error"]:
        pytest.skip(f"py-spy may not look here: {dumped[0][0]['error']}")

    lines = list(processes.describe_dump(dumped, 0.2))

    # On a busy machine it may just be about to sleep.
    assert lines[0].endswith((", sleeps)", ", runs)"))
    assert "  dozer: clock_nanosleep, as 0.2 s before" in lines
    assert "      doze (waiter.py:4)" in lines
    assert "      … called by 1 more: --frames 4" in list(processes.describe_dump(dumped, 0.2, 3))


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is missing: apt-get install strace")
def test_system_calls_are_counted(ask: Ask) -> None:
    done = json.loads(ask("web-blue", "dump", strace=0.5).stdout)

    assert "clock_nanosleep" in done["strace"]
    assert "attached" not in done["strace"]


def test_memory_is_told_by_process_with_what_grew(
    ask: Ask, program: "subprocess.Popen[bytes]", capsys: pytest.CaptureFixture[str]
) -> None:
    first = json.loads(ask("web-blue", "memory").stdout)
    found = json.loads(ask("web-blue", "memory", seconds=0.1).stdout)
    parent = found["looks"][1][0]

    assert parent["rss"] > 5_000_000
    assert 0 < parent["own"] <= parent["pss"] <= parent["rss"] <= parent["peak"]
    assert (parent["threads"], parent["sockets"]) == (3, 1)
    assert parent["first_at"] == first["looks"][0][0]["first_at"]
    assert found["biggest"] in {parent["pid"], found["looks"][1][1]["pid"]}
    assert found["mappings"][0][1] > 1_000_000
    processes.print_memory(found["looks"], parent["first_at"] + 3700)
    shown = capsys.readouterr().out
    assert "meanwhile" in shown
    assert " in 1:01:40 " in shown
    assert shown.splitlines()[1].startswith(f"{program.pid} ")


def test_an_unknown_program_ends_with_those_that_are(ask: Ask) -> None:
    unknown, resting = ask("web-bleu", "dump"), ask("web-green", "memory")

    assert (unknown.returncode, unknown.stdout) == (NO_SUCH_PROGRAM, "web-blue web-green\n")
    assert (resting.returncode, resting.stdout) == (NOT_RUNNING, "stopped\n")


@pytest.mark.parametrize(
    ("code", "output", "message"),
    [
        (NO_SUCH_PROGRAM, "beat relay", "web1 has no program 'web-bleu'; it has beat, relay"),
        (
            NO_SUCH_PROGRAM,
            "",
            "web1 has no program 'web-bleu'; it has none: Supervisor runs on web and worker",
        ),
        (NOT_RUNNING, "stopped", "web-bleu is stopped on web1"),
        (255, "ssh: connect: No route to host", "web1: ssh: connect: No route to host"),
    ],
)
def test_a_host_that_can_not_tell_is_one_line(code: int, output: str, message: str) -> None:
    answer = Answer(Host("web1", ("web",), {}), failed=True, output=output, code=code)

    with pytest.raises(VerbError, match=message):
        processes.read_answer(answer, "web-bleu")


@pytest.mark.parametrize(("option", "most"), [("seconds", 300), ("strace", 60)])
def test_seconds_are_a_number_that_somebody_waits_for(option: str, most: int) -> None:
    for given in ("ten", "-1", str(most + 1), ""):
        with pytest.raises(VerbError, match=f"--{option} takes a number of seconds up to {most}, not"):
            processes.read_seconds(option, given)
    assert processes.read_seconds(option, str(most)) == most


def test_addresses_are_read_as_the_kernel_writes_them() -> None:
    assert describe_address("0100007F:1F90") == "127.0.0.1:8080"
    assert describe_address("0000000000000000FFFF00000100007F:0050") == "127.0.0.1:80"
    assert describe_address("B80D01200000000067452301EFCDAB89:0001") == "[2001:db8::123:4567:89ab:cdef]:1"


def test_only_the_programs_users_processes_are_looked_into(
    ask: Ask, program: "subprocess.Popen[bytes]"
) -> None:
    # Who holds Supervisor's user answers in its place: root's py-spy is led to no other one's process.
    done = ask("web-blue", "dump", user="nobody")

    assert done.returncode == 1
    assert done.stderr == f"web-blue is {program.pid}, says Supervisor, and nobody has no such process\n"
    assert done.stdout == ""


@pytest.mark.parametrize(
    "answer", ["yes web-blue RUNNING pid 1, uptime 0:00:09", "sh -c 'sleep 20; echo late'"]
)
def test_an_answer_without_end_is_cut_off(
    answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "supervisorctl").write_text(f"#!/bin/sh\nexec {answer}\n")
    (tmp_path / "supervisorctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(supervisor, "STATUS_SECONDS", 1)

    assert len(supervisor.ask_status()) == (supervisor.STATUS_BYTES if answer.startswith("yes") else 0)


def test_an_answer_does_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "supervisorctl").write_text(f"#!{sys.executable}\nprint(len(bytes(10**9)))\n")
    (tmp_path / "supervisorctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    assert supervisor.ask_status() == ""


def test_a_listening_socket_and_a_unix_socket_have_their_names(server: socket.socket, tmp_path: Path) -> None:
    def inode(one: socket.socket) -> str:
        return str(os.fstat(one.fileno()).st_ino)

    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "s"))
        unix.listen()

        assert describe_socket(os.getpid(), inode(server)).endswith(" (listens)")
        assert describe_socket(os.getpid(), inode(unix)) == f"unix socket {tmp_path / 's'}"
        assert describe_socket(os.getpid(), "1") == "socket"
