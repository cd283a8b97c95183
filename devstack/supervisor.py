"""Talks to the stack's supervisord over its Unix socket, by XML-RPC as supervisorctl does."""

import socket
from http.client import HTTPException
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from devstack.processes import StackError

RUNNING = "RUNNING"
#: States that a program doesn't leave by itself.
GIVEN_UP = ("FATAL", "EXITED", "UNKNOWN")


class Supervisor:
    """A running supervisord, found by its socket."""

    def __init__(self, path: Path) -> None:
        self.path = path
        transport = SupervisorTransport(None, None, serverurl=f"unix://{path}")
        self._server: Any = ServerProxy("http://127.0.0.1", transport=transport).supervisor

    def is_up(self) -> bool:
        """Whether somebody listens on the socket; a killed supervisord leaves a file where nobody does."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.path))
            except OSError:
                return False
            return True

    def states(self) -> dict[str, str]:
        """Each program's state, such as RUNNING or FATAL. Raises `StackError` when supervisord is gone."""
        return {name: state for name, state, _ in self.descriptions()}

    def descriptions(self) -> list[tuple[str, str, str]]:
        """Each program's name, state, and since when or why. Raises `StackError` when supervisord is gone."""
        try:
            rows = self._server.getAllProcessInfo()
        except (Fault, OSError, HTTPException) as error:
            raise StackError("supervisord has ended: its log is var/log/supervisord.log") from error
        return [(str(row["name"]), str(row["statename"]), str(row["description"])) for row in rows]

    def start_group(self, group: str) -> None:
        """Start a group's programs without waiting for them to stay up."""
        wait = False
        self._server.startProcessGroup(group, wait)

    def shut_down(self) -> None:
        """Let supervisord stop all programs and end."""
        try:
            self._server.shutdown()
        except (Fault, OSError):
            # It is going down already.
            return
