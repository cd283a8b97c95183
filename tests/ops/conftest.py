"""What several test modules here share; a world of one kind of test is in a module of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devstack import postgres
from ops.verbs.remote import queries
from tests.ops.log_rig import Rig
from tests.ops.queries_world import connect, run_cluster
from tests.unmeasured import unmeasured

__all__ = ["unmeasured"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[postgres.Cluster]:
    """A PostgreSQL as the hosts have it."""
    with run_cluster() as running:
        yield running


@pytest.fixture
def connection(cluster: postgres.Cluster) -> Iterator[Any]:
    """The operator's connection, with no statement counted yet."""
    made = connect(cluster)
    queries.ask(made, "SELECT pg_stat_statements_reset()")
    yield made
    made.close()


@pytest.fixture
def visitor(cluster: postgres.Cluster) -> Iterator[Callable[[str], None]]:
    """Runs a statement as the application does, with its values written into it."""
    made = connect(cluster)

    def run(statement: str) -> None:
        with made.cursor() as cursor:
            cursor.execute(statement)

    yield run
    made.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A sender and a store of logs, neither running yet."""
    made = Rig(tmp_path)
    yield made
    for name in list(made.processes):
        made.kill(name)
