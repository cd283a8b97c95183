"""The series that boards show beside those of the rules: of Debian 12's exporters, with their labels."""

_DATABASE = {"datname", "datid"}
_BACKEND = {"proxy"}

SHOWN: dict[str, set[str]] = {
    # Prometheus' own.
    "ALERTS": {"alertname", "alertstate", "severity", "queue", "kind", "program"},
    "ALERTS_FOR_STATE": {"alertname", "severity", "queue", "kind", "program"},
    "probe_duration_seconds": set(),
    # The node exporter's, with the hosts' facts, and the process exporter's.
    "node_cpu_seconds_total": {"cpu", "mode"},
    "node_load1": set(),
    "node_disk_io_time_seconds_total": {"device"},
    "node_network_receive_bytes_total": {"device"},
    "node_network_transmit_bytes_total": {"device"},
    "microblog_release_current": {"release"},
    "microblog_deploy_event_timestamp_seconds": {"release", "event"},
    "namedprocess_namegroup_memory_bytes": {"groupname", "memtype"},
    "namedprocess_namegroup_cpu_seconds_total": {"groupname", "mode"},
    "namedprocess_namegroup_num_procs": {"groupname"},
    # HAProxy's and nginx'.
    "haproxy_backend_current_queue": _BACKEND,
    "haproxy_backend_retry_warnings_total": _BACKEND,
    "haproxy_backend_redispatch_warnings_total": _BACKEND,
    "haproxy_backend_connection_errors_total": _BACKEND,
    "nginx_connections_active": set(),
    "nginx_http_requests_total": set(),
    # PostgreSQL's: the exporter's own; those of queries.yml are read from there.
    "pg_locks_count": {"datname", "mode"},
    "pg_database_size_bytes": {"datname"},
    "pg_stat_archiver_archived_count": set(),
    "pg_stat_archiver_failed_count": set(),
    "pg_stat_bgwriter_checkpoints_timed_total": set(),
    "pg_stat_bgwriter_checkpoints_req_total": set(),
    "pg_stat_database_blks_hit": _DATABASE,
    "pg_stat_database_blks_read": _DATABASE,
    "pg_stat_database_deadlocks": _DATABASE,
    "pg_stat_database_temp_bytes": _DATABASE,
    "pg_stat_database_xact_commit": _DATABASE,
    "pg_stat_database_xact_rollback": _DATABASE,
    # Redis'.
    "redis_commands_duration_seconds_total": {"cmd"},
    "redis_commands_processed_total": set(),
    "redis_commands_total": {"cmd"},
    "redis_connected_clients": set(),
    "redis_db_keys": {"db"},
    "redis_evicted_keys_total": set(),
    "redis_expired_keys_total": set(),
    "redis_keyspace_hits_total": set(),
    "redis_keyspace_misses_total": set(),
    "redis_uptime_in_seconds": set(),
}
