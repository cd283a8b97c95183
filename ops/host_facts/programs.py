"""Which of Supervisor's programs run, of those that should."""

import configparser
import http.client
import socket
import time
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ops.host_facts.series import Series, series

#: supervisord answers at once and shortly, or not at all; who holds its user may answer without end.
SECONDS, MOST_BYTES = 5, 1_000_000
SLOT = "web-"


class _Patience(socket.socket):
    """Takes an answer until that moment and up to that size, however little comes at a time."""

    def __init__(self, until: float) -> None:
        super().__init__(socket.AF_UNIX, socket.SOCK_STREAM)
        self.until, self.left = until, MOST_BYTES
        self.settimeout(SECONDS)

    def recv_into(self, *arguments: Any) -> int:
        """What http.client reads by."""
        seconds = self.until - time.monotonic()
        if seconds <= 0 or self.left <= 0:
            raise OSError("the answer is too slow, or too long")
        self.settimeout(seconds)
        count = super().recv_into(*arguments)
        self.left -= count
        return count


class _Connection(http.client.HTTPConnection):
    """To a Unix socket: the host's name is its path."""

    def __init__(self, path: str, until: float) -> None:
        super().__init__("localhost")
        self.path, self.until = path, until

    def connect(self) -> None:
        self.sock = _Patience(self.until)
        self.sock.connect(self.path)


class _Transport(xmlrpc.client.Transport):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path, self.until = path, time.monotonic() + SECONDS

    def make_connection(self, _host: object) -> _Connection:
        connection = _Connection(self.path, self.until)
        # Where the class looks for what to close.
        self._connection = (self.path, connection)
        return connection

    def parse_response(self, response: http.client.HTTPResponse) -> Any:
        """As it came: the class would also unpack it, to whatever size."""
        parser, result = self.getparser()
        parser.feed(response.read())
        parser.close()
        return result.close()


def ask_supervisor(path: Path) -> dict[str, str]:
    """The states of all programs by their names. Raises `OSError` where supervisord doesn't answer."""
    with xmlrpc.client.ServerProxy("http://localhost", transport=_Transport(str(path))) as server:
        found = server.supervisor.getAllProcessInfo()
    assert isinstance(found, list)
    return {str(each["name"]): str(each["statename"]) for each in found}


def find_wanted(folder: Path, active: str) -> dict[str, str]:
    """What should run: how it is told, and its name for Supervisor.

    `active` is the slot that serves, as `blue`. A slot is told as `web`, whichever it is. What is not started
    again when it ends runs for once: what starts the active slot at boot, and a deploy's first worker.
    """
    wanted = {}
    for path in sorted(folder.glob("*.conf")):
        program = configparser.RawConfigParser()
        program.read(path, encoding="utf-8")
        name = path.stem
        if program.get(f"program:{name}", "autorestart", fallback="true") == "false":
            continue
        if not name.startswith(SLOT):
            wanted[name] = name
        elif name == SLOT + active:
            wanted["web"] = name
    return wanted


def read_programs(root: Path) -> Iterator[Series]:
    """Whether each program that should run does: none of them, where supervisord doesn't."""
    link = root / "var/lib/microblog/run/current.sock"
    active = link.readlink().stem if link.is_symlink() else ""
    wanted = find_wanted(root / "etc/supervisor/conf.d", active)
    if not wanted:
        return
    try:
        states = ask_supervisor(root / "run/supervisor/supervisor.sock")
    except OSError:
        states = {}
    for told, name in wanted.items():
        yield series("microblog_program_up", int(states.get(name) == "RUNNING"), program=told)
