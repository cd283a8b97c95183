"""A visitor of a web server on a Unix socket: one connection that is kept, cookies, logging in."""

import http.client
import re
import socket
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

SECONDS = 30
TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')
HOST = "bench.example.org"


@dataclass(frozen=True)
class Answer:
    """What a web server answered."""

    status: int
    body: bytes


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__(HOST, timeout=SECONDS)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(SECONDS)
        self.sock.connect(str(self.path))


class Client:
    """Asks one request after the other."""

    def __init__(self, path: Path) -> None:
        self.connection = _UnixConnection(path)
        self.cookies: dict[str, str] = {}
        self.headers: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.connection.close()

    def get(self, path: str) -> Answer:
        """Ask for a page, redirects not followed."""
        return self._ask("GET", path)

    def post(self, path: str, fields: dict[str, str]) -> Answer:
        """Send a form."""
        return self._ask("POST", path, urlencode(fields))

    def log_in(self, name: str, password: str) -> None:
        """Log in as a browser does. Raises `RuntimeError` where it is refused."""
        found = TOKEN.search(self.get("/log-in").body.decode())
        if found is None:
            raise RuntimeError("the page to log in has no form")
        answer = self.post("/log-in", {"csrf_token": found[1], "identifier": name, "password": password})
        if answer.status not in {302, 303}:
            raise RuntimeError(f"logging in as {name} was answered by {answer.status}")

    def _ask(self, method: str, path: str, body: str | None = None) -> Answer:
        headers = {"Accept": "*/*", **self.headers}
        if self.cookies:
            # Beside those given from the start, such as somebody's log-in.
            kept = [f"{name}={value}" for name, value in self.cookies.items()]
            headers["Cookie"] = "; ".join([*filter(None, [headers.get("Cookie")]), *kept])
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        except (ConnectionResetError, BrokenPipeError):
            # A connection that rested for seconds is closed by the server.
            self.connection.close()
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        for line in response.headers.get_all("Set-Cookie") or ():
            self.cookies |= {name: cookie.value for name, cookie in SimpleCookie(line).items()}
        return Answer(response.status, response.read())
