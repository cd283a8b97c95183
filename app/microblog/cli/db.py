"""`microblog db`: bring the schema to this release, compare it, write a new migration."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import click
from alembic.util.exc import CommandError

from microblog.cli.connections import open_database
from microblog.cli.support import Failed, examples, read_settings
from microblog.data import migrations
from microblog.data.session import Database


@click.group()
def command() -> None:
    """Manage the database's schema.

    All of these use MICROBLOG_OWNER_DATABASE_URL: the application's own role may only
    look at the schema.
    """


@command.command(epilog=examples("microblog db upgrade", "microblog db upgrade --contract"))
@click.option("--contract", is_flag=True, help="Run contract steps, too: the release before must have ended.")
def upgrade(*, contract: bool) -> None:
    """Bring the schema to what this release needs; safe to repeat, and one at a time however many start it.

    Contract steps, which take away what the release before uses, wait for --contract. An empty database gets
    all of them.
    """
    with _owner_database() as database:
        before = _current(database)
        if _is_beyond(before):
            click.echo(f"The schema is at {before}, beyond this release's {migrations.head()}: nothing to do")
            return
        with _contracts_in_order():
            target = migrations.head() if contract else migrations.find_target(before)
        with _progress(), database.engine.connect() as connection:
            migrations.upgrade(connection, target)
        after = _current(database)
        click.echo(
            f"The schema is at {after}, it was at {before or 'nothing'}"
            if after != before
            else f"The schema is at {after} already"
        )


@command.command(epilog=examples("microblog db plan"))
def plan() -> None:
    """Show the steps that an upgrade would run, each with its phase; changes nothing.

    Exit code 1 where a contract step of an earlier release has to run first.
    """
    with _owner_database() as database:
        present = _current(database)
        missing = migrations.pending(present)
        for step in missing:
            click.echo(f"{step.revision} {step.slug} {step.phase}")
        if not missing:
            click.echo(f"Nothing is pending: the schema is at {present}")
        with _contracts_in_order():
            migrations.find_target(present)


@command.command(epilog=examples("microblog db check"))
def check() -> None:
    """Check that the schema has what this release needs, and equals the models, or is newer still."""
    with _owner_database() as database:
        present = _current(database)
        if _is_beyond(present):
            click.echo(f"The schema is at {present}, beyond this release's {migrations.head()}: fine")
            return
        required = migrations.required()
        if not migrations.is_at_or_beyond(present, required):
            raise Failed(
                f"the schema is at {present or 'nothing'}, this release needs {required}: "
                "run `microblog db upgrade`"
            )
        with database.engine.connect() as connection:
            differences = migrations.find_differences(connection)
        if differences:
            raise Failed(f"models and schema differ: {differences}; run `microblog db revision`")
        waiting = ", ".join(step.name for step in migrations.pending(present))
        click.echo(
            f"The schema is at {present}, and differs from the models by what {waiting} takes away: fine"
            if waiting
            else f"The schema is at {present} and equal to the models"
        )


@command.command(epilog=examples("microblog db revision --message 'Favourites of posts'"))
@click.option("--message", "-m", required=True, help="What changes; it names the file.")
def revision(message: str) -> None:
    """Write a migration from the difference between the models and an upgraded database (for developers)."""
    with _owner_database() as database, database.engine.connect() as connection:
        try:
            migrations.make_revision(connection, message)
        except CommandError as error:
            raise Failed(f"{error}; run `microblog db upgrade` first") from error
    click.echo(f"Wrote {migrations.head()} in {migrations.FOLDER / 'versions'}: read it before you commit it")


@contextmanager
def _owner_database() -> Iterator[Database]:
    settings = read_settings()
    with open_database(settings.owner_database_url, "MICROBLOG_OWNER_DATABASE_URL") as database:
        yield database


def _current(database: Database) -> str:
    with database.engine.connect() as connection:
        return migrations.current(connection)


def _is_beyond(present: str) -> bool:
    """Whether a newer release has upgraded the schema already."""
    return not migrations.is_at_or_beyond(migrations.head(), present)


@contextmanager
def _contracts_in_order() -> Iterator[None]:
    try:
        yield
    except migrations.ContractFirst as error:
        raise Failed(
            f"{error}: run it with the release that runs now, by `fab contract` or "
            "its `microblog db upgrade --contract`"
        ) from error


class _Steps(logging.Handler):
    """Shows alembic's own words about each migration that it runs."""

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if message.startswith("Running "):
            click.echo(f"  {message}")


@contextmanager
def _progress() -> Iterator[None]:
    logger = logging.getLogger("alembic.runtime.migration")
    handler, level = _Steps(), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
