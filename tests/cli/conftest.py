from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from devstack import postgres
from microblog.cli import main
from tests.addresses import DatabaseUrls

Run = Callable[..., Result]
Changes = dict[str, str | None]


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Runs `microblog` with this worker's settings; `changes` are variables to set, or to unset by None."""

    def run_command(
        *arguments: str, changes: dict[str, str | None] | None = None, stdin: str | None = None
    ) -> Result:
        runner = CliRunner(env={**environment, **(changes or {})})
        return runner.invoke(main, arguments, input=stdin, prog_name="microblog")

    return run_command


@pytest.fixture
def empty(
    make_database: Callable[..., DatabaseUrls], worker_name: str, request: pytest.FixtureRequest
) -> DatabaseUrls:
    """A new database without a schema."""
    number = abs(hash(request.node.name)) % 10**9
    return make_database(f"cli_{worker_name}_{number}", migrated=False)


@pytest.fixture
def changes(empty: DatabaseUrls) -> Changes:
    return {"MICROBLOG_OWNER_DATABASE_URL": empty.owner, "MICROBLOG_DATABASE_URL": empty.app}


def execute(url: str, statement: str) -> None:
    with postgres.autocommit_cursor(url) as cursor:
        cursor.execute(statement)
