"""The series that rules may read beside the application's own: of the exporters in Debian 12."""

_FILES = {"device", "fstype", "mountpoint"}

EXPORTED: dict[str, set[str]] = {
    # Prometheus' own, Alertmanager's, and the blackbox exporter's.
    "up": set(),
    "prometheus_notifications_dropped_total": set(),
    "prometheus_rule_evaluation_failures_total": {"rule_group"},
    "prometheus_config_last_reload_successful": set(),
    "alertmanager_notifications_failed_total": {"integration"},
    "probe_success": set(),
    "probe_ssl_earliest_cert_expiry": set(),
    # The node exporter's.
    "node_filesystem_avail_bytes": _FILES,
    "node_filesystem_size_bytes": _FILES,
    "node_filesystem_readonly": _FILES,
    "node_filesystem_files": _FILES,
    "node_filesystem_files_free": _FILES,
    "node_memory_MemAvailable_bytes": set(),
    "node_memory_MemTotal_bytes": set(),
    "node_vmstat_oom_kill": set(),
    "node_time_seconds": set(),
    # The hosts' facts (role node_exporter).
    "microblog_program_up": {"program"},
    "microblog_log_queue_bytes": set(),
    "microblog_log_store_up": set(),
    "microblog_log_heard_timestamp_seconds": {"host"},
    "microblog_certificate_expiry_timestamp_seconds": {"certificate"},
    "microblog_reboot_required": set(),
    "microblog_backup_last_timestamp_seconds": {"kind"},
    "microblog_backup_limit_seconds": {"kind"},
    "microblog_backup_broken": {"kind"},
    "microblog_host_facts_timestamp_seconds": set(),
    "microblog_host_facts_errors": {"fact"},
    # The process exporter's.
    "namedprocess_namegroup_num_procs": {"groupname"},
    # HAProxy's, PostgreSQL's, Redis'.
    "haproxy_frontend_http_responses_total": {"proxy", "code"},
    "haproxy_backend_active_servers": {"proxy"},
    "pg_up": set(),
    "pg_settings_max_connections": set(),
    "pg_stat_activity_count": {"datname", "state"},
    "pg_oldest_transaction_seconds": {"state"},
    "redis_up": set(),
    "redis_memory_used_bytes": set(),
    "redis_memory_max_bytes": set(),
    "redis_rejected_connections_total": set(),
}
