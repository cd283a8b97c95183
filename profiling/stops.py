"""What a server does with its visitors when it is told to stop, as the slot that a deploy leaves is."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse

from devstack import postgres
from devstack.processes import wait_for
from microblog.cli.web import GRACEFUL_SECONDS
from profiling.client import HOST
from profiling.contenders import Contender, Crew, serve
from profiling.servers import Servers, Web

#: More than the processes' threads: some have to wait for their turn.
BEYOND = 4
READY_SECONDS = 10
#: Enough to notice TERM, and well below the statements' end at five seconds.
NOTICE_SECONDS = 1.5
END_SECONDS = GRACEFUL_SECONDS + 10
REQUEST = f"GET /api/v1/timelines/public HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
COUNT_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@dataclass(frozen=True)
class Stop:
    """How many of the requests that were there were answered, and how long the end took from TERM on."""

    asked: int
    answered: int
    seconds: float


def stop_under_load(servers: Servers, contender: Contender, crew: Crew) -> Stop:
    """Send TERM while all threads have a request and some more wait; and somebody keeps a connection open.

    The requests wait for a table that is locked until the server has noticed TERM.
    """
    with serve(servers, contender, crew, "stopped") as web:
        with web.connect() as idle:
            idle.get("/healthz")
            with locked(servers) as count_waiting:
                visitors = [send(web) for _ in range(crew.workers * crew.threads + BEYOND)]
                wait_for(
                    lambda: count_waiting() >= crew.workers,
                    READY_SECONDS,
                    lambda: "no request waits for posts",
                )
                told = time.monotonic()
                web.process.terminate()
                time.sleep(NOTICE_SECONDS)
            answered = sum(map(is_answered, visitors))
            try:
                web.process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                web.process.kill()
            seconds = time.monotonic() - told
        return Stop(len(visitors), answered, seconds)


@contextmanager
def locked(servers: Servers) -> Iterator[Callable[[], int]]:
    """Nobody reads posts in the block; gives a function that tells how many try."""
    url = servers.environment["MICROBLOG_OWNER_DATABASE_URL"]
    with postgres.autocommit_cursor(url) as holder, postgres.autocommit_cursor(url) as onlooker:
        holder.execute("BEGIN; LOCK TABLE statuses IN ACCESS EXCLUSIVE MODE")

        def count_waiting() -> int:
            onlooker.execute(COUNT_WAITING)
            ((count,),) = onlooker.fetchall()
            return int(count)

        yield count_waiting
        holder.execute("COMMIT")


def send(web: Web) -> socket.socket:
    """A visitor who has asked and waits."""
    visitor = socket.socket(socket.AF_UNIX)
    visitor.settimeout(END_SECONDS)
    visitor.connect(str(web.socket))
    visitor.sendall(REQUEST)
    return visitor


def is_answered(visitor: socket.socket) -> bool:
    """Whether the visitor gets the whole of their answer."""
    with visitor:
        try:
            response = HTTPResponse(visitor)
            response.begin()
            return response.status == 200 and bool(response.read())
        except (HTTPException, OSError):
            return False
