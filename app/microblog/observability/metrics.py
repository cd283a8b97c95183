"""Every metric, with help text and base unit. Labels are route rules, queue and task names, never ids.

With PROMETHEUS_MULTIPROC_DIR in the environment before this is imported, the processes of a host write files
there, which `microblog exporter` adds up; without it the values stay in the process.
"""

from collections.abc import Mapping

from prometheus_client import Counter, Gauge, Histogram


class SummedHistogram(Histogram):
    """A histogram that takes many observations at once: two writes instead of two for each."""

    def observe_many(self, total: float, counts: Mapping[int, int]) -> None:
        """Take observations that make `total` together, counted by the place of the bucket they fall into."""
        self._sum.inc(total)
        for place, count in counts.items():
            self._buckets[place].inc(count)


# Buckets lie at the service level objectives: pages under 0.3 s, mails handed over within 60 s.
REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0)
JOB_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
STATEMENT_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
WAIT_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
RECIPIENT_BUCKETS = (0, 1, 5, 10, 50, 100, 500, 1_000, 5_000, 10_000, 100_000)

BUILD_INFO = Gauge(
    "microblog_build_info",
    "1, with the release that runs and the commit that it was built of.",
    ("service", "version", "revision"),
    multiprocess_mode="livemax",
)

HTTP_REQUESTS = Counter(
    "microblog_http_requests", "Answered requests, by route rule.", ("route", "method", "status")
)
HTTP_REQUEST_SECONDS = Histogram(
    "microblog_http_request_duration_seconds",
    "Time from a request's arrival in the application to its answer.",
    ("route", "method"),
    buckets=REQUEST_BUCKETS,
)
HTTP_REQUESTS_IN_PROGRESS = Gauge(
    "microblog_http_requests_in_progress",
    "Requests being answered right now.",
    multiprocess_mode="livesum",
)
RATE_LIMITED = Counter("microblog_rate_limited", "Requests refused by a rate limit.", ("limit",))
RATE_LIMITER_AWAY = Counter(
    "microblog_rate_limiter_unavailable",
    "Requests whose rate limit was not held in Redis because Redis was away.",
    ("limit",),
)

DB_STATEMENTS = Counter("microblog_db_statements", "Statements sent to PostgreSQL.")
DB_STATEMENT_SECONDS = SummedHistogram(
    "microblog_db_statement_duration_seconds",
    "Time from sending a statement to PostgreSQL to its answer or failure.",
    buckets=STATEMENT_BUCKETS,
)
DB_POOL_CONNECTIONS = Gauge(
    "microblog_db_pool_connections",
    "Open connections to PostgreSQL, by state (in_use, idle).",
    ("state",),
    multiprocess_mode="livesum",
)
DB_POOL_SIZE = Gauge(
    "microblog_db_pool_size",
    "Connections to PostgreSQL that the processes may open.",
    multiprocess_mode="livesum",
)
DB_POOL_TIMEOUTS = Counter(
    "microblog_db_pool_timeouts", "Times that no connection of a process's own got free in time."
)
CACHE_ERRORS = Counter(
    "microblog_cache_errors", "Calls to Redis that failed and were done without.", ("use",)
)
PART_OUTAGES = Counter(
    "microblog_part_outages",
    "Times that a process found a part (redis, database, a media host) away and left it alone for a moment.",
    ("part",),
)

STATUSES_POSTED = Counter("microblog_statuses_posted", "Posts written.")
SIGN_UPS = Counter("microblog_signups", "Accounts made by signing up.")
LOG_INS = Counter("microblog_logins", "Log-ins, by outcome (succeeded, refused).", ("outcome",))
FEED_REBUILDS = Counter("microblog_feed_rebuilds", "Home timelines rebuilt from PostgreSQL.")
FAN_OUT_RECIPIENTS = Histogram(
    "microblog_fanout_recipients", "Feeds that one post was written to.", buckets=RECIPIENT_BUCKETS
)

