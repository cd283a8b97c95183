"""`make run` as a person meets it: start, look around, stop, start again, lose a process, start over."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack import layout as layouts
from devstack.layout import ROOT
from devstack.processes import wait_for
from devstack.terminal import STOP_SECONDS, Terminal, free_ports
from tests.addresses import unmeasured_environment

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack")]


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


@pytest.fixture(autouse=True)
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ.keys() - unmeasured_environment().keys():
        monkeypatch.delenv(name)


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


def get(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://localhost:{port}{path}", timeout=20) as answer:
        return str(answer.read().decode())


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
    assert '"status"' in get(ports.site, "/readyz")
    assert "</html>" in get(ports.site, "/")
    assert "@demo" in get(ports.site, "/@demo")
    assert "Mailbox" in get(ports.mailbox, "/")
    assert "microblog_" in get(ports.metrics, "/metrics")
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
    assert "@demo" in get(ports.site, "/@demo")

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
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", ports.mailbox))
        taken.listen()
        terminal = Terminal(home, ports)
        assert terminal.until_it_ends() == 1
    assert f"port {ports.mailbox} (mailbox) is in use" in terminal.text
    assert "make run PORT=" in terminal.text
    assert not (home / "var" / "postgres" / "data").exists()
