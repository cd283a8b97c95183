"""`microblog jobs`: the outbox and its dead letters."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click
from sqlalchemy.orm import Session

from microblog.cli.connections import open_database
from microblog.cli.profiles import need_key, open_profiles
from microblog.cli.support import Failed, counted, examples, print_table, read_settings
from microblog.data.base import AnyRow
from microblog.data.queries import jobs as queries
from microblog.domain import profile_tickets
from microblog.domain.profile_tickets import JOB, JOB_SECONDS
from microblog.jobs.broker import BrokerAway, configure_broker
from microblog.jobs.names import KNOWN
from microblog.jobs.workers import Held, ask_workers
from microblog.services import jobs
from microblog.services.jobs import Backlog, UnfinishedJob
from microblog.settings import Settings

MINUTE, HOUR, DAY = 60, 3600, 86_400
LIMIT = click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many at most."
)


@click.group()
def command() -> None:
    """Look at jobs, and bring dead ones back."""


@command.command("list", epilog=examples("microblog jobs list", "microblog jobs list --limit 500"))
@LIMIT
def list_jobs(limit: int) -> None:
    """List the jobs that are not done, what each waits for, and how many there are.

    A job that this release doesn't know waits, without counting attempts, for workers of a release that does.
    """
    with _transaction() as (session, settings):
        handover_seconds = settings.job_handover_seconds
        rows = jobs.list_jobs(session, limit=limit, handover_seconds=handover_seconds)
        backlog = jobs.read_backlog(session)
    now = datetime.now(UTC)
    cells = [(row.id, row.name, row.queue, describe_phase(row, now), row.attempts, row.error) for row in rows]
    print_table(("id", "name", "queue", "state", "attempts", "error"), cells)
    _print_backlog(backlog)


@command.command(epilog=examples("microblog jobs queues"))
def queues() -> None:
    """Count the jobs that are not done, queue by queue: waiting for the broker, and handed to it."""
    with _transaction() as (session, _):
        counted = jobs.count_by_queue(session)
    cells = [(name, waiting, handed, show_span(age)) for name, waiting, handed, age in counted]
    print_table(("queue", "waiting", "handed", "oldest"), cells)


@command.command(epilog=examples("microblog jobs running"))
def running() -> None:
    """List the jobs that workers hold right now, longest first, as the workers themselves say.

    A worker that hangs as a whole doesn't answer: compare the number of workers with what should run.
    """
    with _transaction() as (session, settings):
        configure_broker(settings)
        try:
            workers, held = ask_workers()
        except BrokerAway as error:
            raise Failed(
                f"can't ask the workers: the broker is away ({error}); "
                "is it running, and is MICROBLOG_BROKER_URL right?"
            ) from error
        if not workers:
            raise Failed("no worker answers: do they run (`microblog worker`), with the same broker?")
        known = jobs.find_jobs(session, job_ids=[one.job_id for one in held])
    cells = [_describe_held(one, known.get(one.job_id)) for one in held]
    print_table(("id", "name", "host", "pid", "for", "attempt", "request"), cells)
    click.echo(f"{len(held)} running, {counted(workers, 'worker')} answered")


@command.command(epilog=examples("microblog jobs retried"))
@LIMIT
def retried(limit: int) -> None:
    """List the jobs that failed and wait for another try, soonest first."""
    with _transaction() as (session, _):
        rows = jobs.list_retried(session, limit=limit)
    now = datetime.now(UTC)
    due = [show_due((row.available_at - now).total_seconds()) for row in rows]
    cells = [
        (row.id, row.name, row.queue, row.attempts, moment, row.error)
        for row, moment in zip(rows, due, strict=True)
    ]
    print_table(("id", "name", "queue", "attempts", "next try", "error"), cells)
    click.echo(f"{len(rows)} to be tried again")


@command.command(epilog=examples("microblog jobs dead"))
@LIMIT
def dead(limit: int) -> None:
    """List the jobs that failed too often, newest first."""
    columns = ("id", "name", "queue", "attempts", "died_at", "arguments", "error")
    with _transaction() as (session, _):
        rows = jobs.list_dead(session, limit=limit)
    print_table(columns, [tuple(getattr(row, name) for name in columns) for row in rows])
    click.echo(
        f"{len(rows)} dead"
        + (": bring them back with `microblog jobs requeue`, or drop them" if rows else "")
    )


@command.command(epilog=examples("microblog jobs requeue 116543210987654321", "microblog jobs requeue --all"))
@click.argument("job_ids", metavar="[ID]...", type=int, nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="Bring all dead jobs back.")
def requeue(job_ids: tuple[int, ...], is_all: bool) -> None:  # noqa: FBT001 - click passes by name
    """Bring dead jobs back: they are tried anew, with as many attempts as a new one.

    One that this release doesn't know comes back too, and waits for a release that does.
    """
    if bool(job_ids) == is_all:
        raise click.UsageError("Give ids of dead jobs (`microblog jobs dead` lists them), or --all.")
    with _transaction() as (session, _):
        count = jobs.requeue(session, job_ids=None if is_all else job_ids)
    if count < len(set(job_ids)):
        raise Failed(
            f"brought back {count} of {len(set(job_ids))}: the others are not dead; see `microblog jobs dead`"
        )
    click.echo(f"Brought back {count}")


@command.command(epilog=examples("microblog jobs drop 116543210987654321"))
@click.argument("job_ids", metavar="ID...", type=int, nargs=-1, required=True)
def drop(job_ids: tuple[int, ...]) -> None:
    """Forget dead jobs for good: those that nobody can or need do any more."""
    with _transaction() as (session, _):
        count = jobs.drop(session, job_ids=job_ids)
    if count < len(set(job_ids)):
        raise Failed(
            f"dropped {count} of {len(set(job_ids))}: the others are not dead; see `microblog jobs dead`"
        )
    click.echo(f"Dropped {count}")


@command.command(
    epilog=examples("microblog jobs profile mail.mention", "microblog jobs profile 116543210987654321")
)
@click.argument("job", metavar="NAME|ID")
def profile(job: str) -> None:
    """Have the next run of a kind of job, or that of one job, profiled: once, if it begins within an hour."""
    with open_profiles() as (settings, profiles):
        key = need_key(settings)
        if job.isdecimal():
            with _transaction() as (session, _):
                if not queries.is_unfinished(session, job_id=int(job)):
                    raise Failed(f"there is no job {job} to be done: see `microblog jobs list`")
        elif job not in KNOWN:
            raise Failed(f"there are no jobs {job!r}; there are {', '.join(sorted(KNOWN))}")
        ticket = profile_tickets.sign(key, JOB, job.encode(), time.time(), JOB_SECONDS)
        profiles.ask_for(job, ticket, JOB_SECONDS)
    look = f"show {job}" if job.isdecimal() else "list"
    click.echo(f"The next run of {job} is profiled, if it begins within an hour: `microblog profiles {look}`")


@contextmanager
def _transaction() -> Iterator[tuple[Session, Settings]]:
    settings = read_settings()
    with (
        open_database(settings.database_url, "MICROBLOG_DATABASE_URL") as database,
        database.unit_of_work() as session,
    ):
        yield session, settings


def _describe_held(held: Held, row: AnyRow | None) -> tuple[object, ...]:
    """A line of what workers hold; the row is gone where the job ended meanwhile."""
    span = show_span((datetime.now(UTC) - held.since).total_seconds())
    known = (row.attempts, row.request_id) if row else (None, None)
    return (held.job_id, held.name, held.host, held.pid, span, *known)


def describe_phase(job: UnfinishedJob, now: datetime) -> str:
    """What a job waits for and since when, such as `due in 5 m`, `handed 3 s ago`, `unknown for 2 h`."""
    seconds = (now - job.moment).total_seconds()
    if job.phase == "unknown":
        return f"unknown for {show_span(seconds)}"
    if job.phase == "waiting":
        return show_due(-seconds)
    return f"{job.phase} {show_span(seconds)} ago"


def show_due(seconds: float) -> str:
    """How long until a job is due: `due in 5 m`, `due for 3 s`."""
    return f"due in {show_span(seconds)}" if seconds > 0 else f"due for {show_span(-seconds)}"


def show_span(seconds: float) -> str:
    """A time in its largest fitting unit: `59 s`, `2 m`, `47 h`, `3 d`."""
    whole = max(round(seconds), 0)
    if whole < 2 * MINUTE:
        return f"{whole} s"
    if whole < 2 * HOUR:
        return f"{whole // MINUTE} m"
    return f"{whole // HOUR} h" if whole < 2 * DAY else f"{whole // DAY} d"


def _print_backlog(backlog: Backlog) -> None:
    oldest = show_span(backlog.oldest_seconds)
    click.echo(f"{backlog.pending} not done, the oldest for {oldest}; {backlog.dead} dead")
    if backlog.strangers:
        each = (f"{one.name} ({one.jobs}, for {show_span(one.oldest_seconds)})" for one in backlog.strangers)
        click.echo(f"Unknown to this release, waiting for workers that know them: {', '.join(each)}")