JOBS = Counter(
    "microblog_jobs",
    "Jobs that ended, by outcome (done, nothing_to_do, retried, dead, forgotten).",
    ("task", "outcome"),
)
JOB_SECONDS = Histogram(
    "microblog_job_duration_seconds", "Time that a job's work took.", ("task",), buckets=JOB_BUCKETS
)
JOB_WAIT_SECONDS = Histogram(
    "microblog_job_wait_seconds",
    "Time from a job's transaction to its first start.",
    ("task",),
    buckets=WAIT_BUCKETS,
)
JOBS_RUNNING = Gauge(
    "microblog_jobs_running", "Jobs being worked on right now.", ("task",), multiprocess_mode="livesum"
)
WORKER_PROCESSES = Gauge(
    "microblog_worker_processes", "Processes that are there to run jobs.", multiprocess_mode="livesum"
)
JOBS_HANDED = Counter("microblog_jobs_handed", "Jobs that the relay handed to the broker.", ("queue",))
RELAY_ERRORS = Counter(
    "microblog_relay_errors",
    "Rounds of the relay that failed, by what was away (broker, database).",
    ("part",),
)
RELAY_LAST_ROUND = Gauge(
    "microblog_relay_last_round_timestamp_seconds",
    "When the relay last finished a round, in seconds since 1970.",
    multiprocess_mode="mostrecent",
)
BEAT_LAST_TICK = Gauge(
    "microblog_beat_last_tick_timestamp_seconds",
    "When beat last looked at its schedule, in seconds since 1970.",
    multiprocess_mode="mostrecent",
)
QUEUE_DEPTH = Gauge(
    "microblog_queue_depth",
    "Jobs that are not done, by queue and state (waiting for the broker, handed to it).",
    ("queue", "state"),
    multiprocess_mode="livemostrecent",
)
OUTBOX_PENDING = Gauge(
    "microblog_outbox_pending", "Jobs that are not done.", multiprocess_mode="livemostrecent"
)
OUTBOX_OLDEST_SECONDS = Gauge(
    "microblog_outbox_oldest_seconds",
    "The age of the oldest job that is not done; 0 where all are.",
    multiprocess_mode="livemostrecent",
)
OUTBOX_UNKNOWN = Gauge(
    "microblog_outbox_unknown",
    "Jobs whose name or queue this release doesn't know: they wait for workers that do.",
    multiprocess_mode="livemostrecent",
)
DEAD_LETTERS = Gauge(
    "microblog_dead_letters", "Jobs that failed for good.", multiprocess_mode="livemostrecent"
)
MAILS = Counter(
    "microblog_mails", "Mails by kind and outcome (sent, not_wanted, refused, failed).", ("kind", "outcome")
)
MAIL_HANDOVER_SECONDS = Histogram(
    "microblog_mail_handover_seconds",
    "Time from a mail's transaction to its acceptance by the mail server.",
    ("kind",),
    buckets=WAIT_BUCKETS,
)
PICTURES = Counter("microblog_pictures", "Uploaded pictures by outcome (processed, broken).", ("outcome",))
MEDIA_HOST_FAILURES = Counter(
    "microblog_media_host_failures",
    "Requests that a media host didn't answer or refused, by what was asked.",
    ("store", "action"),
)
MEDIA_MISSED = Counter(
    "microblog_media_missed",
    "Writes and deletions that a media host missed, to be put right later.",
    ("store",),
)
MEDIA_HOSTS_AWAY = Gauge(
    "microblog_media_hosts_away",
    "Media hosts that were away when repair last looked.",
    multiprocess_mode="livemostrecent",
)
MEDIA_REPAIRS = Counter(
    "microblog_media_repairs",
    "What repair did to a media host (copied a file, deleted a file or a folder).",
    ("store", "action"),
)
PURGED_ROWS = Counter("microblog_purged_rows", "Expired rows deleted.", ("table",))
