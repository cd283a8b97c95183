"""Where a checkout's development stack keeps its things, and the environment that its programs get."""

import hashlib
import json
import os
import pwd
import secrets
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devstack import postgres, valkey
from devstack.processes import (
    SOCKET_PATH_BYTES,
    StackError,
    can_run,
    make_folder,
    server_account,
    write_private,
)

ROOT = Path(__file__).resolve().parent.parent
DATABASE = "microblog"
#: The longest socket below the state folder, with the suffix that supervisord appends while it makes its own.
LONGEST_SOCKET = "/postgres/run/.s.PGSQL.5432.123456789"
HIGHEST_PORT = 32767
DEMO_USERNAME = "demo"


@dataclass(frozen=True)
class Ports:
    """The stack's ports: the site's, and the three after it."""

    site: int

    @property
    def mailbox(self) -> int:
        """The mailbox's web page."""
        return self.site + 1

    @property
    def metrics(self) -> int:
        """Prometheus' page of figures."""
        return self.site + 2

    @property
    def smtp(self) -> int:
        """Where the site hands its mail over."""
        return self.site + 3

    def named(self) -> dict[str, int]:
        """Each port by what it is for."""
        return {"site": self.site, "mailbox": self.mailbox, "metrics": self.metrics, "SMTP": self.smtp}


@dataclass(frozen=True)
class Layout:
    """The folders of one checkout: `var` for people, `state` for servers and sockets (often the same)."""

    var: Path
    state: Path

    @property
    def log(self) -> Path:
        """Each program's log file."""
        return self.var / "log"

    @property
    def mail(self) -> Path:
        """Each mail as a file."""
        return self.var / "mail"

    @property
    def metrics(self) -> Path:
        """What the processes share of their figures."""
        return self.var / "metrics"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data and socket."""
        return self.state / "postgres"

    @property
    def redis(self) -> Path:
        """Redis' data and socket."""
        return self.state / "redis"

    @property
    def redis_socket(self) -> Path:
        """Redis' socket."""
        return self.redis / "redis.sock"

    @property
    def supervisor_socket(self) -> Path:
        """Where the running supervisord takes orders."""
        return self.state / "supervisor.sock"

    @property
    def secrets_file(self) -> Path:
        """The generated secrets of this checkout's stack; they live and die with its database."""
        return self.state / "secrets.json"

    @property
    def environment_file(self) -> Path:
        """The programs' environment, for a shell: `set -a; . var/environment; microblog config check`."""
        return self.var / "environment"


def home() -> Path:
    """The folder that holds `var`: the checkout, or what `DEVSTACK_HOME` names (a second stack of it)."""
    return Path(os.environ.get("DEVSTACK_HOME", ROOT))


def open_layout(root: Path) -> Layout:
    """The folders of a checkout, made where missing.

    Raises `StackError` when they belong to somebody else.
    """
    var = root / "var"
    _refuse_others(var)
    make_folder(var)
    state = _choose_state(var)
    for folder in (state, var / "log", var / "mail", var / "media", var / "metrics"):
        make_folder(folder)
    make_folder(state / "redis", 0o700)
    make_folder(state / "postgres")
    return Layout(var, state)


def _choose_state(var: Path) -> Path:
    """`var`, or a short folder that the servers' user reaches where `var` is too long or shut off from it."""
    fits = len(os.fsencode(f"{var}{LONGEST_SOCKET}")) <= SOCKET_PATH_BYTES
    if fits and can_run(["test", "-x", str(var)], server_account()):
        return var
    short = fallback_state(var)
    _refuse_others(short)
    return short


def fallback_state(var: Path) -> Path:
    """The short state folder of a checkout, one for each."""
    return Path("/var/tmp") / f"microblog-{hashlib.sha256(os.fsencode(var)).hexdigest()[:12]}"  # noqa: S108 - checked


def _refuse_others(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and folder.stat().st_uid != os.geteuid()):
        owner = pwd.getpwuid(folder.lstat().st_uid).pw_name
        raise StackError(f"{folder} belongs to {owner}: run as that user, or let them run `make reset` first")


def load_secrets(layout: Layout) -> dict[str, str]:
    """The secrets of this checkout, generated the first time."""
    if layout.secrets_file.exists():
        known: dict[str, str] = json.loads(layout.secrets_file.read_text(encoding="utf-8"))
        return known
    made = {
        "secret_key": secrets.token_urlsafe(48),
        "demo_password": secrets.token_hex(6),
        postgres.OWNER_ROLE: secrets.token_urlsafe(24),
        postgres.APP_ROLE: secrets.token_urlsafe(24),
    }
    write_private(layout.secrets_file, json.dumps(made, indent=2) + "\n")
    return made


def make_environment(
    layout: Layout, ports: Ports, known: Mapping[str, str], environ: Mapping[str, str]
) -> dict[str, str]:
    """The `MICROBLOG_*` variables of the stack's programs.

    The person's own (`MICROBLOG_SITE_NAME`, say) are passed on, but those that the stack decides are not: a
    database URL that lies about in a shell must never be the one that gets demo data.

    `DEVSTACK_REDIS_SERVER` may be a URL of a Redis that already runs: then its databases 0 and 1 are used.
    """
    database = _database_urls(layout, known, environ)
    cluster_redis = environ.get("DEVSTACK_REDIS_SERVER", "")
    redis_urls = [
        f"{cluster_redis.rstrip('/')}/{number}"
        if is_url(cluster_redis)
        else valkey.url(layout.redis_socket, number)
        for number in (0, 1)
    ]
    made = {
        "MICROBLOG_ENV": "development",
        "MICROBLOG_SECRET_KEY": known["secret_key"],
        "MICROBLOG_BASE_URL": f"http://localhost:{ports.site}",
        "MICROBLOG_DATABASE_URL": database[postgres.APP_ROLE],
        "MICROBLOG_OWNER_DATABASE_URL": database[postgres.OWNER_ROLE],
        "MICROBLOG_BROKER_URL": redis_urls[0],
        "MICROBLOG_CACHE_URL": redis_urls[1],
        "MICROBLOG_SMTP_URL": f"smtp://127.0.0.1:{ports.smtp}",
        "MICROBLOG_MEDIA_DIR": str(layout.var / "media"),
        "MICROBLOG_WEB_BIND": f"127.0.0.1:{ports.site}",
        "MICROBLOG_METRICS_BIND": f"127.0.0.1:{ports.metrics}",
        "MICROBLOG_METRICS_DIR": str(layout.metrics),
    }
    return {name: value for name, value in environ.items() if name.startswith("MICROBLOG_")} | made


def _database_urls(layout: Layout, known: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    server = environ.get("DEVSTACK_POSTGRES_URL")
    if server:
        return {
            role: postgres.url_of(server, role, known[role], DATABASE)
            for role in (postgres.OWNER_ROLE, postgres.APP_ROLE)
        }
    cluster = postgres.Cluster(Path(), layout.postgres, None)
    return {
        role: cluster.url(role, known[role], DATABASE) for role in (postgres.OWNER_ROLE, postgres.APP_ROLE)
    }


def is_url(text: str) -> bool:
    """Whether a setting names a server that already runs, and not a program."""
    return "://" in text


def write_environment(layout: Layout, environment: Mapping[str, str]) -> None:
    """Keep the environment for the person's own shell, readable by its owner alone: it holds passwords.

    With it the shell's supervisorctl finds the supervisord of this checkout.
    """
    named = {**environment, "DEVSTACK_STATE": str(layout.state)}
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in sorted(named.items())]
    write_private(layout.environment_file, "".join(lines))
