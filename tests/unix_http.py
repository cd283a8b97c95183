"""HTTP over a Unix socket, as a web server in front of the site speaks it."""

import socket
from http.client import HTTPConnection
from pathlib import Path


class UnixConnection(HTTPConnection):
    """A connection to a socket's path; each wait lasts at most `seconds`."""

    def __init__(self, path: Path, seconds: float = 30) -> None:
        super().__init__("localhost", timeout=seconds)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))
