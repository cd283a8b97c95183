"""fab shell and run: entering hosts."""

import os
import shlex
import subprocess
import sys

from fabric import Connection

from ops.inventory import Host, read_hosts
from ops.verbs.terminal import TO, VerbError, verb

#: The installed command, as the user that the programs run as.
MICROBLOG = "sudo -n -u microblog /opt/microblog/bin/microblog-run current"
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
    ssh = chosen.ssh_command(terminal=sys.stdin.isatty() and sys.stdout.isatty())
    done = subprocess.run([*ssh, f"{MICROBLOG} {shlex.join(words)}"], check=False)
    if done.returncode == UNREACHABLE:
        others = ", ".join(
            other.name for other in read_hosts(to, group="worker") if other.name != chosen.name
        )
        raise VerbError(
            f"{chosen.name} can't be reached; name another host by --host: {others or 'there is none'}"
        )
    if done.returncode != 0:
        raise SystemExit(done.returncode)


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
