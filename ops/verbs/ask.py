"""Asking hosts by a small program that runs there as root: its text goes over SSH, nothing is installed."""

import json
import shlex
from pathlib import Path
from typing import Any

REMOTE = Path(__file__).with_name("remote")
# Reads the program and no further: the end of standard input tells it later that whoever asked is gone.
LOADER = "import sys; exec(compile(sys.stdin.read(int(sys.argv[1])), sys.argv[2], 'exec'))"


def remote_program(name: str, **request: Any) -> tuple[str, str]:
    """The command that runs `remote/NAME.py` with the request, and what it wants on standard input."""
    text = (REMOTE / f"{name}.py").read_text(encoding="ascii")
    words = ["sudo", "-n", "python3", "-c", LOADER, str(len(text)), f"fab-{name}"]
    return shlex.join([*words, json.dumps(request)]), text
