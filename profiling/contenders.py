"""Web servers that can run Microblog, and how each is started with the same application.

All but gunicorn are in requirements/servers.txt, which `make profile-servers` installs: no host has them.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from devstack.processes import tail, wait_for
from microblog.cli.measuring import VARIABLE
from microblog.cli.web import GRACEFUL_SECONDS
from profiling.servers import BIN, READY_SECONDS, Servers, Web

ROOT = Path(__file__).parents[1]
INSTALL = "make profile-servers installs it"
APPLICATION = "profiling.loading:application"
GUNICORN = "gunicorn"


@dataclass(frozen=True)
class Crew:
    """How a server serves: by `workers` processes of `threads` threads, over connections kept or not."""

    workers: int = 2
    threads: int = 4
    is_kept: bool = False


@dataclass(frozen=True)
class Contender:
    """A server: the distribution it comes in, the command that starts it, and what must be known of it.

    `started` is what it logs of each process that can serve, where they don't all at once.
    """

    name: str
    distribution: str
    command: Callable[[Path, Crew], list[str]]
    about: str
    started: bytes = b""

    @property
    def version(self) -> str | None:
        """The installed release; None where there is none."""
        try:
            return version(self.distribution)
        except PackageNotFoundError:
            return None

    @property
    def release(self) -> str:
        """What is installed of it, or how to install it."""
        return f"{self.distribution} {self.version}" if self.version else f"not installed: {INSTALL}"


def start_gthread(_socket: Path, _crew: Crew) -> list[str]:
    """Ours, as it is in production."""
    return [str(BIN / "microblog"), "web"]


def start_sync(_socket: Path, _crew: Crew) -> list[str]:
    """The same with sync workers."""
    return [sys.executable, "-m", "profiling.gunicorns", "sync"]


def start_gevent(_socket: Path, _crew: Crew) -> list[str]:
    """The same with gevent workers, all of it patched from the first line on."""
    return [sys.executable, "-m", "gevent.monkey", "--module", "profiling.gunicorns", "gevent"]


def start_granian(socket: Path, crew: Crew) -> list[str]:
    """Granian for WSGI, the application loaded before it forks."""
    return [
        *(sys.executable, "-m", "profiling.granians", "--interface", "wsgi", "--http", "1", "--no-ws"),
        *("--uds", str(socket), "--workers", str(crew.workers), "--blocking-threads", str(crew.threads)),
        *("--workers-kill-timeout", str(GRACEFUL_SECONDS), "--respawn-failed-workers", APPLICATION),
    ]


def start_uwsgi(socket: Path, crew: Crew) -> list[str]:
    """The HTTP socket of uWSGI, the application loaded before it forks, TERM a graceful stop."""
    return [
        *(str(BIN / "uwsgi"), "--strict", "--master", "--need-app", "--single-interpreter"),
        *("--http11-socket" if crew.is_kept else "--http-socket", str(socket)),
        *("--buffer-size", "32768", "--disable-logging"),
        *("--processes", str(crew.workers), "--threads", str(crew.threads)),
        *("--harakiri", str(GRACEFUL_SECONDS), "--worker-reload-mercy", str(GRACEFUL_SECONDS)),
        *("--hook-master-start", "unix_signal:15 gracefully_kill_them_all", "--module", APPLICATION),
    ]


#: Ours: what the others are compared with.
OURS = Contender("gunicorn gthread", GUNICORN, start_gthread, "what production runs")
OTHERS = (
    Contender(
        "gunicorn sync", GUNICORN, start_sync, "one request at a time a process; it closes each connection"
    ),
    Contender(
        "gunicorn gevent",
        "gevent",
        start_gevent,
        "psycopg2 waits by select.poll (data/deadlines.py), which gevent makes cooperative: no psycogreen",
    ),
    Contender(
        "granian",
        "granian",
        start_granian,
        "the application is loaded before it forks, which its own command does not do",
        started=b"Started worker-",
    ),
    Contender(
        "uWSGI",
        "pyuwsgi",
        start_uwsgi,
        "its processes are forks of the loaded application; a kept connection holds a thread",
    ),
)


@contextmanager
def serve(servers: Servers, contender: Contender, crew: Crew, suffix: str) -> Iterator[Web]:
    """This server until the block ends, with the logs and metrics that production has."""
    name = f"{contender.name.replace(' ', '-').lower()}-{suffix}"
    metrics = servers.folder / f"metrics-{name}"
    environment = {
        "MICROBLOG_WEB_WORKERS": str(crew.workers),
        "MICROBLOG_WEB_THREADS": str(crew.threads),
        "MICROBLOG_LOG_FORMAT": "json",
        "MICROBLOG_METRICS_DIR": str(metrics),
        # A process that finds another one here would start anew, by a command that isn't its server's.
        VARIABLE: str(metrics / "web"),
        "PYTHONPATH": str(ROOT),
        # The same order in all sets and dictionaries.
        "PYTHONHASHSEED": "0",
    }
    with servers.serve(name, contender.command(servers.folder / f"{name}.sock", crew), environment) as web:
        if contender.started:
            wait_for(
                lambda: web.log.read_bytes().count(contender.started) >= crew.workers,
                READY_SECONDS,
                lambda: f"{contender.name} has processes that do not get ready:\n{tail(web.log)}",
            )
        yield web
