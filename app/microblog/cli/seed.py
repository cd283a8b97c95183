"""`microblog seed`: believable data for trying things out and for measuring."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import click
from sqlalchemy.exc import IntegrityError

from microblog.cli.connections import open_database
from microblog.cli.support import Failed, counted, examples, read_settings
from microblog.services.seeding import seed

MOMENT = click.DateTime(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


@click.command(
    epilog=examples(
        "microblog seed --accounts 200 --posts 5000",
        "microblog seed --accounts 5000 --posts 100000 --seed 7",
        "microblog seed --accounts 50 --posts 500 --add --with demo",
    )
)
@click.option("--accounts", type=click.IntRange(1, 1_000_000), default=200, show_default=True)
@click.option("--posts", type=click.IntRange(0, 10_000_000), default=5_000, show_default=True)
@click.option(
    "--seed", "number", type=int, default=1, show_default=True, help="The same number, the same data."
)
@click.option("--until", type=MOMENT, help="The UTC moment of the last post.  [default: now]")
@click.option("--add", "is_addition", is_flag=True, help="Add to a site that was seeded before.")
@click.option(
    "--with",
    "guests",
    multiple=True,
    metavar="NAME",
    help="An account that is there and joins in; repeatable.",
)
def command(
    accounts: int,
    posts: int,
    number: int,
    until: datetime | None,
    is_addition: bool,  # noqa: FBT001 - click passes by name
    guests: tuple[str, ...],
) -> None:
    """Write people, posts with threads, tags and mentions, follows and statistics of the past 90 days.

    All or nothing, with the application's own rights. Nobody can log in to seeded accounts, and they get no
    mail: make one to log in with by `microblog account create`, and let it join in by --with.
    """
    settings = read_settings()
    moment = until.replace(tzinfo=UTC) if until else datetime.now(UTC)
    with (
        open_database(settings.database_url, "MICROBLOG_DATABASE_URL") as database,
        _progress(posts) as advance,
    ):
        try:
            with database.unit_of_work() as session:
                done = seed(
                    session,
                    accounts=accounts,
                    statuses=posts,
                    number=number,
                    until=moment,
                    is_addition=is_addition,
                    guests=guests,
                    on_progress=advance,
                )
        except IntegrityError as error:
            raise Failed(
                "somebody took a name or an id meanwhile; nothing was seeded: try again, or another --seed"
            ) from error
    click.echo(
        f"Wrote {counted(done.accounts, 'account')}, {counted(done.statuses, 'post')}"
        f" and {counted(done.follows, 'follow')} with the statistics of {counted(done.days, 'day')}"
        f" (seed {number})"
    )


@contextmanager
def _progress(posts: int) -> Iterator[Callable[[int], None]]:
    """A bar for who watches, from the first posts on: what is refused is refused before."""
    with ExitStack() as stack:
        updates: list[Callable[[int], None]] = []

        def advance(count: int) -> None:
            if not updates and is_watched():
                bar = stack.enter_context(click.progressbar(length=posts, label="Posts"))
                updates.append(bar.update)
            for update in updates:
                update(count)

        yield advance


def is_watched() -> bool:
    """Whether the output goes to a terminal."""
    return sys.stdout.isatty()
