"""The servers of a bench: PostgreSQL and Redis of their own with seeded data, and web servers on sockets."""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from devstack import postgres, valkey
from devstack.layout import DATABASE
from devstack.processes import guarded, tail, wait_for
from devstack.servers import Server, remove_folder, short_folder, start_postgres, start_redis
from profiling.client import Client

BIN = Path(sys.executable).parent
READY_SECONDS = 60
#: No bench is to meet a limit.
PLENTY = "1000000 per minute"
LIMITS = ("LOG_IN", "LOG_IN_TOTAL", "SIGN_UP", "POST", "API", "APP", "RESET")
USERNAME = "visitor"


@dataclass(frozen=True)
class Size:
    """How much data the database gets."""

    accounts: int = 200
    posts: int = 5_000


@dataclass
class Web:
    """A running web server."""

    process: subprocess.Popen[bytes]
    socket: Path
    log: Path

    def connect(self) -> Client:
        """A client with a connection of its own, kept open."""
        return Client(self.socket)


@dataclass
class Servers:
    """The data that all variants of a bench share, and the variants."""

    folder: Path
    postgres: Server
    redis: Server
    environment: dict[str, str]
    password: str = field(repr=False)

    @property
    def pids(self) -> tuple[int, int]:
        """The processes that PostgreSQL's and Redis' descend from."""
        return self.postgres.process.pid, self.redis.process.pid

    def run_microblog(self, *words: str, stdin: str = "") -> None:
        """Run a `microblog` command on the bench's data; its output only where it fails."""
        done = subprocess.run(
            [str(BIN / "microblog"), *words],
            env=clean_environment() | self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"microblog {' '.join(words[:2])} failed: {done.stderr.strip()}")

    @contextmanager
    def serve(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Web]:
        """A web server by this command until the block ends, ready for visitors; `name` is its socket's."""
        socket, log = self.folder / f"{name}.sock", self.folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                guarded(command, "TERM"),
                env=clean_environment()
                | self.environment
                | {"MICROBLOG_WEB_BIND": f"unix:{socket}", **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        with Server(process):
            web = Web(process, socket, log)

            def is_ready() -> bool:
                if process.poll() is not None:
                    raise RuntimeError(f"the web server {name} ended at once:\n{tail(log)}")
                try:
                    with web.connect() as client:
                        return client.get("/readyz").status == 200
                except OSError:
                    return False

            wait_for(
                is_ready, READY_SECONDS, lambda: f"the web server {name} does not get ready:\n{tail(log)}"
            )
            yield web


def clean_environment() -> dict[str, str]:
    """The person's environment without what would decide for a bench."""
    unwanted = ("MICROBLOG_", "PROMETHEUS_", "GUNICORN_")
    return {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}


@contextmanager
def start_servers(size: Size) -> Iterator[Servers]:
    """PostgreSQL and Redis on new data of this size, with one account that can log in and follows others."""
    with ExitStack() as stack:
        folder = short_folder("mb-bench-")
        stack.callback(remove_folder, folder)
        server, cluster = start_postgres(folder / "postgres")
        stack.enter_context(server)
        redis, redis_socket = start_redis(folder / "redis")
        stack.enter_context(redis)
        made = Servers(
            folder, server, redis, make_environment(cluster, redis_socket, folder), secrets.token_hex(16)
        )
        made.run_microblog("db", "upgrade", "--contract")
        made.run_microblog(
            *("account", "create", USERNAME, "--email", f"{USERNAME}@example.org", "--password-stdin"),
            stdin=made.password + "\n",
        )
        sizes = ("--accounts", str(size.accounts), "--posts", str(size.posts))
        made.run_microblog("seed", *sizes, "--seed", "1", "--with", USERNAME)
        with postgres.autocommit_cursor(cluster.superuser_url(), DATABASE) as cursor:
            # As the autovacuum would in time: no run is to meet it, nor plans from before it.
            cursor.execute("VACUUM ANALYZE")
        yield made


def make_environment(cluster: postgres.Cluster, redis_socket: Path, folder: Path) -> dict[str, str]:
    """Microblog's settings on these servers, with the database and its roles, whose passwords are new."""
    passwords = {role: secrets.token_hex(16) for role in (postgres.OWNER_ROLE, postgres.APP_ROLE)}
    postgres.provision(cluster.superuser_url(), passwords, DATABASE)
    owner, app = (cluster.url(role, password, DATABASE) for role, password in passwords.items())
    return {
        "MICROBLOG_ENV": "production",
        "MICROBLOG_SECRET_KEY": secrets.token_hex(32),
        "MICROBLOG_BASE_URL": "http://bench.example.org",
        "MICROBLOG_MAIL_FROM": "bench@example.org",
        "MICROBLOG_DATABASE_URL": app,
        "MICROBLOG_OWNER_DATABASE_URL": owner,
        "MICROBLOG_BROKER_URL": valkey.url(redis_socket, 0),
        "MICROBLOG_CACHE_URL": valkey.url(redis_socket, 1),
        "MICROBLOG_MEDIA_DIR": str(folder / "media"),
        **{f"MICROBLOG_RATE_LIMIT_{limit}": PLENTY for limit in LIMITS},
    }


def end_softly() -> None:
    """Let TERM end the bench as Ctrl-C does, so that its servers are stopped."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
