"""PostgreSQL: who is connected, what is slow, what is locked, and whether its log is archived."""

from typing import Final

from monitoring.panels import Board, Row, Thresholds, Unit, graph, or_zero, rate, stat, table

STATEMENTS: Final = "microblog_db_statement_duration_seconds"
MEAN_TIME: Final = f"{rate(f'{STATEMENTS}_sum')} / ({rate(f'{STATEMENTS}_count')} > 0)"
CONNECTIONS: Final = (
    "sum by (instance) (pg_stat_activity_count) / max by (instance) (pg_settings_max_connections)"
)
# Of one's own database: template databases have no rows to speak of.
_DATABASE: Final = '{datname!~"template.*|postgres"}'
_HITS: Final = f"sum by (datname) (rate(pg_stat_database_blks_hit{_DATABASE}[2m]))"
_READS: Final = f"sum by (datname) (rate(pg_stat_database_blks_read{_DATABASE}[2m]))"
_DEAD: Final = "max by (table) (pg_table_dead_rows)"
_LIVE: Final = "max by (table) (pg_table_live_rows)"
# The statements that take most of the time, over an hour.
_TOP_TIME: Final = "sum by (queryid, query) (increase(microblog_sql_top_seconds_total[1h]))"
_TOP_CALLS: Final = "sum by (queryid, query) (increase(microblog_sql_top_calls_total[1h]))"
_ALL_TIME: Final = "scalar(sum(increase(microblog_sql_seconds_total[1h])) > 0)"
_INSIDE: Final = "the database itself"

NOW: Final = Row(
    "Now",
    (
        stat(
            "Servers down",
            Unit.COUNT,
            "Without PostgreSQL nobody can log in, read or post.",
            "count(pg_up == 0) or vector(0)",
            Thresholds(warn=1, bad=1),
        ),
        stat(
            "Mean statement",
            Unit.SECONDS,
            "As the programs see it; 1 to 5 ms are usual, at 50 ms pages get slow.",
            or_zero(MEAN_TIME),
            Thresholds(warn=0.02, bad=0.05),
        ),
        stat("Statements", Unit.PER_SECOND, "Of all programs.", or_zero(rate(f"{STATEMENTS}_count"))),
        stat(
            "Connections",
            Unit.RATIO,
            "Of what PostgreSQL allows: full, programs are refused.",
            f"max({CONNECTIONS})",
            Thresholds(warn=0.7, bad=0.85),
        ),
        stat(
            "Waited for one in vain",
            Unit.PER_MINUTE,
            "Requests and jobs that got no connection from their pool in time.",
            f"60 * ({or_zero(rate('microblog_db_pool_timeouts_total'))})",
            Thresholds(warn=0.01, bad=1),
        ),
        stat(
            "Longest transaction",
            Unit.SECONDS,
            "Keeps dead rows from being cleared; nothing of the site takes a minute.",
            "max(pg_oldest_transaction_seconds)",
            Thresholds(warn=60, bad=600),
        ),
        stat(
            "Log not archived for",
            Unit.SECONDS,
            "How long the oldest file of the log has waited: what a lost disk would cost.",
            "max(pg_archiver_oldest_waiting_seconds)",
            Thresholds(warn=60, bad=120),
        ),
    ),
)

