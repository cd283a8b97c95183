"""Where a test run's servers and databases are."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Addresses:
    """Where the run's servers are; plain text, so that xdist can hand it to its workers."""

    folder: str
    superuser_url: str
    sockets: str
    redis_socket: str


@dataclass(frozen=True)
class DatabaseUrls:
    """The two ways into one database."""

    name: str
    owner: str
    app: str
