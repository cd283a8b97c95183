"""`microblog web`: gunicorn with the settings of this site."""

import gc
import importlib
import logging
import os
import re
import signal
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import click
import structlog
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from gunicorn.workers.base import Worker  # type: ignore[import-untyped]

from microblog.cli.measuring import mark_dead
from microblog.cli.starting import start_program
from microblog.cli.support import examples, read_settings
from microblog.observability.logs import clear_context
from microblog.settings import Settings

log = structlog.get_logger(__name__)

# Longest request < graceful time < the supervisor's stopwaitsecs, so that no request is cut by a stop.
GRACEFUL_SECONDS = 30
# gunicorn's words of what it could not read: the rest is what was sent, and may hold a link with its token.
INVALID = re.compile(r"Invalid request from ip=(\S*): ")
UNREADABLE = "Error handling request"
STOPS = (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT)
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - gunicorn makes and unlinks a private file there


class PlainLogger(Logger):  # type: ignore[misc]
    """Hands gunicorn's own messages to the process's logging; requests are logged by http/."""

    def setup(self, cfg: Config) -> None:
        """Take gunicorn's own handlers off again."""
        super().setup(cfg)
        for handler in list(self.error_log.handlers):
            self.error_log.removeHandler(handler)
        self.error_log.propagate = True
        self.error_log.setLevel(logging.NOTSET)

    def warning(self, msg: object, *args: Any, **kwargs: Any) -> None:
        """Of a malformed request, tell the kind of its fault and of its sender only."""
        found = INVALID.match(str(msg))
        if found is None:
            super().warning(msg, *args, **kwargs)
            return
        # The thread's former request has nothing to do with this one.
        clear_context()
        log.warning("web.malformed_request", error=type(sys.exception()).__name__, client=kind_of(found[1]))

    def exception(self, msg: object, *args: Any, **kwargs: Any) -> None:
        """Leave out the address that was asked for."""
        if str(msg).startswith(UNREADABLE):
            msg, args = UNREADABLE, ()
        super().exception(msg, *args, **kwargs)


def kind_of(address: str) -> str:
    """What kind of address a peer has: `unix`, `loopback`, `private` or `public`."""
    if not address:
        return "unix"
    peer = ip_address(address.partition("%")[0])
    if peer.is_loopback:
        return "loopback"
    return "private" if peer.is_private else "public"


class Site(BaseApplication):  # type: ignore[misc]
    """gunicorn around `microblog.wsgi`, loaded once: its workers are forks that share its memory.

    What opens connections does so when it is first used, in the worker: none crosses the fork.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        """Take the options over; no file and no GUNICORN_CMD_ARGS."""
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application, ready for its first visitor."""
        importlib.import_module("microblog.data.deadlines").switch_on()
        application = importlib.import_module("microblog.wsgi").application
        importlib.import_module("microblog.web.warming").warm_up(application)
        # A worker's garbage collection would else write to all that it shares, and so copy it.
        gc.collect()
        gc.freeze()
        return application


def make_options(settings: Settings) -> dict[str, Any]:
    """The settings for gunicorn (https://docs.gunicorn.org/en/stable/settings.html)."""
    return {
        "bind": settings.web_bind,
        "workers": settings.web_workers,
        # In the parent, before it forks, but after it listens: who comes meanwhile waits, instead of a 502.
        "when_ready": load_site,
        # A sync worker resets what waits in its backlog when it stops.
        "worker_class": "gthread",
        "threads": settings.web_threads,
        "graceful_timeout": GRACEFUL_SECONDS,
        "timeout": GRACEFUL_SECONDS,
        # Its heartbeat must not wait for a busy disk.
        "worker_tmp_dir": str(SHARED_MEMORY) if os.access(SHARED_MEMORY, os.W_OK) else None,
        # The web server in front reaches a Unix socket by its group.
        "umask": 0o007,
        # A second instance of the same user would take it over, and the first to stop delete it.
        "control_socket_disable": True,
        # Who may set forwarding headers is MICROBLOG_TRUSTED_PROXIES alone.
        "forwarded_allow_ips": "",
        "secure_scheme_headers": {},
        "forwarder_headers": "",
        "accesslog": None,
        "loglevel": settings.log_level.lower(),
        "logger_class": PlainLogger,
        "proc_name": "microblog web",
        "post_fork": heed_stops,
        "post_worker_init": announce_worker,
        "child_exit": forget_worker,
    }


def load_site(arbiter: Arbiter) -> None:
    """Load the application whose memory workers share."""
    arbiter.app.wsgi()


def heed_stops(arbiter: Arbiter, _worker: Worker) -> None:
    """Let a new worker end by what it is told before it has gunicorn's handlers.

    Until then a signal only lands in its copy of the parent's queue, and it would live until it is killed.
    """
    for number in STOPS:
        signal.signal(number, lambda *_: sys.exit())
    while not arbiter.SIG_QUEUE.empty():
        if arbiter.SIG_QUEUE.get() in STOPS:
            sys.exit()


def announce_worker(worker: Worker) -> None:
    """Count a new worker's connections."""
    worker.wsgi.extensions["microblog"].resources.database.announce()


def forget_worker(_arbiter: Arbiter, worker: Worker) -> None:
    """Take what a dead worker said about the present out of the metrics."""
    mark_dead(worker.pid)


@click.command(epilog=examples("microblog web", "MICROBLOG_WEB_BIND=unix:/run/web.sock microblog web"))
def command() -> None:
    """Serve the site on MICROBLOG_WEB_BIND.

    It runs MICROBLOG_WEB_WORKERS processes of MICROBLOG_WEB_THREADS threads. TERM stops it when the requests
    that run are answered, after 30 seconds at most.
    """
    settings = read_settings()
    start_program(settings, "web")
    Site(make_options(settings)).run()
