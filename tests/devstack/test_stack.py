"""`make run` as a person meets it: start, look around, stop, start again, lose a process, start over."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack import layout as layouts
from devstack import stack
from devstack.layout import ROOT, Ports
from devstack.processes import StackError, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack")]

START_SECONDS = 180
STOP_SECONDS = 120


def free_ports() -> Ports:
    """Four free ports in a row, out of the way of a `make run` beside the tests."""
    for site in range(12000 + os.getpid() % 10000, 32000, 10):
        try:
            stack.check_ports(Ports(site))
        except StackError:
            continue
        return Ports(site)
    raise AssertionError("no four free ports in a row")


class Terminal:
    """`python -m devstack up` in a terminal of its own, and what it printed so far."""

    def __init__(self, home: Path, ports: Ports) -> None:
        self.home = home
        self.ports = ports
        self.text = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "devstack", "up", "--port", str(ports.site)],
            cwd=ROOT,
            env=os.environ | {"DEVSTACK_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.text += line.decode()
        self.process.stdout.close()

    def until_it_runs(self) -> None:
        wait_for(
            lambda: "Start over" in self.text or self.process.poll() is not None,
            START_SECONDS,
            lambda: self.text,
        )
        assert self.process.poll() is None, self.text

    def until_it_ends(self) -> int:
        code = self.process.wait(STOP_SECONDS)
        self._reader.join(10)
        return code

    def password(self) -> str:
        found = re.search(r"demo  /  (\S+)", self.text)
        assert found, self.text
        return found.group(1)

    def get(self, port: int, path: str) -> str:
        with urllib.request.urlopen(f"http://localhost:{port}{path}", timeout=20) as answer:
            return str(answer.read().decode())


def processes_of(home: Path) -> list[str]:
    """The command line of each process that was started for this folder."""
    mark = f"DEVSTACK_HOME={home}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def until_all_are_gone(home: Path) -> None:
    wait_for(lambda: not processes_of(home), STOP_SECONDS, lambda: "\n".join(processes_of(home)))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    until_all_are_gone(tmp_path)
    devstack("reset", tmp_path)


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.process.terminate()
        terminal.until_it_ends()


def devstack(command: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "devstack", command],
        cwd=ROOT,
        env=os.environ | {"DEVSTACK_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_persons_day_with_make_run(home: Path, terminals: list[Terminal], process_logs: Path) -> None:
    ports = free_ports()
    first = Terminal(home, ports)
    terminals.append(first)
    first.until_it_runs()
    assert f"http://localhost:{ports.site}" in first.text
    assert '"status"' in first.get(ports.site, "/readyz")
    assert "</html>" in first.get(ports.site, "/")
    assert "@demo" in first.get(ports.site, "/@demo")
    assert "Mailbox" in first.get(ports.mailbox, "/")
    assert "microblog_" in first.get(ports.metrics, "/metrics")
    running = devstack("status", home).stdout
    assert running.count("RUNNING") == 8, running

    second = Terminal(home, free_ports())
    assert second.until_it_ends() == 1
    assert "runs already" in second.text
    assert devstack("reset", home).returncode == 1

    first.process.send_signal(signal.SIGINT)
    assert first.until_it_ends() == 0, first.text
    until_all_are_gone(home)
    assert "received fast shutdown request" in (home / "var" / "log" / "postgres.log").read_text()

    again = Terminal(home, ports)
    terminals.append(again)
    again.until_it_runs()
    assert "Demo data" not in again.text
    assert again.password() == first.password()
    assert "@demo" in again.get(ports.site, "/@demo")

    # The supervisor is killed: nothing it started stays behind, and the next start finds its data.
    pid = (layouts.open_layout(home).state / "supervisord.pid").read_text()
    os.kill(int(pid), signal.SIGKILL)
    assert again.until_it_ends() == 1
    until_all_are_gone(home)

    last = Terminal(home, ports)
    terminals.append(last)
    last.until_it_runs()
    assert "Demo data" not in last.text
    assert devstack("stop", home).returncode == 0
    assert last.until_it_ends() == 0
    for log in (home / "var" / "log").glob("*.log"):
        (process_logs / f"stack-{log.name}").write_bytes(log.read_bytes())


def test_a_taken_port_is_told_before_anything_starts(home: Path) -> None:
    ports = free_ports()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", ports.mailbox))
        taken.listen()
        terminal = Terminal(home, ports)
        assert terminal.until_it_ends() == 1
    assert f"port {ports.mailbox} (mailbox) is in use" in terminal.text
    assert "make run PORT=" in terminal.text
    assert not (home / "var" / "postgres" / "data").exists()
