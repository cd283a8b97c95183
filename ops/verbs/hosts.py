"""fab shell and run: entering hosts."""

import os
import shlex
import subprocess
import sys
import threading
from contextlib import suppress

from fabric import Connection

from ops.inventory import Host, read_hosts
from ops.verbs.ask import microblog_command
from ops.verbs.terminal import TO, VerbError, verb

#: What ssh itself ends with where it can't reach a host.
UNREACHABLE = 255
HOST = {"host": "the host; the first worker host where none is named"}


@verb(help=TO | HOST)
def shell(_context: Connection, host: str = "", to: str = "lab") -> None:
    """Enter a host as its operator."""
    chosen = _choose_host(to, host)
    words = chosen.ssh_command(terminal=True)
    print(f"Entering {chosen.name} of {to}", flush=True)
    os.execvp(words[0], words)  # noqa: S606 - the terminal is handed over


@verb(positional=["command"], help=TO | HOST | {"command": 'the command, such as "microblog jobs list"'})
def run(_context: Connection, command: str, host: str = "", to: str = "lab") -> None:
    """Run a microblog command on a host, such as: fab run "microblog jobs dead"."""
    words = read_command(command)
    chosen = _choose_host(to, host)
    # A command that asks for something, such as a password, needs the terminal.
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    command, text = microblog_command(*words, terminal=terminal)
    code = run_after([*chosen.ssh_command(terminal=terminal), command], text)
    if code == UNREACHABLE:
        others = ", ".join(
            other.name for other in read_hosts(to, group="worker") if other.name != chosen.name
        )
        raise VerbError(
            f"{chosen.name} can't be reached; name another host by --host: {others or 'there is none'}"
        )
    if code != 0:
        raise SystemExit(code)


def run_after(words: list[str], text: str) -> int:
    """Run a command that gets the text and then what comes on standard input; its exit code."""
    with subprocess.Popen(words, stdin=subprocess.PIPE if text else None) as process:
        if text:
            # Nobody waits for it: standard input may stay open for longer than the command runs.
            threading.Thread(target=_pass_on, args=(process, text.encode()), daemon=True).start()
        return process.wait()


def _pass_on(process: "subprocess.Popen[bytes]", data: bytes) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin:
        while data:
            process.stdin.write(data)
            process.stdin.flush()
            data = os.read(0, 65536)


def read_command(command: str) -> list[str]:
    """The words after `microblog`. Raises `VerbError` for what is no microblog command."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise VerbError(f"{command}: {str(error).lower()}") from None
    if words[:1] != ["microblog"]:
        raise VerbError('only microblog commands: fab run "microblog …"; for others there is fab shell')
    return words[1:]


def _choose_host(environment: str, name: str) -> Host:
    hosts = read_hosts(environment, name) if name else read_hosts(environment, group="worker")
    if len(hosts) != 1 and name:
        raise VerbError(f"name one host, not {name}")
    if not hosts:
        raise VerbError(f"{environment} has no worker host: name one by --host")
    return hosts[0]
