"""Beat: writes the jobs of the schedule into the outbox at their time. It never talks to the broker.

Each job is unique by name and period, so any number of beats makes it once, and a beat that starts late or
finds the database away makes up for the periods that just passed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import structlog
from celery import Celery, beat
from celery.schedules import crontab
from sqlalchemy.exc import SQLAlchemyError

from microblog.data import deadlines
from microblog.data.session import Database
from microblog.domain.ids import EPOCH
from microblog.domain.scheduling import day_of, hour_of, minute_of
from microblog.jobs import names
from microblog.jobs.broker import celery
from microblog.jobs.names import JobType
from microblog.jobs.outbox import enqueue_scheduled
from microblog.observability import metrics
from microblog.settings import Settings
from microblog.worker.stopping import exit_on_signals

log = structlog.get_logger(__name__)

TEN_MINUTES: Final = timedelta(minutes=10)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
# How often beat looks at the clock at least, and again after a failure, in seconds.
TICK_SECONDS: Final = 30
RETRY_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Planned:
    """A job due `offset` after the start of each UTC day, hour, or sixth of an hour (`every`).

    `period_of` names the period of such a start, `arguments_of` gives the job's arguments for that name.
    `made_up`: how many of the periods that have passed are made up for, the latest included.
    """

    job: JobType
    every: timedelta
    offset: timedelta
    period_of: Callable[[datetime], str]
    arguments_of: Callable[[str], dict[str, Any]]
    made_up: int

    def crontab(self) -> crontab:
        """When Celery's beat has to act."""
        minutes = self.offset // timedelta(minutes=1)
        if self.every == TEN_MINUTES:
            return crontab(minute=f"{minutes}-59/10")
        if self.every == HOUR:
            return crontab(minute=minutes)
        return crontab(hour=minutes // 60, minute=minutes % 60)

    def due_periods(self, now: datetime) -> list[str]:
        """The names of the periods due by `now`, the oldest one that is made up for first."""
        latest = now - (now - EPOCH - self.offset) % self.every - self.offset
        return [self.period_of(latest - self.every * back) for back in reversed(range(self.made_up))]


def _no_arguments(_period: str) -> dict[str, Any]:
    return {}


def _day_argument(period: str) -> dict[str, Any]:
    return {"day": period}


SCHEDULE: Final = (
    # Of the day before, and ten minutes late: transactions of that day have ended by then.
    Planned(
        job=names.DAILY_STATISTICS,
        every=DAY,
        offset=timedelta(minutes=10),
        period_of=lambda start: day_of(start - DAY),
        arguments_of=_day_argument,
        # Fewer than the days for which done jobs are kept, or days would be computed again at each start.
        made_up=3,
    ),
    Planned(
        job=names.PURGE,
        every=HOUR,
        offset=timedelta(minutes=5),
        period_of=hour_of,
        arguments_of=_no_arguments,
        made_up=1,
    ),
    Planned(
        job=names.REPAIR_MEDIA,
        every=TEN_MINUTES,
        offset=timedelta(minutes=2),
        period_of=minute_of,
        arguments_of=lambda _period: {"after": ""},
        made_up=1,
    ),
)


def run_beat(settings: Settings) -> None:
    """Run until TERM or INT."""
    database = Database(settings.database_url, application="microblog beat", pool_size=1)
    database.announce()
    metrics.BUILD_INFO.labels("beat", settings.release, settings.revision).set(1)
    celery.conf.beat_enable_remote_control = False
    # Celery calls it as it would call the class.
    make_scheduler: Any = partial(OutboxScheduler, database=database)
    service = beat.Service(celery, max_interval=TICK_SECONDS, scheduler_cls=make_scheduler)
    try:
        with deadlines.switched_on(), exit_on_signals():
            log.info("beat.started")
            service.start()
    finally:
        database.close()
    log.info("beat.stopped")


class OutboxScheduler(beat.Scheduler):
    """Celery's in-memory scheduler, which writes rows where others publish messages."""

    # The base class would connect to the broker to make one.
    producer = None  # type: ignore[assignment]

    def __init__(
        self,
        app: Celery,
        *,
        database: Database,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        **options: Any,
    ) -> None:
        self._database = database
        self._clock = clock
        # At the start everything is owed: what fell due while no beat ran is made up for.
        self._owed = {planned.job.name: planned for planned in SCHEDULE}
        self._planned = dict(self._owed)
        self._is_away = False
        super().__init__(app, **options)

    def setup_schedule(self) -> None:
        """Fill the schedule; Celery's own entries (for results, of which there are none) stay out."""
        self.update_from_dict(
            {name: {"task": name, "schedule": planned.crontab()} for name, planned in self._planned.items()}
        )

    def tick(self, *arguments: Any, **options: Any) -> float:
        """Write what is owed, then let Celery find what falls due; the seconds until the next tick."""
        self._settle()
        interval = float(super().tick(*arguments, **options))
        metrics.BEAT_LAST_TICK.set_to_current_time()
        return min(interval, RETRY_SECONDS) if self._owed else interval

    def apply_entry(self, entry: beat.ScheduleEntry, producer: object = None) -> None:  # noqa: ARG002
        """An entry has fallen due: its row is written now, or as soon as the database is back."""
        self._owed[str(entry.name)] = self._planned[str(entry.name)]
        self._settle()

    def _settle(self) -> None:
        for name, planned in list(self._owed.items()):
            try:
                self._enqueue(planned)
            except SQLAlchemyError as error:
                if not self._is_away:
                    # Once an outage.
                    log.warning("beat.waiting", part="database", error=type(error).__name__)
                self._is_away = True
                return
            self._is_away = False
            del self._owed[name]

    def _enqueue(self, planned: Planned) -> None:
        for period in planned.due_periods(self._clock()):
            with self._database.unit_of_work() as session:
                is_new = enqueue_scheduled(
                    session, planned.job, period=period, **planned.arguments_of(period)
                )
            if is_new:
                log.info("beat.enqueued", job=planned.job.name, period=period)
