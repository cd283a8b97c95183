"""The relay: hands due jobs from the outbox to Celery. Any number may run; it needs nothing but both ends.

A round commits what it is about to hand over before it does so: a worker that is quicker than the relay must
not meet the relay's own lock. A relay that dies in between delays those jobs until they are due again.
"""

import time
from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from microblog.data import deadlines
from microblog.data.base import AnyRow
from microblog.data.queries import jobs as queries
from microblog.data.session import Database
from microblog.domain.scheduling import handover_delay
from microblog.jobs.broker import BrokerAway, Publisher, configure_broker
from microblog.jobs.names import KNOWN, QUEUES
from microblog.observability import metrics
from microblog.services import jobs
from microblog.settings import Settings
from microblog.worker.base import bury
from microblog.worker.stopping import Stop, stop_on_signals

log = structlog.get_logger(__name__)

BATCH = 100
IDLE_SECONDS = 1.0
AWAY_SECONDS = (0.5, 5.0)
MEASURE_SECONDS = 10.0
# How often jobs that nobody here knows are told of, unless there are others now.
TELL_SECONDS = 600.0


def run_relay(settings: Settings) -> None:
    """Run until TERM or INT; a round that has begun is finished."""
    configure_broker(settings)
    database = Database(settings.database_url, application="microblog relay", pool_size=1)
    database.announce()
    metrics.BUILD_INFO.labels("relay", settings.release, settings.revision).set(1)
    relay = Relay(settings, database, Publisher())
    try:
        with deadlines.switched_on(), stop_on_signals() as stop:
            log.info("relay.started")
            relay.run(stop)
    finally:
        relay.close()
        database.close()
    log.info("relay.stopped")


class Relay:
    """Rounds of claiming due jobs and publishing them."""

    def __init__(self, settings: Settings, database: Database, publisher: Publisher) -> None:
        self.settings = settings
        self.database = database
        self.publisher = publisher
        self._away: str | None = None
        self._measured_at = self._told_at = float("-inf")
        self._strangers: set[str] = set()

    def run(self, stop: Stop) -> None:
        """Round after round until `stop`: at once after a full one, soon when busy, seldom when idle."""
        pause = self.settings.relay_poll_seconds
        while not stop.is_set():
            pause = self._attempt(pause)
            stop.wait(pause)

    def _attempt(self, pause: float) -> float:
        """One round; the seconds to wait before the next."""
        try:
            count = self.round()
            self._measure()
        except BrokerAway as error:
            return self._back_off("broker", error, pause)
        except SQLAlchemyError as error:
            return self._back_off("database", error, pause)
        if self._away:
            log.info("relay.back", part=self._away)
            self._away = None
            pause = self.settings.relay_poll_seconds
        metrics.RELAY_LAST_ROUND.set_to_current_time()
        if count == BATCH:
            return 0.0
        return self.settings.relay_poll_seconds if count else min(pause * 1.5, self._idle_seconds)

    @property
    def _idle_seconds(self) -> float:
        return max(IDLE_SECONDS, self.settings.relay_poll_seconds)

    def _back_off(self, part: str, error: Exception, pause: float) -> float:
        metrics.RELAY_ERRORS.labels(part).inc()
        if self._away != part:
            # Once an outage: an hour without a broker must not fill the log.
            log.warning("relay.waiting", part=part, error=type(error).__name__)
            self._away = part
        least, most = AWAY_SECONDS
        return max(least, min(pause * 2, most))

    def round(self) -> int:
        """Hand over what is due, at most `BATCH` jobs; how many rows were due.

        Raises BrokerAway or SQLAlchemyError; what wasn't handed over then stays due.
        """
        if self._away == "broker":
            # Before rows are touched for nothing.
            self.publisher.check()
        rows, due = self._claim()
        self._publish(due)
        return len(rows)

    def _claim(self) -> tuple[Sequence[AnyRow], list[AnyRow]]:
        """Mark due jobs as handed over, bury those whose starts are used up; all rows, those to publish."""
        base = timedelta(seconds=self.settings.job_handover_seconds)
        due: list[AnyRow] = []
        with self.database.unit_of_work() as session:
            # Another release's jobs are left to its relay: they wait, and are told of below.
            rows = queries.claim_due(session, names=KNOWN, queues=QUEUES, limit=BATCH)
            for row in rows:
                if row.attempts < self.settings.job_max_attempts:
                    due.append(row)
                else:
                    bury(session, row)
            queries.mark_handed(session, delays={row.id: handover_delay(base, row.handovers) for row in due})
        return rows, due

    def _publish(self, due: Sequence[AnyRow]) -> None:
        for position, row in enumerate(due):
            try:
                task_id = self.publisher.publish(
                    job_id=row.id, name=row.name, queue=row.queue, request_id=row.request_id
                )
            except BrokerAway:
                # The one at hand may have arrived: a second delivery does no harm.
                with self.database.unit_of_work() as session:
                    queries.take_back(session, job_ids=[one.id for one in due[position:]])
                raise
            metrics.JOBS_HANDED.labels(row.queue).inc()
            log.info(
                "relay.handed_again" if row.handovers else "relay.handed",
                job_id=row.id,
                job=row.name,
                queue=row.queue,
                request_id=row.request_id,
                task_id=task_id,
                handovers=row.handovers + 1,
            )

    def _measure(self) -> None:
        now = time.monotonic()
        if now - self._measured_at < MEASURE_SECONDS:
            return
        self._measured_at = now
        with self.database.unit_of_work() as session:
            backlog = jobs.read_backlog(session)
            depths = jobs.count_by_queue(session)
        for queue, waiting, handed, _ in depths:
            # Another release's queues are told of below, and would never be set to 0 again.
            if queue in QUEUES:
                metrics.QUEUE_DEPTH.labels(queue, "waiting").set(waiting)
                metrics.QUEUE_DEPTH.labels(queue, "handed").set(handed)
        metrics.OUTBOX_PENDING.set(backlog.pending)
        metrics.OUTBOX_OLDEST_SECONDS.set(backlog.oldest_seconds)
        metrics.DEAD_LETTERS.set(backlog.dead)
        metrics.OUTBOX_UNKNOWN.set(sum(one.jobs for one in backlog.strangers))
        self._tell_strangers(backlog.strangers, now)

    def _tell_strangers(self, strangers: Sequence[AnyRow], now: float) -> None:
        found = {one.name for one in strangers}
        if found - self._strangers or (found and now - self._told_at >= TELL_SECONDS):
            oldest = max(one.oldest_seconds for one in strangers)
            log.warning("relay.unknown_jobs", jobs=sorted(found), oldest_seconds=round(oldest))
            self._told_at = now
        self._strangers = found

    def close(self) -> None:
        """Close the broker's connection."""
        self.publisher.close()
