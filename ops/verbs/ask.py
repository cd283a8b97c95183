"""Asking hosts by a small program that runs there: its text goes over SSH, nothing is installed.

What a person asks for (names, mail addresses, words) goes the same way, never into a command line: sudo
writes those down, and its lines are kept in the log store.
"""

import json
import re
import shlex
from pathlib import Path
from typing import Any

REMOTE = Path(__file__).with_name("remote")
# Reads program and request and no further: what comes then is the program's, and the end of standard input
# tells it that whoever asked is gone.
LOADER = (
    "import os, sys; _, program, request, name = sys.argv; "
    "take = lambda size: bytes(os.read(0, 1)[0] for _ in range(int(size))).decode(); "
    "code = compile(take(program), name, 'exec'); sys.argv = [name, take(request)]; exec(code)"
)
#: What a program takes from another file of its folder: on the host the file stands in the line's place.
SHARED = re.compile(r"^from ops\.verbs\.remote\.(\w+) import .+$", re.MULTILINE)


def remote_program(name: str, **request: Any) -> tuple[str, str]:
    """The command that runs `remote/NAME.py` as root, and what it wants on standard input."""
    return make_command(name, read_program(name), request)


def microblog_command(*words: str, terminal: bool = False) -> tuple[str, str]:
    """The command that runs the installed `microblog` with the words, and what it wants on standard input.

    On a terminal standard input is whoever sits there: nothing is wanted on it.
    """
    request = {"words": words, "terminal": terminal}
    command, text = make_command("microblog", read_program("microblog"), request, user="microblog")
    # printf is the shell's own: its words stand in no command line but the shell's.
    return (f"printf %s {shlex.quote(text)} | {command}", "") if terminal else (command, text)


def read_program(name: str) -> str:
    """The text of `remote/NAME.py`, whole."""
    text = (REMOTE / f"{name}.py").read_text(encoding="ascii")
    return SHARED.sub(lambda found: read_program(found[1]), text)


def make_command(name: str, text: str, request: dict[str, Any], user: str = "root") -> tuple[str, str]:
    """The command that runs the program's text, and what it wants on standard input: text and request."""
    asked = json.dumps(request)
    words = [
        "sudo",
        "-n",
        "-u",
        user,
        "python3",
        "-c",
        LOADER,
        str(len(text)),
        str(len(asked)),
        f"fab-{name}",
    ]
    return shlex.join(words), text + asked
