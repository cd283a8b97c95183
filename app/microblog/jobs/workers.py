"""What the workers hold right now, asked of them over the broker (Celery's remote control)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import redis
from kombu.exceptions import OperationalError

from microblog.jobs.broker import BrokerAway, Publisher, celery

#: Nobody knows how many there are, so each question waits that long for answers.
ANSWER_SECONDS: Final = 1.5


@dataclass(frozen=True, slots=True)
class Held:
    """A job in the hands of a worker: of the process `pid` of `host`, since `since`."""

    host: str
    pid: int
    name: str
    job_id: int
    task_id: str
    since: datetime


def ask_workers(seconds: float = ANSWER_SECONDS) -> tuple[int, list[Held]]:
    """How many workers answered, and what they hold, longest first. Raises BrokerAway.

    One that is stopped or cut off doesn't answer: what it holds is missing then.
    """
    publisher = Publisher()
    try:
        # Celery itself would try for ever.
        publisher.check()
        answers = celery.control.inspect(timeout=seconds).active() or {}
    except (OperationalError, OSError, redis.RedisError) as error:
        raise BrokerAway(type(error).__name__) from error
    finally:
        publisher.close()
    held = [_read(worker, task) for worker, tasks in answers.items() for task in tasks]
    return len(answers), sorted(held, key=lambda one: one.since)


def _read(worker: str, task: Mapping[str, Any]) -> Held:
    return Held(
        host=worker.partition("@")[2],
        pid=task["worker_pid"],
        name=task["name"],
        job_id=task["args"][0],
        task_id=task["id"],
        since=datetime.fromtimestamp(task["time_start"], UTC),
    )
