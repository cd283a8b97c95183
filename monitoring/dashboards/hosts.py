"""Is a host full, and what on it has to be done soon."""

from typing import Final

from monitoring.panels import Board, Row, Thresholds, Unit, graph, or_zero, rate, stat, table

CPU_USED: Final = '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[2m]))'
MEMORY_USED: Final = "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes"
_SIZED: Final = '{fstype!~"tmpfs|ramfs"}'
# The fullest file system of each host.
DISK_USED: Final = (
    f"max by (instance) (1 - node_filesystem_avail_bytes{_SIZED} / (node_filesystem_size_bytes{_SIZED} > 0))"
)
_CORES: Final = 'count by (instance) (node_cpu_seconds_total{mode="idle"})'
_DAYS_LEFT: Final = "min by (certificate, instance) (microblog_certificate_expiry_timestamp_seconds) - time()"
_BACKUP_AGE: Final = "time() - max by (kind, instance) (microblog_backup_last_timestamp_seconds)"
_PROCESS: Final = "namedprocess_namegroup"
_MEMORY: Final = f'{_PROCESS}_memory_bytes{{memtype="resident"}}'

NOW: Final = Row(
    "Now",
    (
        stat("Hosts up", Unit.COUNT, "Hosts whose node exporter answers.", 'sum(up{job="node"})'),
        stat(
            "Hosts down",
            Unit.COUNT,
            "There should be none; the alert HostDown names them.",
            'count(up{job="node"} == 0) or vector(0)',
            Thresholds(warn=1, bad=1),
        ),
        stat(
            "Fullest disk",
            Unit.RATIO,
            "Of all file systems of all hosts.",
            f"max({DISK_USED})",
            Thresholds(warn=0.8, bad=0.9),
        ),
        stat(
            "Programs down",
            Unit.COUNT,
            "Programs of Supervisor that should run and don't.",
            "count(microblog_program_up == 0) or vector(0)",
            Thresholds(warn=1, bad=1),
        ),
        stat(
            "Next certificate expires in",
            Unit.SECONDS,
            "`fab provision` renews the hosts' own ones.",
            f"min({_DAYS_LEFT})",
            Thresholds(warn=30 * 86400, bad=14 * 86400),
        ),
        stat(
            "Reboots required",
            Unit.COUNT,
            "Hosts whose packages ask for one: `fab drain` first.",
            "sum(microblog_reboot_required)",
            Thresholds(warn=1, bad=1000),
        ),
    ),
)

FULL: Final = Row(
    "Is a host full?",
    (
        graph(
            "CPU",
            Unit.RATIO,
            "Share of all cores in use; above 90 % answers get slow.",
            (CPU_USED, "[[instance]]"),
            top=1,
        ),
        graph(
            "Memory",
            Unit.RATIO,
            "Share that no program can have any more; near 100 % the kernel kills one.",
            (MEMORY_USED, "[[instance]]"),
            top=1,
        ),
        graph(
            "Disk",
            Unit.RATIO,
            "The fullest file system of each host; a slope says when it will be full.",
            (DISK_USED, "[[instance]]"),
            top=1,
        ),
        graph(
            "Disk busy",
            Unit.RATIO,
            "Share of the time that the busiest disk worked; at 100 % everything waits for it.",
            (or_zero("max by (instance) (rate(node_disk_io_time_seconds_total[2m]))"), "[[instance]]"),
        ),
        graph(
            "Load per core",
            Unit.COUNT,
            "Programs that want to run, for each core; above 1 they queue.",
            (f"max by (instance) (node_load1) / ({_CORES})", "[[instance]]"),
        ),
        graph(
            "Network",
            Unit.BYTES_PER_SECOND,
            "What each host receives and sends.",
            (rate('node_network_receive_bytes_total{device!="lo"}', "instance"), "[[instance]] in"),
            (rate('node_network_transmit_bytes_total{device!="lo"}', "instance"), "[[instance]] out"),
        ),
    ),
)

PROGRAMS: Final = Row(
    "Programs",
    (
        graph(
            "Memory by program",
            Unit.BYTES,
            "Of all hosts together; a slope is a leak: docs/debugging.md.",
            (f"sum by (groupname) ({_MEMORY})", "[[groupname]]"),
        ),
        graph(
            "CPU by program",
            Unit.COUNT,
            "Cores in use, of all hosts together.",
            (rate(f"{_PROCESS}_cpu_seconds_total", "groupname"), "[[groupname]]"),
        ),
        graph(
            "Processes by program",
            Unit.COUNT,
            "A step down is a program that died.",
            (f"sum by (groupname) ({_PROCESS}_num_procs)", "[[groupname]]"),
        ),
        graph(
            "Logs not yet shipped",
            Unit.BYTES,
            "rsyslog's queue on disk: grows while the log store is away, and falls to 0 after.",
            ("max by (instance) (microblog_log_queue_bytes)", "[[instance]]"),
        ),
        graph(
            "Last line in the log store",
            Unit.SECONDS,
            "How old it is: each host writes one a minute.",
            (
                "time() - max by (instance, store) (microblog:log_heard:timestamp_seconds > 0)",
                "[[instance]] in [[store]]",
            ),
        ),
        table(
            "Supervisor's programs",
            Unit.COUNT,
            "1 runs, 0 doesn't; the worst first.",
            "sort(min by (instance, program) (microblog_program_up))",
            ("instance", "program"),
            "up",
            Thresholds(warn=1, bad=0.5),
        ),
        table(
            "Memory by program and host",
            Unit.BYTES,
            "The twenty largest.",
            f"sort_desc(topk(20, sum by (instance, groupname) ({_MEMORY})))",
            ("instance", "groupname"),
            "memory",
        ),
    ),
)

SOON: Final = Row(
    "What has to be done soon",
    (
        table(
            "Certificates",
            Unit.SECONDS,
            "What is left until each expires; the first one decides.",
            f"sort({_DAYS_LEFT})",
            ("instance", "certificate"),
            "expires in",
            Thresholds(warn=30 * 86400, bad=14 * 86400),
        ),
        table(
            "Backups",
            Unit.SECONDS,
            "The age of the last good one of each kind; `fab backup.status` knows its limit.",
            f"sort_desc({_BACKUP_AGE})",
            ("kind", "instance"),
            "age",
        ),
        table(
            "Backups against their limits",
            Unit.RATIO,
            "Age as a share of what is allowed; at 100 % BackupTooOld fires.",
            f"sort_desc(({_BACKUP_AGE}) / max by (kind, instance) (microblog_backup_limit_seconds))",
            ("kind", "instance"),
            "of the limit",
            Thresholds(warn=0.9, bad=1),
        ),
        table(
            "Reboot required",
            Unit.COUNT,
            "1 where packages ask for one.",
            "sort_desc(max by (instance) (microblog_reboot_required))",
            ("instance",),
            "reboot",
            Thresholds(warn=1, bad=1000),
        ),
    ),
)

BOARD: Final = Board(
    "hosts",
    "Hosts",
    "Is a host full, what runs there, and what has to be done soon: certificates, backups, reboots.",
    (NOW, FULL, PROGRAMS, SOON),
)
