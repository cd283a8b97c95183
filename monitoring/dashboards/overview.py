"""Are users served, and if not, where to look next."""

from typing import Final

from monitoring.dashboards.hosts import CPU_USED, DISK_USED, MEMORY_USED
from monitoring.panels import Board, Row, Thresholds, Unit, graph, or_zero, quantile, stat, table

# What the latency objective is about (monitoring/rules/slo.yml says the same).
TIMELINES: Final = (
    '{method="GET",route=~"/|/home|/explore|/tags/<name>|/@<username:username>|/api/v1/timelines/.+"}'
)
HISTOGRAM: Final = "microblog_http_request_duration_seconds"
FIRING: Final = 'ALERTS{alertstate="firing",severity=~"page|ticket"}'


# How much of each promise is broken, as the rules count it; without traffic nothing is.
FAILED: Final = "microblog:request_errors:ratio{window} or vector(0)"
SLOW: Final = "microblog:slow_timeline_reads:ratio{window} or vector(0)"
LATE: Final = "microblog:late_mention_mails:ratio{window} or vector(0)"

STATUS_CLASSES: Final = (
    "sum by (class) (label_replace(rate(microblog_http_requests_total[2m]), "
    '"class", "${1}xx", "status", "([0-9])[0-9]+")) or label_replace(vector(0), "class", "5xx", "", "")'
)

SERVED: Final = Row(
    "Are users served?",
    (
        stat(
            "Availability",
            Unit.RATIO,
            "Share of answers that are no 5xx, counted at the edge; the objective is 99.9 %.",
            f"1 - ({FAILED.format(window='5m')})",
            Thresholds(warn=0.999, bad=0.99),
        ),
        stat(
            "Error budget left",
            Unit.RATIO,
            "Of the 0.1 % of answers that may fail in three days; below 0 more failed.",
            f"1 - ({FAILED.format(window='3d')}) / 0.001",
            Thresholds(warn=0.5, bad=0),
        ),
        stat(
            "Timeline reads under 0.3 s",
            Unit.RATIO,
            "Share of timeline reads answered in 0.3 s; the objective is 95 %.",
            f"1 - ({SLOW.format(window='5m')})",
            Thresholds(warn=0.97, bad=0.95),
        ),
        stat(
            "Mention mails within 60 s",
            Unit.RATIO,
            "Share of mention mails that the mail server had within a minute; the objective is 99 %.",
            f"1 - ({LATE.format(window='5m')})",
            Thresholds(warn=0.995, bad=0.99),
        ),
        stat(
            "Alerts firing",
            Unit.COUNT,
            "Pages and tickets that fire now; the table below names them.",
            f"count({FIRING}) or vector(0)",
            Thresholds(warn=1, bad=1),
        ),
        stat(
            "Seen from outside",
            Unit.RATIO,
            "The front page and the API, fetched as visitors do: below 100 % one of them fails.",
            'avg(probe_success{probe=~"site|api"})',
            Thresholds(warn=1, bad=0.99),
        ),
        stat("Hosts up", Unit.COUNT, "Hosts whose node exporter answers.", 'sum(up{job="node"})'),
        stat(
            "Hosts down",
            Unit.COUNT,
            "Hosts whose node exporter doesn't answer; the alert HostDown names them.",
            'count(up{job="node"} == 0) or vector(0)',
            Thresholds(warn=1, bad=1),
        ),
        table(
            "Firing alerts",
            Unit.SECONDS,
            "What fires and for how long. Watchdog always does: it proves that alerting works.",
            'sort_desc(time() - (ALERTS_FOR_STATE and ignoring (alertstate) ALERTS{alertstate="firing"}))',
            ("alertname", "severity", "instance", "queue", "server", "kind", "program"),
            "for",
        ),
    ),
)

GOLDEN: Final = Row(
    "Fast, failing, full",
    (
        graph(
            "Answers by status class",
            Unit.PER_SECOND,
            "A fall of 2xx without a fall of visitors, or any 5xx, is an outage.",
            (STATUS_CLASSES, "[[class]]"),
        ),
        graph(
            "How fast the budgets are spent",
            Unit.COUNT,
            "Over an hour: at 1 the promises are just kept, at 14.4 a month's budget is gone in two days.",
            (f"({FAILED.format(window='1h')}) / 0.001", "availability"),
            (f"({SLOW.format(window='1h')}) / 0.05", "timelines"),
            (f"({LATE.format(window='1h')}) / 0.01", "mention mails"),
        ),
        graph(
            "Timeline reads",
            Unit.SECONDS,
            "95 % have to stay under 0.3 s; a rising p99 under a flat p50 means one slow query or host.",
            (or_zero(quantile(0.5, HISTOGRAM, selector=TIMELINES)), "p50"),
            (or_zero(quantile(0.95, HISTOGRAM, selector=TIMELINES)), "p95"),
            (or_zero(quantile(0.99, HISTOGRAM, selector=TIMELINES)), "p99"),
            ("vector(0.3)", "objective"),
        ),
        graph(
            "Front page and API from outside",
            Unit.SECONDS,
            "What a visitor waits, with TLS and network; a gap is a failed probe.",
            ('probe_duration_seconds{probe=~"site|api"}', "[[probe]] [[instance]]"),
        ),
        graph(
            "Jobs that wait",
            Unit.COUNT,
            "A line that only rises has no consumer: see Workers and queues.",
            ('max by (queue) (microblog_queue_depth{state="waiting"})', "[[queue]]"),
        ),
        graph(
            "CPU and memory at the fullest host",
            Unit.RATIO,
            "Above 90 % for long, see Hosts for which one.",
            (f"max({CPU_USED})", "CPU"),
            (f"max({MEMORY_USED})", "memory"),
            (f"max({DISK_USED})", "disk"),
            top=1,
        ),
    ),
)

WHERE: Final = Row(
    "Where to look",
    (
        table(
            "Scraped programs",
            Unit.RATIO,
            "Share of each job's targets that answer; below 100 % the page Targets tells why.",
            "sort(avg by (job) (up))",
            ("job",),
            "up",
            Thresholds(warn=1, bad=0.99),
        ),
        table(
            "Releases",
            Unit.COUNT,
            "Hosts on each release: two are normal only while a deployment runs.",
            "count by (release) (microblog_release_current)",
            ("release",),
            "hosts",
        ),
    ),
)

BOARD: Final = Board(
    "overview",
    "Overview",
    "Are users served: objectives, golden signals, and what fires.",
    (SERVED, GOLDEN, WHERE),
)
