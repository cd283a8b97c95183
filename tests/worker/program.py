"""A worker or relay for the end-to-end tests, with jobs that misbehave: `python program.py worker|relay`."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from celery.exceptions import SoftTimeLimitExceeded
from sqlalchemy.orm import Session

from devstack.processes import wait_for
from microblog.bootstrap import Resources
from microblog.jobs.names import KNOWN, MAINTENANCE, QUEUES, JobType
from microblog.observability.logs import configure_logs
from microblog.settings import load_settings
from microblog.worker import mail, relay
from microblog.worker.app import bind_task, run_worker
from microblog.worker.base import Run

POISON = JobType("tests.poison", MAINTENANCE)
HANG = JobType("tests.hang", MAINTENANCE)
#: Longer than a test waits for anything.
PATIENCE_SECONDS = 120
MAIL_AND_WAIT = JobType("tests.mail_and_wait", "mail", frozenset({"status_id", "account_id", "folder"}))


def poison(_session: Session, _resources: Resources, _run: Run) -> None:
    """Kill the process that runs it, as a job that eats all memory would."""
    os.kill(os.getpid(), signal.SIGKILL)


def hang(_session: Session, _resources: Resources, _run: Run) -> None:
    """Never end, and don't listen to the first warning."""
    while True:
        try:
            signal.pause()
        except SoftTimeLimitExceeded:
            continue


def mail_and_wait(session: Session, resources: Resources, run: Run, *, folder: str, **arguments: Any) -> None:
    """The mail of a mention; then wait, with the mail sent and nothing committed, until a file is there."""
    mail.mention(session, resources, run, **arguments)
    (Path(folder) / f"pid{run.attempt}").write_text(str(os.getpid()))
    wait_for((Path(folder) / "go").exists, PATIENCE_SECONDS, lambda: "nobody let the job go on")


def main() -> int:
    settings = load_settings(
        {name: value for name, value in os.environ.items() if name.startswith("MICROBLOG_")}
    )
    configure_logs(settings, service=sys.argv[1])
    own: dict[JobType, Callable[..., None]] = {POISON: poison, HANG: hang, MAIL_AND_WAIT: mail_and_wait}
    if sys.argv[1] == "relay":
        with patch.object(relay, "KNOWN", (*KNOWN, *(job.name for job in own))):
            relay.run_relay(settings)
        return 0
    for job, effect in own.items():
        bind_task(job, effect)
    return run_worker(settings, queues=QUEUES, concurrency=2)


if __name__ == "__main__":
    sys.exit(main())
