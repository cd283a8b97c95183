"""The real programs under a scenario's requests: what the harnesses of live processes look at."""

import http.client
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask

from devstack.processes import guarded, tail, wait_for
from devstack.servers import Server
from profiling.client import Client
from profiling.servers import BIN, READY_SECONDS, Servers, Web, clean_environment

#: What a program logs when it can work.
READY = {"web": b"Listening at", "worker": b'"worker.ready"', "relay": b'"relay.started"'}
#: Between two programs only (RFC 9110, 7.6.1).
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}


class Forwarder:
    """A WSGI application that asks a web server on a Unix socket: a test client's requests go to it."""

    def __init__(self, socket: Path) -> None:
        self.connection = Client(socket).connection
        self.asked = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Hand a request on, and its answer back."""
        self.asked += 1
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        response = self._ask(environ["REQUEST_METHOD"], environ["REQUEST_URI"], body, _headers(environ))
        answered = [(name, value) for name, value in response.getheaders() if name.lower() not in HOP_BY_HOP]
        start_response(f"{response.status} {response.reason}", answered)
        return [response.read()]

    def close(self) -> None:
        """Close its connection."""
        self.connection.close()

    def _ask(
        self, method: str, target: str, body: bytes, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        try:
            self.connection.request(method, target, body or None, headers)
            return self.connection.getresponse()
        except (ConnectionResetError, BrokenPipeError):
            # A connection that rested for seconds is closed by the server.
            self.connection.close()
            self.connection.request(method, target, body or None, headers)
            return self.connection.getresponse()


def _headers(environ: dict[str, Any]) -> dict[str, str]:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").title(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    return headers | ({"Content-Type": environ["CONTENT_TYPE"]} if environ.get("CONTENT_TYPE") else {})


@contextmanager
def forwarded(app: Flask, socket: Path) -> Iterator[Forwarder]:
    """In the block, requests of this application's test clients are answered by the server on the socket."""
    own, forwarder = app.wsgi_app, Forwarder(socket)
    app.wsgi_app = forwarder  # type: ignore[method-assign]
    try:
        yield forwarder
    finally:
        app.wsgi_app = own  # type: ignore[method-assign]
        forwarder.close()


@contextmanager
def start_web(servers: Servers) -> Iterator[Web]:
    """The web server with one process for requests: a second would have its share of the graph by chance."""
    with servers.serve("flame", [str(BIN / "microblog"), "web"], {"MICROBLOG_WEB_WORKERS": "1"}) as web:
        yield web


@contextmanager
def start_program(servers: Servers, program: str, *options: str) -> Iterator[tuple[int, Path]]:
    """A `microblog` program on the servers' data, ready to work: its process and its log."""
    log = servers.folder / f"{program}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            guarded([str(BIN / "microblog"), program, *options], "TERM"),
            env=clean_environment() | servers.environment | {"MICROBLOG_LOG_FORMAT": "json"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # Ctrl-C at a terminal ends the harness, which then ends this: answers that run are still given.
            start_new_session=True,
        )
    with Server(process):

        def is_ready() -> bool:
            if process.poll() is not None:
                raise RuntimeError(f"microblog {program} ended at once:\n{tail(log)}")
            return READY[program] in log.read_bytes()

        wait_for(is_ready, READY_SECONDS, lambda: f"microblog {program} does not get ready:\n{tail(log)}")
        yield process.pid, log
