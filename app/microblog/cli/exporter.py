"""`microblog exporter`: the metrics of all programs of this host, added up, for Prometheus to fetch."""

import signal
import socket
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server

import click
from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from microblog.cli.folding import BROKEN, fold, list_files, locked
from microblog.cli.support import BadSettings, Failed, examples, read_settings
from microblog.observability.logs import configure_logs

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ATTEMPTS = 5
#: Files of a kind that dead processes may leave before they are folded: folding costs more than reading them.
FEW = 8


class FolderCollector(Collector):
    """Adds up the metrics files of all programs below a folder, the living processes' and the dead ones'."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def collect(self) -> Iterable[Metric]:
        """All metrics. Tries again where a file went away meanwhile, or was broken by a crash of the host."""
        for _ in range(ATTEMPTS):
            try:
                return self._read(least=FEW)
            except (FileNotFoundError, *BROKEN):
                continue
        # What a dead process left half-written is read with care, and whole again afterwards.
        return self._read(least=1)

    def _read(self, *, least: int) -> list[Metric]:
        with ExitStack() as locks:
            files: list[Path] = []
            for folder in sorted(path for path in (self.folder, *self.folder.glob("*/")) if path.is_dir()):
                locks.enter_context(locked(folder))
                fold(folder, least=least)
                files += list_files(folder)
            names = [str(path) for path in files]
            return list(MultiProcessCollector.merge(names, accumulate=True))  # type: ignore[no-untyped-call]


def make_app(folder: Path) -> "WSGIApplication":
    """A WSGI application that answers `/metrics` and nothing else."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(FolderCollector(folder))
    metrics: WSGIApplication = make_wsgi_app(registry)

    def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/metrics":
            return metrics(environ, start_response)
        start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"The metrics are at /metrics\n"]

    return app


class QuietHandler(WSGIRequestHandler):
    """Writes no line for each scrape."""

    timeout = 30

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Say nothing."""


class Server(ThreadingWSGIServer):
    """Answers each scrape in a thread of its own, on IPv4; `ServerIPv6` on IPv6."""


class ServerIPv6(Server):
    """The same on an IPv6 address."""

    address_family = socket.AF_INET6


def split_address(bind: str) -> tuple[str, int]:
    """Host and port of `host:port` or `[v6]:port`. Raises `BadSettings` for anything else."""
    try:
        parts = urlsplit(f"//{bind}")
        if parts.hostname is not None and parts.port is not None:
            return parts.hostname, parts.port
    except ValueError:
        pass
    raise BadSettings(f"MICROBLOG_METRICS_BIND: {bind!r} is no host:port; give one such as 127.0.0.1:8002")


@click.command(epilog=examples("microblog exporter", "curl http://127.0.0.1:8002/metrics"))
def command() -> None:
    """Serve the metrics below MICROBLOG_METRICS_DIR at /metrics of MICROBLOG_METRICS_BIND.

    Give it a private address: the figures are nobody else's business.
    """
    settings = read_settings()
    if settings.metrics_dir is None:
        raise BadSettings("MICROBLOG_METRICS_DIR: is not set; give the folder that all programs share")
    configure_logs(settings, service="exporter")
    host, port = split_address(settings.metrics_bind)
    signal.signal(signal.SIGTERM, _stop)
    server_class = ServerIPv6 if ":" in host else Server
    try:
        server = make_server(host, port, make_app(settings.metrics_dir), server_class, QuietHandler)
    except OSError as error:
        raise Failed(
            f"can't listen on {settings.metrics_bind}: {error.strerror}; change MICROBLOG_METRICS_BIND"
        ) from error
    with server:
        server.serve_forever()


def _stop(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)
