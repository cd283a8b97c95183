"""Running on this machine what `fab` runs on hosts."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ops.verbs.ask import make_command, read_program

PY_SPY = "/opt/supervisor/venv/bin/py-spy"
PY_SPY_HERE = str(Path(sys.executable).with_name("py-spy"))
Ask = Callable[..., subprocess.CompletedProcess[str]]


def words_here(command: str) -> list[str]:
    """The words of a host's command, without sudo and by this Python."""
    words = shlex.split(command)
    return [sys.executable, *words[words.index("python3") + 1 :]]


def read_request(command: str, sent: str) -> dict[str, Any]:
    """What the command's program is asked for: it comes after the program's text."""
    return split_request(command, sent)[0]


def split_request(command: str, sent: str) -> tuple[dict[str, Any], str]:
    """The same, and what standard input brings after it."""
    program, request = map(int, shlex.split(command)[-3:-1])
    found: dict[str, Any] = json.loads(sent[program : program + request])
    return found, sent[program + request :]


class Asked:
    """A program of `fab`'s for hosts, beside a Supervisor that runs the process `pid` as web-blue."""

    def __init__(self, name: str, folder: Path, pid: int, group: str = "") -> None:
        self.name = name
        self.text = read_program(name)
        self.bin = folder / "bin"
        self.bin.mkdir()
        listing = (
            f"{group}web-blue RUNNING pid {pid}, uptime 0:00:09\n{group}web-green STOPPED Nov 21 03:00 PM\n"
        )
        supervisorctl = self.bin / "supervisorctl"
        supervisorctl.write_text(f"#!/bin/sh\ncat <<'E'\n{listing}E\nexit 3\n")
        supervisorctl.chmod(0o755)

    def run(self, request: dict[str, Any], changed: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """What it says, run as `fab` does; `changed` in its text is what this machine has elsewhere."""
        text = self.text
        for old, new in changed.items():
            assert old in text
            text = text.replace(old, new)
        command, sent = make_command(self.name, text, request)
        return subprocess.run(
            words_here(command),
            input=sent,
            env=os.environ | {"PATH": f"{self.bin}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
