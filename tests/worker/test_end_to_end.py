"""Jobs in real processes, with what goes wrong in life: a broker away, workers killed, poison."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from sqlalchemy import func, select, text, update

from devstack.mailbox import MailFolder
from microblog.data.cache import make_client
from microblog.data.feeds import Feeds
from microblog.data.models import DeadJob, Job, Mail, Status
from microblog.data.session import Database
from microblog.jobs import names
from microblog.jobs.names import JobType
from microblog.jobs.outbox import enqueue
from microblog.observability.logs import log_context
from microblog.settings import Settings
from tests.factories import make_account, make_status
from tests.worker.program import HANG, MAIL_AND_WAIT, POISON
from tests.worker.programs import Programs, wait_until

# One worker runs them all: the programs take seconds to start.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("jobs")]


@pytest.fixture(scope="module")
def all_programs(environment: dict[str, str], process_logs: Path) -> Iterator[Programs]:
    programs = Programs(environment, process_logs)
    yield programs
    programs.close()


@pytest.fixture
def programs(all_programs: Programs, database: Database, mailbox: MailFolder) -> Programs:
    all_programs.ensure()
    return all_programs


class Story:
    """What the tests do and look at in the database."""

    def __init__(self, database: Database, feeds: Feeds, mailbox: MailFolder) -> None:
        self.database = database
        self.feeds = feeds
        self.mailbox = mailbox

    def people(self) -> tuple[int, int]:
        with self.database.unit_of_work() as session:
            return make_account(session, "ann"), make_account(session, "bob")

    def post(self, author_id: int, text: str) -> int:
        with self.database.unit_of_work() as session, log_context(request_id="req-e2e"):
            return make_status(session, self.feeds, author_id, text)

    def enqueue(self, job: JobType, **arguments: Any) -> None:
        with self.database.unit_of_work() as session, log_context(request_id="req-e2e"):
            enqueue(session, job, **arguments)

    def jobs(self, name: str) -> list[Any]:
        with self.database.unit_of_work() as session:
            return list(session.execute(select(Job.__table__).where(Job.name == name)).all())

    def wait_done(self, name: str) -> Any:
        return wait_until(
            lambda: next((job for job in self.jobs(name) if job.state == "done"), None), f"{name} is done"
        )

    def wait_dead(self) -> Any:
        def read() -> Any:
            with self.database.unit_of_work() as session:
                return session.execute(select(DeadJob.__table__)).first()

        return wait_until(read, "a dead letter")

    def count(self, model: Any) -> int:
        with self.database.unit_of_work() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0

    def begin_mail(self, folder: Path) -> int:
        """A mail job that has sent and not committed; the id of its process."""
        ann, bob = self.people()
        status_id = self.post(ann, "no names")
        with self.database.unit_of_work() as session:
            session.execute(
                Status.metadata.tables["mentions"].insert().values(status_id=status_id, account_id=bob)
            )
        self.enqueue(MAIL_AND_WAIT, status_id=status_id, account_id=bob, folder=str(folder))
        return self.wait_pid(folder, 1)

    def wait_pid(self, folder: Path, attempt: int) -> int:
        path = folder / f"pid{attempt}"
        return int(wait_until(lambda: path.exists() and path.read_text(), f"start {attempt}"))


@pytest.fixture
def story(database: Database, redis_urls: tuple[str, str], mailbox: MailFolder) -> Story:
    return Story(database, Feeds(make_client(redis_urls[1]), length=10, most_followers=1_000), mailbox)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A child whose parent didn't ask yet how it ended is gone all the same.
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def test_naming_somebody_brings_them_a_mail(
    programs: Programs, story: Story, secret: Callable[[str], str]
) -> None:
    ann, bob = story.people()
    story.post(ann, f"Hello @bob! {secret('what-one-says-is-nobody-elses-business')}")
    story.wait_done("mail.mention")
    story.wait_done("statuses.fan_out")
    (message,) = story.mailbox.messages()
    (job,) = story.jobs("mail.mention")
    assert message["To"] == "bob@example.org"
    assert message["Message-ID"] == f"<{job.id}.req-e2e@localhost>"
    (handed,) = [one for one in programs.lines("relay") if one.get("job_id") == job.id]
    sent, ended = [one for one in programs.lines("worker") if one.get("job_id") == job.id]
    assert [one["event"] for one in (handed, sent, ended)] == ["relay.handed", "mail.sent", "job.ended"]
    assert {one["request_id"] for one in (handed, sent, ended)} == {"req-e2e"}
    assert {one["task_id"] for one in (handed, sent, ended)} == {handed["task_id"]}
    assert sent["account_id"] == ended["account_id"] == bob
    assert sent["message"] == f"{job.id}.req-e2e"
    assert "@example.org" not in programs.log("worker").read_text() + programs.log("relay").read_text()


def test_a_post_is_accepted_while_the_broker_is_away(programs: Programs, story: Story) -> None:
    ann, _bob = story.people()
    programs.stop_broker()
    seen = len(programs.lines("relay"))
    story.post(ann, "Hello @bob!")
    wait_until(
        lambda: "relay.waiting" in [line["event"] for line in programs.lines("relay")[seen:]],
        "the relay waits for the broker",
    )
    assert not story.mailbox.messages()
    programs.start_broker()
    story.wait_done("mail.mention")
    assert len(story.mailbox.messages()) == 1
    outage = [line["event"] for line in programs.lines("relay")[seen:] if line["event"] == "relay.waiting"]
    assert len(outage) == 1


def test_a_job_that_the_broker_lost_is_handed_over_again(programs: Programs, story: Story) -> None:
    ann, _bob = story.people()
    programs.kill("worker")
    story.post(ann, "Hello @bob!")
    wait_until(lambda: story.jobs("mail.mention")[0].state == "handed", "the job is handed over")
    programs.stop_broker()
    for path in (programs.folder / "redis").glob("**/*.aof*"):
        path.unlink()
    for path in (programs.folder / "redis").glob("*.rdb"):
        path.unlink()
    programs.start_broker()
    programs.start("worker")
    story.wait_done("mail.mention")
    assert len(story.mailbox.messages()) == 1


@pytest.mark.parametrize("victim", ["child", "parent"])
def test_a_job_whose_worker_is_killed_is_done_once_more(
    programs: Programs, story: Story, tmp_path: Path, victim: str
) -> None:
    pid = story.begin_mail(tmp_path)
    wait_until(lambda: len(story.mailbox.messages()) == 1, "the first mail")
    assert story.count(Mail) == 0
    if victim == "child":
        os.kill(pid, signal.SIGKILL)
    else:
        programs.kill("worker")
        wait_until(lambda: not is_alive(pid), "the child goes with its parent")
    programs.ensure()
    assert story.wait_pid(tmp_path, 2) != pid
    (tmp_path / "go").touch()
    job = story.wait_done(MAIL_AND_WAIT.name)
    assert job.attempts == 2
    assert story.count(Mail) == 1
    first, second = story.mailbox.messages()
    assert first["Message-ID"] == second["Message-ID"] == f"<{job.id}.req-e2e@localhost>"


def test_what_workers_hold_is_listed(programs: Programs, story: Story, tmp_path: Path) -> None:
    pid = story.begin_mail(tmp_path)
    # The only one that still runs.
    story.wait_done("statuses.fan_out")
    (job,) = story.jobs(MAIL_AND_WAIT.name)
    shown = programs.manage("jobs", "running").stdout.splitlines()
    (tmp_path / "go").touch()
    cells = shown[1].split()
    assert shown[0].split() == ["id", "name", "host", "pid", "for", "attempt", "request"]
    assert cells[:4] == [str(job.id), MAIL_AND_WAIT.name, socket.gethostname(), str(pid)]
    assert cells[-2:] == ["1", "req-e2e"]
    assert shown[2:] == ["1 running, 1 worker answered"]
    story.wait_done(MAIL_AND_WAIT.name)
    programs.kill("worker")
    without = programs.manage("jobs", "running")
    assert without.returncode == 1
    assert without.stderr.startswith("microblog: no worker answers: do they run")


def test_nobody_orders_workers_about_over_the_broker(
    programs: Programs, story: Story, settings: Settings
) -> None:
    url = replace(settings, broker_url=programs.environment["MICROBLOG_BROKER_URL"]).celery_broker_url
    seen = len(programs.lines("worker"))
    orders = ["cancel_consumer", "shutdown"]
    with Celery(broker=url, set_as_current=False) as other:
        other.control.broadcast(orders[0], {"queue": "mail"})
        other.control.broadcast(orders[1])
    worker = programs.running["worker"]
    wait_until(
        lambda: (
            worker.poll() is not None
            or all(order in str(programs.lines("worker")[seen:]) for order in orders)
        ),
        "the worker takes note of the orders",
    )
    assert worker.poll() is None
    ann, _bob = story.people()
    story.post(ann, "Hello @bob!")
    story.wait_done("mail.mention")


def test_poison_ends_among_the_dead_and_hurts_nobody_else(programs: Programs, story: Story) -> None:
    # What the killed workers of other tests left behind is not its.
    seen = len(programs.log("worker").read_text())
    ann, _bob = story.people()
    story.enqueue(POISON)
    story.post(ann, "Hello @bob!")
    dead = story.wait_dead()
    assert (dead.name, dead.attempts) == (POISON.name, 3)
    assert dead.error.startswith("its worker was lost")
    assert "exited with" in str([line["event"] for line in programs.lines("worker")])
    # As a line of JSON, not past everybody to standard error.
    assert "\nProcess" not in programs.log("worker").read_text()[seen:]
    story.wait_done("mail.mention")
    assert programs.running["worker"].poll() is None


def test_a_job_of_another_release_waits_for_its_worker(programs: Programs, story: Story) -> None:
    story.enqueue(JobType("tests.of_the_next_release", names.MAINTENANCE))
    story.enqueue(names.RESET_MAIL, token_id=0)
    story.wait_done("mail.reset_password")
    (job,) = story.jobs("tests.of_the_next_release")
    assert (job.state, job.attempts, job.handovers) == ("waiting", 0, 0)


def test_a_database_that_ends_all_connections_is_survived(programs: Programs, story: Story) -> None:
    ann, _bob = story.people()
    with story.database.unit_of_work() as session:
        session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name IN ('microblog relay', 'microblog worker')"
            )
        )
    story.post(ann, "Hello @bob!")
    story.wait_done("mail.mention")
    assert len(story.mailbox.messages()) == 1


def test_a_job_that_hangs_is_stopped_and_ends_among_the_dead(programs: Programs, story: Story) -> None:
    programs.kill("worker")
    # The tests above need longer; the one below may have this worker.
    programs.start("worker", MICROBLOG_JOB_TIME_LIMIT_SECONDS="1")
    with story.database.unit_of_work() as session:
        enqueue(session, HANG)
        # The poison above was counted from the first on: this one needs no third wait, which doubles.
        session.execute(update(Job).where(Job.name == HANG.name).values(attempts=1))
    assert story.wait_dead().attempts == 3


def test_term_stops_both_cleanly(programs: Programs) -> None:
    assert programs.stop("worker") == 0
    assert programs.stop("relay") == 0
    assert "relay.stopped" in [line["event"] for line in programs.lines("relay")][-1]
