"""Servers that are frozen and thawed: the kernel still takes connections and bytes, nobody answers."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from devstack import postgres, servers


@contextmanager
def frozen_postgres(server: servers.Server, cluster: postgres.Cluster) -> Iterator[None]:
    """All processes of a PostgreSQL server stand still in the block."""
    with postgres.autocommit_cursor(cluster.superuser_url()) as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        backends = [pid for (pid,) in cursor.fetchall()]
    with frozen(server.process.pid, *backends):
        yield


@contextmanager
def frozen(*pids: int) -> Iterator[None]:
    """These processes stand still in the block."""
    try:
        for pid in pids:
            _send(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            _send(pid, signal.SIGCONT)


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
