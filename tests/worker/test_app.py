import gc
import platform
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
from celery import signals
from celery.exceptions import SecurityWarning
from celery.worker.control import Panel
from PIL import Image
from prometheus_client import REGISTRY
from sqlalchemy import text

from microblog.bootstrap import Resources
from microblog.data.session import Database
from microblog.jobs.broker import celery
from microblog.settings import Settings
from microblog.worker import app
from microblog.worker.app import Child, bind_tasks, limit_connections, run_worker


@pytest.fixture
def open_child(settings: Settings, resources: Resources, monkeypatch: pytest.MonkeyPatch) -> Iterator[Child]:
    child = Child()
    monkeypatch.setattr(app, "child", child)
    child.open(settings)
    yield child
    child.close()


def test_the_parent_runs_no_jobs() -> None:
    child = Child()
    with pytest.raises(RuntimeError, match="not set up"):
        _ = child.resources
    child.close()


def test_a_task_runs_its_job(
    open_child: Child, add_job: Callable[..., int], read_job: Callable[[int], Any]
) -> None:
    bind_tasks()
    job_id = add_job()
    celery.tasks["housekeeping.purge"].apply(args=(job_id,))
    assert read_job(job_id).state == "done"


def test_connections_of_a_hanging_process_end(settings: Settings, database: Database) -> None:
    own = Database(settings.database_url, application="tests of the worker", pool_size=1)
    limit_connections(own, 65)
    try:
        with own.unit_of_work() as session:
            assert session.scalar(text("SHOW idle_in_transaction_session_timeout")) == "65s"
            assert session.scalar(text("SHOW client_connection_check_interval")) == "1s"
    finally:
        own.close()


class FakeWorker:
    """Takes what a Celery worker takes, and lives the life of one child."""

    exitcode = None
    options: ClassVar[dict[str, Any]] = {}
    had_resources = False
    shared = 0
    formats: ClassVar[set[str]] = set()

    def __init__(self, **options: Any) -> None:
        FakeWorker.options = options

    def start(self) -> None:
        signals.worker_before_create_process.send(sender=None)
        FakeWorker.shared = gc.get_freeze_count()
        FakeWorker.formats = set(Image.OPEN)
        gc.unfreeze()
        signals.worker_process_init.send(sender=None)
        FakeWorker.had_resources = app.child.resources is not None
        signals.worker_process_shutdown.send(sender=None)


def test_the_worker_takes_its_queues_and_opens_connections_in_the_child(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(celery, "Worker", FakeWorker)
    monkeypatch.setattr(Panel, "data", dict(Panel.data))
    receivers = {
        one: list(one.receivers or [])
        for one in (
            signals.setup_logging,
            signals.worker_before_create_process,
            signals.worker_process_init,
            signals.worker_process_shutdown,
        )
    }
    try:
        with warnings.catch_warnings():
            assert run_worker(settings, queues=("mail", "feeds"), concurrency=3) == 0
            warnings.warn("root", SecurityWarning, stacklevel=1)
        assert signals.setup_logging.send(sender=None)
    finally:
        for one, former in receivers.items():
            one.receivers = former
    assert FakeWorker.options["queues"] == ["mail", "feeds"]
    assert FakeWorker.options["concurrency"] == 3
    assert FakeWorker.had_resources
    # Of the objects that were there before the fork, no child's garbage collection makes a copy.
    assert FakeWorker.shared > 10_000
    assert FakeWorker.formats >= {"JPEG", "WEBP"}
    assert Panel.data.keys() == {"active", "ping"}
    assert REGISTRY.get_sample_value("microblog_worker_processes") == 1
    with pytest.raises(RuntimeError):
        _ = app.child.resources


MEMORY = """
import resource, sys
from microblog.worker.app import give_back_pixels
give_back_pixels()
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
before, kept = resident(), []
for _ in range(3):
    pixels = bytearray(b"x") * 16_000_000
    # Something small behind it, which stays.
    kept.append([bytes(100_000) for _ in range(10)])
    del pixels
print((resident() - before) // 1_000_000)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library manages memory otherwise")
def test_the_memory_of_a_picture_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 8
