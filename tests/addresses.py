"""Where a test run's servers and databases are, and the environment of the processes that tests start."""

import os
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


def unmeasured_environment() -> dict[str, str]:
    """This process's environment for one that coverage leaves out, as it would take half as long again.

    Only where the tests of `app/` run the same code under coverage.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
