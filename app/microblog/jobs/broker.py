"""The one Celery instance. It carries job ids from the relay to the workers; a job's truth is its row.

Importing this opens nothing; `configure_broker` must run before a worker or the relay uses it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from celery import Celery
from kombu import Connection, Queue
from kombu.exceptions import OperationalError

from microblog.jobs.names import MAINTENANCE, QUEUES
from microblog.settings import Settings

# A job's own clean-up (rolling back, noting the failure) fits between the two limits.
SOFT_LIMIT_SHARE: Final = 5 / 6
CONNECT_SECONDS: Final = 3
# Above the wait of a worker's blocking read, so that only a broker that hangs is taken for away.
ANSWER_SECONDS: Final = 20
RESTORE_SECONDS: Final = 10

celery: Final = Celery("microblog", set_as_current=False)
celery.conf.update(
    # Ids and nothing else travel, so JSON is all that is ever read.
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    result_backend=None,
    # The row counts starts before the work begins: a task that kills its worker comes back, but not for ever.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    task_queues=[Queue(name) for name in QUEUES],
    task_default_queue=MAINTENANCE,
    task_create_missing_queues=False,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    worker_send_task_events=False,
    # For `microblog jobs running`; a worker takes no other command (worker/app.py).
    worker_enable_remote_control=True,
    task_send_sent_event=False,
    broker_connection_retry_on_startup=True,
    # For ever: a broker that comes back after a night finds its workers.
    broker_connection_max_retries=None,
    broker_connection_timeout=CONNECT_SECONDS,
    enable_utc=True,
    timezone="UTC",
)


def configure_broker(settings: Settings) -> Celery:
    """Point the instance at the broker, with the time limits; returns it."""
    hard_limit = settings.job_time_limit_seconds
    celery.conf.update(
        broker_url=settings.celery_broker_url,
        task_time_limit=hard_limit,
        task_soft_time_limit=hard_limit * SOFT_LIMIT_SHARE,
        broker_transport_options={
            # A killed worker's task comes back after the first, plus at most the second times the third.
            "visibility_timeout": settings.job_visibility_seconds,
            "unacked_restore_interval": RESTORE_SECONDS,
            "unacked_restore_throttle": 1,
            "socket_connect_timeout": CONNECT_SECONDS,
            "socket_timeout": ANSWER_SECONDS,
            "socket_keepalive": True,
            "health_check_interval": 25,
        },
    )
    return celery


class BrokerAway(Exception):
    """The broker can't be reached, or doesn't take messages; nothing is known of the message at hand."""


class Publisher:
    """The relay's way to the broker, over one connection, made anew after a failure. Never waits for long."""

    def __init__(self) -> None:
        self._connection: Connection | None = None

    def check(self) -> None:
        """Raise BrokerAway unless the broker answers."""
        with self._careful() as connection:
            connection.default_channel.client.ping()  # type: ignore[attr-defined]

    def publish(self, *, job_id: int, name: str, queue: str, request_id: str | None) -> str:
        """Put the job's id into its queue; the id of the task that it becomes. Raises BrokerAway."""
        with self._careful() as connection:
            sent = celery.send_task(
                name,
                args=[job_id],
                queue=queue,
                headers={"request_id": request_id},
                connection=connection,
                retry=False,
                ignore_result=True,
            )
        return str(sent.id)

    def close(self) -> None:
        """Close the connection; the next use opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.release()

    @contextmanager
    def _careful(self) -> Iterator[Connection]:
        if self._connection is None:
            # Without `max_retries` kombu tries for ever to connect.
            options = celery.conf.broker_transport_options | {
                "socket_timeout": CONNECT_SECONDS,
                "max_retries": 1,
                "interval_start": 0,
                "interval_step": 0.1,
            }
            self._connection = celery.connection_for_write(transport_options=options)
        connection = self._connection
        errors: tuple[type[BaseException], ...] = (
            OperationalError,
            OSError,
            *connection.connection_errors,
            *connection.channel_errors,
        )
        try:
            yield connection
        except errors as error:
            self.close()
            raise BrokerAway(type(error).__name__) from error
