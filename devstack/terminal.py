"""A stack of its own beside the developer's, started as a person would: for tests and for pictures."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

from devstack import stack
from devstack.layout import DEMO_USERNAME, ROOT, Ports
from devstack.processes import StackError, wait_for

START_SECONDS = 180
STOP_SECONDS = 120


def free_ports() -> Ports:
    """Four free ports in a row, out of the way of a `make run`."""
    for site in range(12000 + os.getpid() % 10000, 32000, 10):
        try:
            stack.check_ports(Ports(site))
        except StackError:
            continue
        return Ports(site)
    raise StackError("no four free ports in a row between 12000 and 32000")


class Terminal:
    """`python -m devstack up` in a terminal of its own, its data in `home`, and what it printed so far."""

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
        if self.process.stdout is None:
            return
        for line in self.process.stdout:
            self.text += line.decode()
        self.process.stdout.close()

    def until_it_runs(self) -> None:
        """Wait until it has told where everything is; raises `StackError` with what it printed otherwise."""
        wait_for(
            lambda: "Start over" in self.text or self.process.poll() is not None,
            START_SECONDS,
            lambda: self.text,
        )
        if self.process.poll() is not None:
            raise StackError(self.text)

    def until_it_ends(self) -> int:
        """Its exit code."""
        code = self.process.wait(STOP_SECONDS)
        self._reader.join(10)
        return code

    def press_ctrl_c(self) -> int:
        """Stop it as a person does, and give its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.until_it_ends()

    def password(self) -> str:
        """The demo account's password, as it was printed."""
        found = re.search(rf"{DEMO_USERNAME}  /  (\S+)", self.text)
        if found is None:
            raise StackError(self.text)
        return found.group(1)
