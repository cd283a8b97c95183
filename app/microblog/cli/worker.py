"""`microblog worker`: the Celery worker of some queues or of all."""

import importlib
import sys

import click

from microblog.cli.starting import start_program
from microblog.cli.support import examples, read_settings
from microblog.jobs.names import QUEUES


class Queues(click.ParamType[tuple[str, ...]]):
    """Names of queues between commas."""

    name = "a,b"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Refuse names that no job uses: a worker on a misspelt queue would wait for ever."""
        names = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
        unknown = [name for name in names if name not in QUEUES]
        if unknown or not names:
            self.fail(f"{', '.join(unknown) or value!r}: use some of {', '.join(QUEUES)}", param, ctx)
        return names


@click.command(
    epilog=examples("microblog worker", "microblog worker --queues mail,maintenance --concurrency 1")
)
@click.option("--queues", type=Queues(), default=",".join(QUEUES), help="Which queues.  [default: all]")
@click.option(
    "--concurrency", type=click.IntRange(1, 256), default=2, show_default=True, help="How many processes."
)
def command(queues: tuple[str, ...], concurrency: int) -> None:
    """Run the jobs of some queues or of all. TERM stops it when the jobs that run are done."""
    settings = read_settings()
    # A folder for each group of queues: two workers on a host don't clear each other's figures.
    group = "worker" if set(queues) == set(QUEUES) else "-".join(("worker", *sorted(queues)))
    start_program(settings, "worker", group=group)
    run_worker = importlib.import_module("microblog.worker.app").run_worker
    sys.exit(run_worker(settings, queues=queues, concurrency=concurrency))
