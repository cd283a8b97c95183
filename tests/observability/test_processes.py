"""Figures of real processes, gunicorn's and Celery's: exact after some were killed and programs restarted."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client.samples import Sample
from sqlalchemy import delete, func, select

from devstack.mailbox import MailFolder
from devstack.processes import wait_for
from microblog.cli.exporter import FolderCollector
from microblog.cli.measuring import VARIABLE
from microblog.data.models import Job
from microblog.data.session import Database
from microblog.jobs import names
from microblog.jobs.outbox import enqueue
from tests.unix_http import UnixConnection
from tests.worker.program import HANG
from tests.worker.programs import Programs

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("jobs")]
SECONDS = 60
PID = re.compile(r"_(\d+)\.db$")


class Figures:
    """What the exporter would answer for a host."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def samples(self) -> list[Sample]:
        return [one for metric in FolderCollector(self.folder).collect() for one in metric.samples]

    def sum(self, name: str, **labels: str) -> float | None:
        """The sum of a metric's series that have these labels; None where there is none."""
        values = [
            one.value
            for one in self.samples()
            if one.name == f"microblog_{name}" and labels.items() <= one.labels.items()
        ]
        return sum(values) if values else None

    def wait(self, expected: float | None, name: str, **labels: str) -> None:
        wait_for(
            lambda: self.sum(name, **labels) == expected,
            SECONDS,
            lambda: f"{name} {labels} is {self.sum(name, **labels)}, not {expected}",
        )


@pytest.fixture
def figures(tmp_path: Path) -> Figures:
    return Figures(tmp_path / "metrics")


def children_of(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


# --- gunicorn ----------------------------------------------------------------------------------


class Web:
    """`microblog web` with two workers on a socket."""

    def __init__(self, environment: dict[str, str], folder: Path, metrics: Path, log: Path) -> None:
        self.path = folder / "figures.sock"
        self.log = log
        self.environment = environment | {
            "MICROBLOG_WEB_BIND": f"unix:{self.path}",
            "MICROBLOG_WEB_WORKERS": "2",
            "MICROBLOG_WEB_THREADS": "3",
            "MICROBLOG_METRICS_DIR": str(metrics),
            "MICROBLOG_LOG_FORMAT": "json",
            "SUPERVISOR_PROCESS_NAME": "web-blue",
        }
        self.start()

    def start(self) -> None:
        program = "from microblog.cli import main; main(['web'], prog_name='microblog')"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", program], env=os.environ | self.environment, stdout=log, stderr=log
            )
        wait_for(self.answers, SECONDS, lambda: self.log.read_text()[-2000:])

    def answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()[-2000:]
        try:
            with closing(UnixConnection(self.path)) as connection:
                connection.connect()
        except OSError:
            return False
        return True

    def ask(self, times: int) -> None:
        for _ in range(times):
            with closing(UnixConnection(self.path)) as connection:
                connection.request("GET", "/readyz")
                assert connection.getresponse().status == 200

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(SECONDS)


@pytest.fixture
def web(
    environment: dict[str, str],
    worker_folder: Path,
    figures: Figures,
    process_logs: Path,
    database: Database,
) -> Iterator[Web]:
    made = Web(environment, worker_folder, figures.folder, process_logs / f"figures-{os.getpid()}-web.log")
    yield made
    made.stop()


def kill_a_worker(web: Web) -> None:
    victim = children_of(web.process.pid)[0]
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: victim not in children_of(web.process.pid), SECONDS, lambda: f"{victim} is still there")


def test_requests_add_up_after_workers_were_killed_and_the_site_started_anew(
    web: Web, figures: Figures
) -> None:
    readiness = {"route": "/readyz", "method": "GET"}
    for number in (1, 2):
        web.ask(20)
        assert figures.sum("http_requests_total", status="200", **readiness) == 20 * number
        figures.wait(8, "db_pool_size")
        kill_a_worker(web)
        # Two with four connections each: the killed one's are gone.
        figures.wait(8, "db_pool_size")
    in_use = figures.sum("db_pool_connections", state="in_use")
    assert (figures.sum("http_requests_in_progress"), in_use) == (0, 0)
    web.stop()
    assert figures.sum("build_info") is None
    assert figures.sum("db_pool_size") is None
    web.start()
    web.ask(20)
    assert figures.sum("http_requests_total", status="200", **readiness) == 60
    assert figures.sum("http_request_duration_seconds_count", **readiness) == 60
    assert figures.sum("build_info", service="web") == 1
    # The folder has supervisord's name; in it are files of the living, and nobody else's.
    files = [PID.search(path.name) for path in (figures.folder / "web-blue").iterdir()]
    alive = {web.process.pid, *children_of(web.process.pid)}
    assert {int(found[1]) for found in files if found} <= alive


# --- Celery ------------------------------------------------------------------------------------


@pytest.fixture
def programs(
    environment: dict[str, str], process_logs: Path, figures: Figures, database: Database, mailbox: MailFolder
) -> Iterator[Programs]:
    made = Programs(environment, process_logs)
    made.start_broker()
    for kind in ("relay", "worker"):
        folder = figures.folder / kind
        folder.mkdir(parents=True)
        made.start(kind, **{VARIABLE: str(folder)})
    yield made
    made.close()


@pytest.fixture
def work(database: Database, figures: Figures) -> Callable[[int], None]:
    """Has that many jobs done that find nothing to do."""
    done = 0

    def enqueue_and_wait(count: int) -> None:
        nonlocal done
        done += count
        with database.unit_of_work() as session:
            for _ in range(count):
                enqueue(session, names.RESET_MAIL, token_id=0)
        figures.wait(done, "jobs_total", task="mail.reset_password", outcome="done")

    return enqueue_and_wait


def count_handovers(database: Database) -> int:
    """How often mails' jobs were handed over: a slow machine needs more than one for some."""
    with database.unit_of_work() as session:
        return session.scalar(select(func.sum(Job.handovers)).where(Job.queue == names.MAIL)) or 0


def kill_children(programs: Programs) -> None:
    worker = programs.running["worker"].pid
    before = set(children_of(worker))
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    wait_for(
        lambda: len(set(children_of(worker)) - before) == 2, SECONDS, lambda: "the worker has children again"
    )


def test_jobs_add_up_after_worker_processes_were_killed_and_workers_started_anew(
    programs: Programs, figures: Figures, work: Callable[[int], None], database: Database
) -> None:
    figures.wait(2, "worker_processes")
    work(12)
    kill_children(programs)
    figures.wait(2, "worker_processes")
    work(12)
    with database.unit_of_work() as session:
        enqueue(session, HANG)
    figures.wait(1, "jobs_running", task=HANG.name)
    programs.kill("worker")
    # Nobody is told of that death: the next scrape finds out by itself.
    figures.wait(0, "worker_processes")
    assert figures.sum("jobs_running", task=HANG.name) is None
    assert figures.sum("jobs_total", task="mail.reset_password", outcome="done") == 24
    assert figures.sum("job_wait_seconds_count", task="mail.reset_password") == 24
    assert figures.sum("jobs_handed_total", queue="mail") == count_handovers(database)
    # Measured every ten seconds.
    figures.wait(1, "queue_depth", queue="maintenance")
    with database.unit_of_work() as session:
        session.execute(delete(Job).where(Job.name == HANG.name))
    programs.start("worker", **{VARIABLE: str(figures.folder / "worker")})
    work(12)
    assert figures.sum("jobs_handed_total", queue="mail") == count_handovers(database)
    programs.stop("relay")
    assert figures.sum("queue_depth") is None
    assert figures.sum("relay_last_round_timestamp_seconds")
