"""`microblog stats`: the daily statistics."""

from datetime import UTC, date, datetime, timedelta

import click

from microblog.cli.connections import open_database
from microblog.cli.support import counted, examples, read_settings
from microblog.services.statistics import compute_day

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
def command() -> None:
    """Manage the daily statistics."""


@command.command(
    epilog=examples(
        "microblog stats recompute", "microblog stats recompute --from 2026-11-01 --to 2026-11-20"
    )
)
@click.option("--from", "first", type=DAY, help="The first UTC day.  [default: the last one]")
@click.option("--to", "last", type=DAY, help="The last UTC day.  [default: yesterday]")
def recompute(first: datetime | None, last: datetime | None) -> None:
    """Compute the figures of past UTC days anew; repeating it changes nothing."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    last_day = last.date() if last else yesterday
    if last_day > yesterday:
        raise click.UsageError(f"--to {last_day} is not over yet (UTC): give {yesterday} or an earlier day.")
    first_day = first.date() if first else last_day
    if first_day > last_day:
        raise click.UsageError(f"--from {first_day} is after --to {last_day}.")
    settings = read_settings()
    days = list_days(first_day, last_day)
    with (
        open_database(settings.database_url, "MICROBLOG_DATABASE_URL") as database,
        click.progressbar(days, label="Days") as progress,
    ):
        for day in progress:
            with database.unit_of_work() as session:
                compute_day(session, day=day)
    click.echo(f"Computed {counted(len(days), 'day')}, {first_day} to {last_day}")


def list_days(first: date, last: date) -> list[date]:
    """All days from `first` to `last`, both included."""
    return [first + timedelta(days=index) for index in range((last - first).days + 1)]
