from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from microblog.cli import main

Run = Callable[..., Result]


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Runs `microblog` with this worker's settings; `changes` are variables to set, or to unset by None."""

    def run_command(
        *arguments: str, changes: dict[str, str | None] | None = None, stdin: str | None = None
    ) -> Result:
        runner = CliRunner(env={**environment, **(changes or {})})
        return runner.invoke(main, arguments, input=stdin, prog_name="microblog")

    return run_command
