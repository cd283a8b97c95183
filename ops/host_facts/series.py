"""Series in Prometheus' text format, for node_exporter's folder of files (its textfile collector)."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

#: All that is told of a host, with what it means.
HELP = {
    "microblog_release_current": "1 for the release that the host's programs are started with.",
    "microblog_deploy_event_timestamp_seconds": "When this last became of the release on this host.",
    "microblog_program_up": "Whether a program that should run does.",
    "microblog_log_queue_bytes": "Log lines on the disk that wait for the log store.",
    "microblog_log_store_up": "Whether the log store that should run here does.",
    "microblog_log_heard_timestamp_seconds": "When the host wrote what came to this store last.",
    "microblog_certificate_expiry_timestamp_seconds": "Until when the certificate is valid.",
    "microblog_reboot_required": "Whether an update waits for a reboot.",
    "microblog_backup_last_timestamp_seconds": "When the last such backup ended; 0 where there is none.",
    "microblog_backup_limit_seconds": "How old the last such backup may be.",
    "microblog_backup_broken": "Whether this of the backups is not as it should be (fab backup.status).",
    "microblog_host_facts_timestamp_seconds": "When these facts were looked up.",
    "microblog_host_facts_errors": "How often the fact could not be looked up since the service started.",
}
COUNTERS = {"microblog_host_facts_errors"}


@dataclass(frozen=True)
class Series:
    """A figure: its name (one of `HELP`), its value, and its labels."""

    name: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


def series(name: str, value: float, **labels: str) -> Series:
    """A figure with these labels."""
    return Series(name, value, tuple(labels.items()))


def _quote(value: str) -> str:
    escaped = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'"{escaped}"'


def format_text(found: Iterable[Series]) -> str:
    """The file's text.

    Of several with the same name and labels the last counts: node_exporter refuses a file with both.
    """
    values = {(each.name, each.labels): each.value for each in found}
    lines = []
    for name, meaning in HELP.items():
        rows = {labels: value for (known, labels), value in values.items() if known == name}
        if rows:
            kind = "counter" if name in COUNTERS else "gauge"
            lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
        for labels, value in sorted(rows.items()):
            named = ",".join(f"{key}={_quote(text)}" for key, text in labels)
            lines.append(f"{name}{{{named}}} {value!r}" if named else f"{name} {value!r}")
    return "".join(f"{line}\n" for line in lines)


def write_text(path: Path, text: str) -> None:
    """Put the text where `path` is, whole: who reads sees the old or the new."""
    aside = path.with_suffix(".new")
    aside.write_text(text, encoding="utf-8")
    # The service's umask hides it from the exporter's user.
    aside.chmod(0o644)
    aside.replace(path)
