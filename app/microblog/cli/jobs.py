"""`microblog jobs`: the outbox and its dead letters."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy import Row
from sqlalchemy.orm import Session

from microblog.cli.connections import open_database
from microblog.cli.support import Failed, examples, read_settings
from microblog.data.queries import jobs as queries

LIMIT = click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many at most."
)


@click.group()
def command() -> None:
    """Look at jobs, and bring dead ones back."""


@command.command("list", epilog=examples("microblog jobs list", "microblog jobs list --limit 500"))
@LIMIT
def list_jobs(limit: int) -> None:
    """List the jobs that are not done, and how many there are."""
    with _transaction() as session:
        rows = queries.list_jobs(session, limit=limit)
        backlog = queries.read_backlog(session)
    _print_table(rows, ("id", "name", "queue", "state", "attempts", "available_at", "error"))
    click.echo(
        f"{backlog.pending} not done, the oldest for {backlog.oldest_seconds:.0f} s; {backlog.dead} dead"
    )


@command.command(epilog=examples("microblog jobs dead"))
@LIMIT
def dead(limit: int) -> None:
    """List the jobs that failed too often, newest first."""
    with _transaction() as session:
        rows = queries.list_dead(session, limit=limit)
    _print_table(rows, ("id", "name", "queue", "attempts", "died_at", "arguments", "error"))
    click.echo(f"{len(rows)} dead" + (": bring them back with `microblog jobs requeue`" if rows else ""))


@command.command(epilog=examples("microblog jobs requeue 116543210987654321", "microblog jobs requeue --all"))
@click.argument("job_ids", metavar="[ID]...", type=int, nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="Bring all dead jobs back.")
def requeue(job_ids: tuple[int, ...], is_all: bool) -> None:  # noqa: FBT001 - click passes by name
    """Bring dead jobs back: they are tried anew, with as many attempts as a new one."""
    if bool(job_ids) == is_all:
        raise click.UsageError("Give ids of dead jobs (`microblog jobs dead` lists them), or --all.")
    with _transaction() as session:
        count = queries.requeue(session, job_ids=None if is_all else job_ids)
    if count < len(set(job_ids)):
        raise Failed(
            f"brought back {count} of {len(set(job_ids))}: the others are not dead; see `microblog jobs dead`"
        )
    click.echo(f"Brought back {count}")


@contextmanager
def _transaction() -> Iterator[Session]:
    settings = read_settings()
    with (
        open_database(settings.database_url, "MICROBLOG_DATABASE_URL") as database,
        database.unit_of_work() as session,
    ):
        yield session


def _print_table(rows: Sequence[Row[Any]], columns: Sequence[str]) -> None:
    if not rows:
        return
    lines = [columns, *(tuple(_shown(getattr(row, name)) for name in columns) for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if hasattr(value, "isoformat"):
        return str(value.isoformat(timespec="seconds"))
    if isinstance(value, dict):
        return " ".join(f"{name}={one}" for name, one in sorted(value.items()))
    return " ".join(str(value).split())
