"""The Celery worker: each job's name bound to its work, and what each of its processes needs.

Processes are forked: what holds a connection is made in the child (`worker_process_init`).
"""

import ctypes
import gc
import logging
import os
import socket
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import structlog
from celery import Task, signals
from celery.exceptions import SecurityWarning
from celery.utils.log import get_multiprocessing_logger
from celery.worker.control import Panel
from sqlalchemy import event

from microblog.bootstrap import Resources, bootstrap
from microblog.data import deadlines
from microblog.data.session import Database
from microblog.jobs.broker import celery, configure_broker
from microblog.jobs.names import JobType
from microblog.observability import metrics
from microblog.observability.logs import adopt_logger, clear_context, log_context
from microblog.services import pictures
from microblog.settings import Settings
from microblog.worker.base import Effect
from microblog.worker.bindings import BINDINGS
from microblog.worker.profiling import run_watched

log = structlog.get_logger(__name__)

# A transaction idle for longer than any job may take belongs to a process that hangs: its lock must go.
IDLE_MARGIN_SECONDS = 5
# How soon PostgreSQL notices, in the middle of a statement, that the process which sent it is dead.
CONNECTION_CHECK_MS = 1000
# Of glibc's malloc.h, where there is one.
M_MMAP_THRESHOLD = -3
LARGE_BYTES = 1024 * 1024
# What `microblog jobs running` asks.
REMOTE_COMMANDS = frozenset({"active", "ping"})


class Child:
    """What one worker process holds; empty in the parent, which runs no jobs."""

    def __init__(self) -> None:
        self._resources: Resources | None = None

    @property
    def resources(self) -> Resources:
        """This process's collaborators."""
        if self._resources is None:
            raise RuntimeError("this process was not set up to run jobs")
        return self._resources

    def open(self, settings: Settings) -> None:
        """Make the collaborators, after the fork."""
        deadlines.switch_on()
        self._resources = bootstrap(settings, application="microblog worker", pool_size=2)
        self._resources.database.announce()
        limit_connections(self._resources.database, settings.job_time_limit_seconds + IDLE_MARGIN_SECONDS)

    def close(self) -> None:
        """Close all connections."""
        if self._resources is not None:
            self._resources.close()
            self._resources = None
        deadlines.switch_off()


child = Child()


def run_worker(settings: Settings, *, queues: Sequence[str], concurrency: int) -> int:
    """Run jobs of these queues until TERM (which lets running ones finish); the process's exit code."""
    configure_broker(settings)
    bind_tasks()
    limit_remote_control()

    def open_child(**_: Any) -> None:
        give_back_pixels()
        child.open(settings)
        metrics.WORKER_PROCESSES.set(1)

    def close_child(**_: Any) -> None:
        child.close()

    _quieten_celery()
    signals.worker_before_create_process.connect(share_memory, weak=False)
    signals.worker_process_init.connect(open_child, weak=False)
    signals.worker_process_shutdown.connect(close_child, weak=False)
    signals.worker_ready.connect(_tell_ready, weak=False)
    metrics.BUILD_INFO.labels("worker", settings.release, settings.revision).set(1)
    worker = celery.Worker(
        hostname=f"{'-'.join(queues)}-{os.getpid()}@{socket.gethostname()}",
        queues=list(queues),
        concurrency=concurrency,
        pool="prefork",
        loglevel=settings.log_level,
        optimization="fair",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )
    log.info("worker.starting", queues=list(queues), concurrency=concurrency)
    worker.start()
    log.info("worker.stopped")
    return int(worker.exitcode or 0)


def share_memory(**_: Any) -> None:
    """Before a fork: load what jobs need, and leave all that there is out of garbage collections.

    A child's would write to it, and so copy it.
    """
    pictures.load_formats()
    gc.collect()
    gc.freeze()


def give_back_pixels() -> None:
    """Let the memory of a picture be the system's again once it is freed.

    glibc learns from the first large block that is freed to keep the next ones: 20 MB in each child for good.
    """
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)


def limit_remote_control() -> None:
    """Let workers be asked what they do, and nothing be ordered.

    Each host holds the broker's password: who takes one over must not stop the workers of all, nor have them
    leave a queue, while everything seems to run.
    """
    for name in Panel.data.keys() - REMOTE_COMMANDS:
        del Panel.data[name]


def _tell_ready(**_: Any) -> None:
    log.info("worker.ready")


def _quieten_celery() -> None:
    """Leave logging as it is, without Celery's lines beside our own."""
    signals.setup_logging.connect(_keep_logging, weak=False)
    # Two lines for each task; and that it is ready, under a name that the log takes for a mail address.
    for name in ("celery.worker.strategy", "celery.app.trace", "celery.apps.worker"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # It warns of root for the sake of pickled messages, which this worker doesn't read.
    warnings.filterwarnings("ignore", category=SecurityWarning)


def _keep_logging(**_: Any) -> None:
    """Having a receiver of this signal keeps Celery from setting up logging of its own."""
    # What tells that a process was killed would write to standard error, past everybody.
    if logger := get_multiprocessing_logger():
        adopt_logger(logger.name)


def bind_tasks() -> None:
    """Make a Celery task of each job's name, once."""
    for job, effect in BINDINGS.items():
        if job.name not in celery.tasks:
            bind_task(job, effect)


def bind_task(job: JobType, effect: Effect) -> None:
    """Have this function do the work of messages of that name."""

    @celery.task(name=job.name, bind=True)
    def task(self: Task[Any, Any], job_id: int) -> None:
        clear_context()
        with log_context(task_id=self.request.id, job=job.name, job_id=job_id):
            run_watched(child.resources, effect, name=job.name, job_id=job_id)


def limit_connections(database: Database, idle_seconds: int) -> None:
    """Have PostgreSQL end what a dead or hanging process left open on the connections made from now on."""

    @event.listens_for(database.engine, "connect")
    def set_limits(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET idle_in_transaction_session_timeout = {idle_seconds * 1000:d}")
            cursor.execute(f"SET client_connection_check_interval = {CONNECTION_CHECK_MS:d}")
        connection.commit()
