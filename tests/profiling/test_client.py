"""What a harness's client sends."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import UnixStreamServer
from threading import Thread

import pytest

from profiling.client import Client


class Echo(BaseHTTPRequestHandler):
    """Answers with the cookies that came, and sets one."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        body = (self.headers["Cookie"] or "").encode()
        self.send_response(200)
        self.send_header("Set-Cookie", "state=1; Path=/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        """A socket's peer has no address."""
        return "-"

    def log_message(self, *_words: object) -> None:
        """Nothing."""


@pytest.fixture
def socket(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "echo.sock"
    with UnixStreamServer(str(path), Echo) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield path
        server.shutdown()
        thread.join()


def test_a_given_cookie_is_sent_beside_those_that_answers_set(socket: Path) -> None:
    with Client(socket) as client:
        client.headers = {"Cookie": "session=2"}
        first, second = client.get("/"), client.get("/")

    assert (first.body, second.body) == (b"session=2", b"session=2; state=1")
