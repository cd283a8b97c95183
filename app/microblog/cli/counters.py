"""`microblog counters`: mend counters that are off."""

from collections.abc import Callable

import click

from microblog.cli.connections import open_database
from microblog.cli.support import counted, examples, read_settings
from microblog.data.session import Database
from microblog.services.counters import Recounted, recount_accounts, recount_statuses


@click.group()
def command() -> None:
    """Mend the counters of accounts and posts."""


@command.command(epilog=examples("microblog counters recount"))
def recount() -> None:
    """Compute all counters of accounts and posts anew, and say how many were off.

    The site may run meanwhile.
    """
    settings = read_settings()
    with open_database(settings.database_url, "MICROBLOG_DATABASE_URL") as database:
        for name, recount_batch in (("account", recount_accounts), ("post", recount_statuses)):
            checked, mended = _recount_all(database, recount_batch)
            click.echo(f"{counted(checked, name)} checked, {counted(mended, 'was', 'were')} off")


def _recount_all(database: Database, recount_batch: Callable[..., Recounted]) -> tuple[int, int]:
    checked = mended = last_id = 0
    while True:
        with database.unit_of_work() as session:
            batch = recount_batch(session, after_id=last_id)
        if not batch.checked:
            return checked, mended
        checked, mended, last_id = checked + batch.checked, mended + batch.mended, batch.last_id