LOAD: Final = Row(
    "What it does",
    (
        graph(
            "Statements",
            Unit.PER_SECOND,
            "By the host that asks; far above the requests' rise is a query in a loop.",
            (rate(f"{STATEMENTS}_count", "instance"), "[[instance]]"),
        ),
        graph(
            "Mean statement",
            Unit.SECONDS,
            "As the hosts see it: one slow, its network or CPU; all, the database, if it says so itself.",
            (
                f"{rate(f'{STATEMENTS}_sum', 'instance')} / ({rate(f'{STATEMENTS}_count', 'instance')} > 0)",
                "[[instance]]",
            ),
            (f"{rate('microblog_sql_seconds_total')} / ({rate(f'{STATEMENTS}_count')} > 0)", _INSIDE),
        ),
        graph(
            "Connections by state",
            Unit.COUNT,
            "idle in transaction is a program that forgot its transaction.",
            (f"sum by (state) (pg_stat_activity_count{_DATABASE})", "[[state]]"),
            ("max(pg_settings_max_connections)", "allowed"),
        ),
        graph(
            "Connections of the programs",
            Unit.COUNT,
            "In use against the pools' size: at the size requests wait for one.",
            ('sum(microblog_db_pool_connections{state="in_use"})', "in use"),
            ('sum(microblog_db_pool_connections{state="idle"})', "idle"),
            ("sum(microblog_db_pool_size)", "size"),
        ),
        graph(
            "Longest transaction by state",
            Unit.SECONDS,
            "A slope without end blocks clean-up, and migrations.",
            ("max by (state) (pg_oldest_transaction_seconds)", "[[state]]"),
        ),
        graph(
            "Waiting for locks",
            Unit.COUNT,
            "Connections that wait for another's transaction: for long, find who holds it.",
            ("sum by (instance) (pg_lock_waits_sessions)", "[[instance]]"),
        ),
        graph(
            "Locks by mode",
            Unit.COUNT,
            "accessexclusivelock is a migration or VACUUM FULL: all others wait for it.",
            (f"sum by (mode) (pg_locks_count{_DATABASE})", "[[mode]]"),
        ),
        graph(
            "Commits and rollbacks",
            Unit.PER_SECOND,
            "Rollbacks that rise with errors are failed requests.",
            (rate(f"pg_stat_database_xact_commit{_DATABASE}"), "commits"),
            (rate(f"pg_stat_database_xact_rollback{_DATABASE}"), "rollbacks"),
            (rate(f"pg_stat_database_deadlocks{_DATABASE}"), "deadlocks"),
        ),
        graph(
            "Pages found in memory",
            Unit.RATIO,
            "Below 99 % for long: more memory, or a query that reads whole tables.",
            (f"{_HITS} / ({_HITS} + {_READS} > 0) or 0 * {_HITS} + 1", "[[datname]]"),
            top=1,
        ),
    ),
)

KEPT: Final = Row(
    "What it keeps",
    (
        graph(
            "Dead rows",
            Unit.COUNT,
            "A table that only rises isn't cleared: a long transaction, or autovacuum is behind.",
            (f"topk(8, {_DEAD})", "[[table]]"),
        ),
        graph(
            "Size by table",
            Unit.BYTES,
            "Steady growth is posts; a jump is a migration or a missing purge.",
            ("topk(8, max by (table) (pg_table_bytes))", "[[table]]"),
        ),
        graph(
            "Size",
            Unit.BYTES,
            "Of the whole database.",
            (f"max by (datname) (pg_database_size_bytes{_DATABASE})", "[[datname]]"),
        ),
        graph(
            "Log segments archived",
            Unit.PER_MINUTE,
            "At 0 for longer than the archive timeout the log isn't saved.",
            ("60 * sum(rate(pg_stat_archiver_archived_count[10m]))", "archived"),
            ("60 * sum(rate(pg_stat_archiver_failed_count[10m]))", "failed"),
        ),
        graph(
            "Size of the log",
            Unit.BYTES,
            "Grows without end while archiving fails, until the disk is full.",
            ("sum by (instance) (pg_wal_bytes)", "[[instance]]"),
        ),
        graph(
            "Checkpoints",
            Unit.PER_MINUTE,
            "Many asked for by writes: max_wal_size is too small.",
            ("60 * sum(rate(pg_stat_bgwriter_checkpoints_timed_total[10m]))", "by time"),
            ("60 * sum(rate(pg_stat_bgwriter_checkpoints_req_total[10m]))", "by writes"),
        ),
        graph(
            "Temporary files",
            Unit.BYTES_PER_SECOND,
            "Sorts that don't fit into work_mem.",
            (rate(f"pg_stat_database_temp_bytes{_DATABASE}"), "written"),
        ),
        table(
            "Statements by time",
            Unit.RATIO,
            "Share of the database's time in the last hour: the first line is the one to make faster.",
            f"sort_desc(topk(15, {_TOP_TIME} / {_ALL_TIME}))",
            ("queryid", "query"),
            "of the time",
        ),
        table(
            "Statements by mean time",
            Unit.SECONDS,
            "Those that take long each; EXPLAIN them: docs/debugging.md.",
            f"sort_desc(topk(15, {_TOP_TIME} / ({_TOP_CALLS} > 0)))",
            ("queryid", "query"),
            "mean",
        ),
        table(
            "Dead rows by table",
            Unit.RATIO,
            "Of all its rows; above 20 % autovacuum should have come.",
            f"sort_desc(topk(15, {_DEAD} / ({_DEAD} + {_LIVE} > 0)))",
            ("table",),
            "dead",
            Thresholds(warn=0.3, bad=0.6),
        ),
    ),
)

BOARD: Final = Board(
    "database",
    "Database",
    "PostgreSQL: who is connected, what is slow or locked, what it keeps, and whether its log is archived.",
    (NOW, LOAD, KEPT),
)
