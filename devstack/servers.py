"""Servers that a test run starts and stops itself: throw-away data, Unix sockets, no fixed port."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from devstack import postgres, valkey
from devstack.processes import SOCKET_PATH_BYTES, StackError, make_folder

STOP_SECONDS = 30


@dataclass
class Server:
    """A running server process and how it is asked to stop."""

    process: subprocess.Popen[bytes]
    stop_signal: signal.Signals = signal.SIGTERM

    def stop(self) -> None:
        """Ask it to stop and wait; kill it when it doesn't listen."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def short_folder(prefix: str = "microblog-") -> Path:
    """A new folder for sockets, short enough for a Unix socket's path and reachable by the server's user."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    if len(str(folder)) > SOCKET_PATH_BYTES - len("/postgres/run/.s.PGSQL.5432"):
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    return make_folder(folder)


def start_postgres(home: Path, options: Mapping[str, str] | None = None) -> tuple[Server, postgres.Cluster]:
    """A PostgreSQL server on the data in `home`, new where there is none, ready for queries.

    `options`: settings by name, besides those of data that may be lost.
    """
    cluster = postgres.open_cluster(home)
    postgres.prepare(cluster)
    log = home / "log"
    with log.open("ab") as output:
        command = postgres.server_command(cluster, {**postgres.THROWAWAY, **(options or {})})
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd="/", start_new_session=True)
    server = Server(process, signal.SIGINT)
    try:
        postgres.wait_until_ready(cluster.superuser_url(), log)
    except StackError:
        server.stop()
        raise
    return server, cluster


def start_redis(home: Path, *, durable: bool = False) -> tuple[Server, Path]:
    """A Redis server whose data and socket lie in `home`, ready for commands; the path is its socket's."""
    make_folder(home, 0o700)
    log = home / "log"
    socket = home / "redis.sock"
    with log.open("ab") as output:
        command = valkey.server_command(valkey.find_server(), socket, home, durable=durable)
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd="/", start_new_session=True)
    server = Server(process, signal.SIGTERM)
    try:
        valkey.wait_until_ready(valkey.url(socket, 0), log)
    except StackError:
        server.stop()
        raise
    return server, socket


def remove_folder(folder: Path) -> None:
    """Delete what `short_folder` made."""
    shutil.rmtree(folder, ignore_errors=os.geteuid() != 0)
