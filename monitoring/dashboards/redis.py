"""The two Redis servers: the broker, which must keep what it has, and the cache, which may forget."""

from typing import Final

from monitoring.panels import Board, Row, Thresholds, Unit, graph, rate, stat, table

_SERVER: Final = "[[server]] [[instance]]"
_OF_LIMIT: Final = "redis_memory_used_bytes / (redis_memory_max_bytes > 0)"
_HITS: Final = "sum by (instance, server) (rate(redis_keyspace_hits_total[2m]))"
_MISSES: Final = "sum by (instance, server) (rate(redis_keyspace_misses_total[2m]))"
_BUSY: Final = "sum by (instance, server) (rate(redis_commands_duration_seconds_total[2m]))"
_CALLS: Final = "sum by (instance, server) (rate(redis_commands_total[2m]))"

NOW: Final = Row(
    "Now",
    (
        stat(
            "Servers down",
            Unit.COUNT,
            "Broker and cache of each database host; there should be none.",
            "count(redis_up == 0) or vector(0)",
            Thresholds(warn=1, bad=1),
        ),
        stat(
            "Broker's memory",
            Unit.RATIO,
            "Of its limit: full, it refuses new jobs, which then stay in the outbox.",
            f'max({_OF_LIMIT} and redis_up{{server="broker"}}) or vector(0)',
            Thresholds(warn=0.7, bad=0.9),
        ),
        stat(
            "Cache's memory",
            Unit.RATIO,
            "Of its limit: full is its healthy state, it evicts what is old.",
            f'max({_OF_LIMIT} and redis_up{{server="cache"}}) or vector(0)',
        ),
        stat("Clients", Unit.COUNT, "Connections to both.", "sum(redis_connected_clients)"),
        stat("Commands", Unit.PER_SECOND, "Of both.", rate("redis_commands_processed_total")),
        stat(
            "Refused connections",
            Unit.PER_MINUTE,
            "More clients than maxclients; there should be none.",
            f"60 * {rate('redis_rejected_connections_total')}",
            Thresholds(warn=0.1, bad=1),
        ),
    ),
)

SERVERS: Final = Row(
    "Servers",
    (
        graph(
            "Memory",
            Unit.BYTES,
            "Against the limit of each.",
            ("redis_memory_used_bytes", f"{_SERVER} used"),
            ("redis_memory_max_bytes", f"{_SERVER} limit"),
        ),
        graph(
            "Clients",
            Unit.COUNT,
            "Steady under load; a slope is a program that doesn't give connections back.",
            ("redis_connected_clients", _SERVER),
        ),
        graph(
            "Commands",
            Unit.PER_SECOND,
            "The cache's follow the requests, the broker's the jobs.",
            ("rate(redis_commands_processed_total[2m])", _SERVER),
        ),
        graph(
            "Hits",
            Unit.RATIO,
            "Share of look-ups that found something; low on the cache after it was emptied.",
            (f"{_HITS} / ({_HITS} + {_MISSES} > 0) or 0 * sum by (instance, server) (redis_up)", _SERVER),
            top=1,
        ),
        graph(
            "Evicted and expired keys",
            Unit.PER_SECOND,
            "Evictions are for the cache alone: the broker must never evict.",
            ("rate(redis_evicted_keys_total[2m])", f"{_SERVER} evicted"),
            ("rate(redis_expired_keys_total[2m])", f"{_SERVER} expired"),
        ),
        graph(
            "Refused connections",
            Unit.PER_MINUTE,
            "Above 0 programs are told that there are too many.",
            ("60 * rate(redis_rejected_connections_total[2m])", _SERVER),
        ),
        graph(
            "Keys",
            Unit.COUNT,
            "A fall to 0 is an emptied server: feeds are rebuilt from PostgreSQL.",
            ("sum by (instance, server) (redis_db_keys)", _SERVER),
        ),
        graph(
            "Time per command",
            Unit.SECONDS,
            "Microseconds; milliseconds mean a slow command or a host without CPU.",
            (
                f"{_BUSY} / ({_CALLS} > 0)",
                _SERVER,
            ),
        ),
        table(
            "Commands",
            Unit.PER_SECOND,
            "The twenty most frequent.",
            "sort_desc(topk(20, sum by (server, cmd) (rate(redis_commands_total[2m]))))",
            ("server", "cmd"),
            "calls",
        ),
        table(
            "Uptime",
            Unit.SECONDS,
            "A short one is a restart.",
            "sort(redis_uptime_in_seconds)",
            ("server", "instance"),
            "up for",
        ),
    ),
)

BOARD: Final = Board(
    "redis",
    "Redis",
    "Broker and cache: memory against its limit, clients, commands, what is refused or evicted.",
    (NOW, SERVERS),
)
