"""Memory of the real web server and worker after all kinds of work: PSS of each of their processes."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from devstack.mailbox import Mailbox
from devstack.processes import wait_for
from microblog.data.models import Account, Job
from microblog.jobs import names
from microblog.jobs.names import JobType
from microblog.jobs.outbox import enqueue_many
from profiling.live import forwarded, start_program
from profiling.measuring import MeasuringError, cpu_seconds, find_tree, read_sizes
from profiling.scenarios import MOST, SCENARIOS, fan_out_to, make_picture, upload_avatar
from profiling.servers import BIN, Servers
from profiling.worlds import World, open_world

#: They are jobs, which the worker is given otherwise.
JOBS = ("fan-out", "thumbnail", "daily-statistics")
#: How often each kind of request is sent by a connection, which leads to one of the web processes by chance.
REQUESTS = 25
PICTURES = 8
CELEBRITY_POSTS = 4
DAYS = 3
MAILS = 10
#: A process that used less than this has not been at work: it is given more.
BUSY_SECONDS = 2.0
MOST_ROUNDS = 12
JOBS_SECONDS = 120
MIB = 1024 * 1024


@dataclass(frozen=True)
class Footprint:
    """A process after its work: what it is, its PSS and RSS in MiB, the CPU seconds of its work."""

    name: str
    pss: float
    rss: float
    busy: float


@dataclass(frozen=True)
class Site:
    """The world whose requests the web server on `socket` answers, and the roots of both programs."""

    world: World
    socket: Path
    roots: dict[str, int]

    def processes(self) -> dict[int, str]:
        """Each process of both programs, by what it is."""
        return {
            pid: name if pid == root else f"{name}, child"
            for name, root in self.roots.items()
            for pid in sorted(find_tree(root))
        }


def measure(servers: Servers, say: Callable[[str], None]) -> list[Footprint]:
    """Give web server and worker all kinds of work, then read their processes' memory; the largest first.

    Raises `MeasuringError` where some of them had nothing to do, or a job failed.
    """
    with start_site(servers) as site:
        former = {pid: cpu_seconds(pid) for pid in site.processes()}
        for number in range(1, MOST_ROUNDS + 1):
            give_work(site)
            busy = {pid: cpu_seconds(pid) - before for pid, before in former.items()}
            children = [seconds for pid, seconds in busy.items() if pid not in site.roots.values()]
            least = min(children)
            say(f"  Round {number} of work: each had {least:.1f} s of CPU or more, {BUSY_SECONDS:g} wanted")
            if least >= BUSY_SECONDS:
                return read_footprints(site, busy)
    raise MeasuringError("a process of the web server or the worker was given hardly any work")


def read_footprints(site: Site, busy: dict[int, float]) -> list[Footprint]:
    """What each process holds. Raises `MeasuringError` where one ended or started meanwhile."""
    found = site.processes()
    if found.keys() != busy.keys():
        raise MeasuringError("a process ended or started while it had work: its log says why")
    sizes = {pid: read_sizes(pid) for pid in found}
    footprints = [
        Footprint(name, sizes[pid]["Pss"] / MIB, sizes[pid]["Rss"] / MIB, busy[pid])
        for pid, name in found.items()
    ]
    return sorted(footprints, key=lambda one: -one.pss)


@contextmanager
def start_site(servers: Servers) -> Iterator[Site]:
    """Web server, worker (all queues) and relay as in production, and a server that takes the mails."""
    with ExitStack() as stack:
        mailbox = stack.enter_context(Mailbox(servers.folder / "mail"))
        servers.environment |= {
            "MICROBLOG_SMTP_URL": mailbox.smtp_url,
            "MICROBLOG_METRICS_DIR": str(servers.folder / "metrics"),
            "MICROBLOG_LOG_FORMAT": "json",
        }
        web = stack.enter_context(servers.serve("footprints", [str(BIN / "microblog"), "web"], {}))
        worker, _ = stack.enter_context(start_program(servers, "worker"))
        stack.enter_context(start_program(servers, "relay"))
        world = stack.enter_context(open_world(servers))
        yield Site(world, web.socket, {"web": web.process.pid, "worker": worker})


def give_work(site: Site) -> None:
    """Some of every request and of every kind of job, until all is done."""
    world = site.world
    for scenario in SCENARIOS.values():
        if scenario.name not in JOBS:
            with forwarded(world.app, site.socket):
                run = scenario.prepare(world)
                for _ in range(REQUESTS):
                    run()
    for _ in range(CELEBRITY_POSTS):
        fan_out_to(world, MOST)
    picture = make_picture()
    for _ in range(PICTURES):
        upload_avatar(world, picture)
    with world.resources.database.unit_of_work() as session:
        enqueue_many(session, find_jobs(session, world.account_id))
    wait_for(lambda: not count_jobs(world), JOBS_SECONDS, lambda: f"{count_jobs(world)} jobs aren't done")


def find_jobs(session: Session, account_id: int) -> list[tuple[JobType, dict[str, Any]]]:
    """Mails to the member, figures of days, upkeep."""
    others = session.scalars(select(Account.id).where(Account.id != account_id).limit(MAILS)).all()
    today = datetime.now(UTC).date()
    return [
        *((names.FOLLOW_MAIL, {"account_id": account_id, "from_account_id": other}) for other in others),
        *((names.DAILY_STATISTICS, {"day": str(today - timedelta(days=day))}) for day in range(1, DAYS + 1)),
        (names.REPAIR_MEDIA, {"after": ""}),
        (names.PURGE, {}),
    ]


def count_jobs(world: World) -> int:
    """Jobs that aren't done. Raises `MeasuringError` where one failed."""
    with world.resources.database.unit_of_work() as session:
        failed = session.execute(select(Job.name, Job.error).where(Job.error.is_not(None)).limit(1)).first()
        if failed:
            raise MeasuringError(f"the job {failed.name} failed: {failed.error}")
        return session.scalar(select(func.count()).where(Job.state != "done")) or 0
