"""Running on this machine what `fab` runs on hosts."""

import json
import shlex
import sys
from typing import Any


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
