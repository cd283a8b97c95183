"""A media host of the tests: nginx's DAV module and autoindex in small, on loopback, and its troubles."""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import orjson


class MediaServer:
    """A host with its files in `folder`. It may be stopped and started again, on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        #: Methods that are answered with this status instead.
        self.refusals: dict[str, int] = {}
        #: Bytes of each body that are sent before the connection ends.
        self.cut_after: int | None = None
        #: Set while nothing is answered.
        self.is_mute = False
        #: Seconds between the single bytes of a body.
        self.drip_seconds: float | None = None
        self.requests: list[str] = []
        self.request_ids: list[str | None] = []
        self._woken = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> Self:
        media = self

        class Handler(MediaHandler):
            @property
            def host(self) -> MediaServer:
                return media

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._server.daemon_threads = True
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        self._woken.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def stay_mute(self) -> None:
        self._woken.wait(30)

    def pause(self) -> None:
        self._woken.wait(self.drip_seconds)

    def files(self) -> dict[str, bytes]:
        """All files, by `<key>/<name>`."""
        return {
            "/".join(path.parts[-2:]): path.read_bytes() for path in self.folder.rglob("*") if path.is_file()
        }

    def age(self, key: str, *, days: float) -> None:
        """Have a key's folder left alone for so long."""
        then = time.time() - days * 86_400
        os.utime(self.folder / key[:2] / key, (then, then))


@contextmanager
def media_servers(folder: Path, count: int) -> Iterator[list[MediaServer]]:
    """As many hosts, until the block ends."""
    servers = [MediaServer(folder / f"host{number}") for number in range(count)]
    try:
        yield servers
    finally:
        for server in servers:
            server.stop()


class MediaHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def host(self) -> MediaServer:
        raise NotImplementedError

    def do_GET(self) -> None:
        if self._is_refused():
            return
        path = self._path()
        if path.is_dir() and self.path.endswith("/"):
            self._answer(200, orjson.dumps([self._entry(one) for one in sorted(path.iterdir())]))
        elif path.is_dir():
            self._answer(301, location=f"{self.path}/")
        elif path.is_file():
            self._answer(200, path.read_bytes())
        else:
            self._answer(404, b"<html>404</html>")

    do_HEAD = do_GET  # noqa: N815 - the name that its base class calls

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if self._is_refused():
            return
        path = self._path()
        is_new = not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self._answer(201 if is_new else 204)

    def do_DELETE(self) -> None:
        if self._is_refused():
            return
        path = self._path()
        if not path.exists():
            self._answer(404, b"<html>404</html>")
        elif path.is_dir():
            # Like nginx: a folder only by its own name, which ends with a slash.
            if self.path.endswith("/"):
                shutil.rmtree(path)
            self._answer(204 if self.path.endswith("/") else 409)
        else:
            path.unlink()
            self._answer(204)

    def _is_refused(self) -> bool:
        self.host.requests.append(f"{self.command} {self.path}")
        self.host.request_ids.append(self.headers["X-Request-ID"])
        if self.host.is_mute:
            self.host.stay_mute()
        status = self.host.refusals.get(self.command)
        if status is not None:
            self._answer(status, b"<html>no</html>")
        return status is not None

    def _path(self) -> Path:
        assert ".." not in self.path
        return self.host.folder / self.path.strip("/")

    def _entry(self, path: Path) -> dict[str, Any]:
        stat = path.stat()
        entry = {"name": path.name, "type": "directory", "mtime": formatdate(stat.st_mtime, usegmt=True)}
        return entry if path.is_dir() else {**entry, "type": "file", "size": stat.st_size}

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD" or not body:
            return
        if self.host.drip_seconds is not None:
            for byte in body:
                self.wfile.write(bytes([byte]))
                self.host.pause()
        self.wfile.write(body[: self.host.cut_after])
        # What was promised doesn't come any more.
        self.close_connection = self.host.cut_after is not None

    def handle(self) -> None:
        # A client that had enough.
        try:
            super().handle()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass
