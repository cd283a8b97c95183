"""What happens in the background: queues, tasks, mails, and the programs that move them."""

from typing import Final

from monitoring.panels import Board, Row, Thresholds, Unit, graph, or_zero, quantile, rate, stat, table

JOBS: Final = "microblog_jobs_total"
RELAY_AGE: Final = "time() - max(microblog_relay_last_round_timestamp_seconds)"
BEAT_AGE: Final = "time() - max(microblog_beat_last_tick_timestamp_seconds)"
_FAILED: Final = 'microblog_jobs_total{outcome=~"retried|dead"}'
_HANDOVER: Final = "microblog_mail_handover_seconds"
_RESIDENT: Final = '{groupname="worker",memtype="resident"}'

NOW: Final = Row(
    "Now",
    (
        stat(
            "Jobs not done",
            Unit.COUNT,
            "All in the outbox, waiting or handed to a worker.",
            "max(microblog_outbox_pending)",
            Thresholds(warn=500, bad=5000),
        ),
        stat(
            "Oldest job",
            Unit.SECONDS,
            "How long the oldest of them has waited.",
            "max(microblog_outbox_oldest_seconds)",
            Thresholds(warn=60, bad=300),
        ),
        stat(
            "Dead letters",
            Unit.COUNT,
            "Jobs that failed for good: `microblog jobs dead` lists them.",
            "max(microblog_dead_letters)",
            Thresholds(warn=1, bad=10),
        ),
        stat(
            "Unknown jobs",
            Unit.COUNT,
            "Jobs that this release doesn't know; they wait for workers that do.",
            "max(microblog_outbox_unknown)",
            Thresholds(warn=1, bad=100),
        ),
        stat(
            "Worker processes",
            Unit.COUNT,
            "Processes that take jobs, on all hosts.",
            "sum(microblog_worker_processes) or vector(0)",
            Thresholds(warn=1, bad=0.5),
        ),
        stat(
            "Relay's last round",
            Unit.SECONDS,
            "Ago; above 30 s nothing is handed to workers.",
            RELAY_AGE,
            Thresholds(warn=15, bad=30),
        ),
        stat(
            "Beat's last tick",
            Unit.SECONDS,
            "Ago; it ticks every 30 s at least.",
            BEAT_AGE,
            Thresholds(warn=60, bad=120),
        ),
    ),
)

QUEUES: Final = Row(
    "Queues",
    (
        graph(
            "Waiting by queue",
            Unit.COUNT,
            "A queue that grows has too few workers or none; one at a level is fine.",
            ('max by (queue) (microblog_queue_depth{state="waiting"})', "[[queue]]"),
        ),
        graph(
            "Handed to workers by queue",
            Unit.COUNT,
            "Handed over and not done: high and level means that all workers are busy.",
            ('max by (queue) (microblog_queue_depth{state="handed"})', "[[queue]]"),
        ),
        graph(
            "Age of the oldest job",
            Unit.SECONDS,
            "Rises by a second a second when nobody works.",
            ("max(microblog_outbox_oldest_seconds)", "oldest"),
        ),
        graph(
            "Handed over",
            Unit.PER_SECOND,
            "At 0 under load the relay or the broker is away.",
            (or_zero(rate("microblog_jobs_handed_total", "queue")), "[[queue]]"),
        ),
        graph(
            "Last round of relay and beat",
            Unit.SECONDS,
            "Both stay near 0; a slope is a silent program.",
            (RELAY_AGE, "relay"),
            (BEAT_AGE, "beat"),
        ),
        graph(
            "Trouble of the relay",
            Unit.PER_MINUTE,
            "Rounds that failed, by what was away.",
            (f"60 * ({or_zero(rate('microblog_relay_errors_total', 'part'))})", "[[part]] away"),
        ),
    ),
)

TASKS: Final = Row(
    "Tasks",
    (
        graph(
            "Running",
            Unit.COUNT,
            "A task that never falls to 0 without load is stuck: docs/debugging.md.",
            (or_zero("sum by (task) (microblog_jobs_running)"), "[[task]]"),
        ),
        graph(
            "Ended by outcome",
            Unit.PER_SECOND,
            "Only done and nothing_to_do are fine.",
            (or_zero(rate(JOBS, "outcome")), "[[outcome]]"),
        ),
        graph(
            "Retried and dead",
            Unit.PER_MINUTE,
            "Retries heal by themselves; a dead one wants a look.",
            (f"60 * ({or_zero(rate(_FAILED, 'task, outcome'))})", "[[outcome]] [[task]]"),
        ),
        graph(
            "Wait before the first start, p95",
            Unit.SECONDS,
            "From the commit to a worker; above a few seconds users notice.",
            (or_zero(quantile(0.95, "microblog_job_wait_seconds", "task")), "[[task]]"),
        ),
        graph(
            "Duration, p95",
            Unit.SECONDS,
            "A task that got slower after a deployment, or near its time limit.",
            (or_zero(quantile(0.95, "microblog_job_duration_seconds", "task")), "[[task]]"),
        ),
        graph(
            "Worker processes by host",
            Unit.COUNT,
            "A step down is a program that died or a host that left.",
            ("sum by (instance) (microblog_worker_processes)", "[[instance]]"),
        ),
        graph(
            "Memory of the workers",
            Unit.BYTES,
            "A saw is recycling; a slope without falls is a leak: docs/debugging.md.",
            (
                f"sum by (instance) (namedprocess_namegroup_memory_bytes{_RESIDENT})",
                "[[instance]]",
            ),
        ),
        graph(
            "CPU of the workers",
            Unit.COUNT,
            "Cores in use: near the number of cores the host is full.",
            (
                rate('namedprocess_namegroup_cpu_seconds_total{groupname="worker"}', "instance"),
                "[[instance]]",
            ),
        ),
        table(
            "Tasks",
            Unit.PER_MINUTE,
            "What ended in the last minutes, by outcome.",
            f"sort_desc(60 * ({or_zero(rate(JOBS, 'task, outcome'))}))",
            ("task", "outcome"),
            "jobs",
        ),
        table(
            "Running now",
            Unit.COUNT,
            "Where each task runs.",
            f"sort_desc({or_zero('sum by (task, instance) (microblog_jobs_running)')})",
            ("task", "instance"),
            "running",
        ),
    ),
)

MAILS: Final = Row(
    "Mails",
    (
        graph(
            "Mails by outcome",
            Unit.PER_MINUTE,
            "failed or refused: the mail server's answer is in the worker's log.",
            (f"60 * ({or_zero(rate('microblog_mails_total', 'kind, outcome'))})", "[[kind]] [[outcome]]"),
        ),
        graph(
            "Time to the mail server",
            Unit.SECONDS,
            "From the job's transaction to its acceptance; the objective is a minute.",
            (or_zero(quantile(0.5, _HANDOVER)), "p50"),
            (or_zero(quantile(0.95, _HANDOVER)), "p95"),
            (or_zero(quantile(0.99, _HANDOVER)), "p99"),
            ("vector(60)", "objective"),
        ),
    ),
)

PICTURES: Final = Row(
    "Pictures",
    (
        graph(
            "Trouble with media hosts",
            Unit.PER_MINUTE,
            "A media host that fails or misses writes; repair puts them right once it is back.",
            (f"60 * ({or_zero(rate('microblog_media_host_failures_total', 'store'))})", "[[store]] failed"),
            (f"60 * ({or_zero(rate('microblog_media_missed_total', 'store'))})", "[[store]] missed a write"),
        ),
        graph(
            "Repaired",
            Unit.PER_MINUTE,
            "What repair copied and deleted after a media host was away.",
            (
                f"60 * ({or_zero(rate('microblog_media_repairs_total', 'store, action'))})",
                "[[store]] [[action]]",
            ),
        ),
    ),
)

BOARD: Final = Board(
    "workers",
    "Workers and queues",
    "Are jobs done in time, which task fails, and do relay, beat and workers live.",
    (NOW, QUEUES, TASKS, MAILS, PICTURES),
)
