"""Releases, deploys, certificates, waiting log lines and reboots of a host."""

import re
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ops.host_facts.series import Series, series

EVENTS = ("provisioned", "started", "deployed", "failed", "left")
#: As many lines of revisions.log are told.
LINES = 10
#: A file of rsyslog's queue on the disk; beside them lie its notes of what it has read.
QUEUE_FILE = re.compile(r".+\.\d{8}")
CERTIFICATES = {
    "host": ("etc/microblog/tls/host.pem",),
    "authority": ("etc/microblog/tls/ca.pem",),
    # What visitors get: of the edge, or of a web host without one.
    "site": ("etc/haproxy/tls/site.pem", "etc/nginx/tls/site.pem"),
}


def read_release(root: Path) -> Iterator[Series]:
    """The release that programs are started with; nothing on a host without the site's programs."""
    current = root / "opt/microblog/current"
    if current.is_symlink():
        yield series("microblog_release_current", 1, release=current.readlink().name)


def read_events(root: Path) -> Iterator[Series]:
    """When releases were last started, deployed, given up … on this host."""
    log = root / "opt/microblog/revisions.log"
    if not log.exists():
        return
    for line in log.read_text(encoding="utf-8").splitlines()[-LINES:]:
        words = line.split(maxsplit=4)
        if len(words) >= 4 and words[2] in EVENTS:
            at = datetime.fromisoformat(words[0]).timestamp()
            name = "microblog_deploy_event_timestamp_seconds"
            yield series(name, at, release=words[3], event=words[2])


def read_log_queue(root: Path) -> Iterator[Series]:
    """What waits for the log store; nothing on a host that ships no logs."""
    spool = root / "var/spool/rsyslog"
    if spool.is_dir():
        files = [path for path in spool.iterdir() if QUEUE_FILE.fullmatch(path.name)]
        yield series("microblog_log_queue_bytes", sum(path.stat().st_size for path in files))


def read_reboot(root: Path) -> Iterator[Series]:
    """Whether Debian asks for a reboot."""
    yield series("microblog_reboot_required", int((root / "run/reboot-required").exists()))


def ask_expiry(path: Path) -> float:
    """Until when the first certificate of a file is valid. Raises `subprocess.SubprocessError`."""
    command = ["openssl", "x509", "-noout", "-enddate", "-in", str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout
    return float(ssl.cert_time_to_seconds(said.strip().removeprefix("notAfter=")))


@dataclass
class Certificates:
    """The host's certificates; each file is read once, and again when it is another."""

    known: dict[Path, tuple[tuple[int, ...], float]] = field(default_factory=dict)

    def read(self, root: Path) -> Iterator[Series]:
        """Until when each is valid."""
        name = "microblog_certificate_expiry_timestamp_seconds"
        for certificate, places in CERTIFICATES.items():
            found = [self._expiry(root / place) for place in places if (root / place).exists()]
            # A host that is edge and web serves both.
            if found:
                yield series(name, min(found), certificate=certificate)

    def _expiry(self, path: Path) -> float:
        now = path.stat()
        mark = (now.st_ino, now.st_size, now.st_mtime_ns)
        if self.known.get(path, (None,))[0] != mark:
            self.known[path] = mark, ask_expiry(path)
        return self.known[path][1]
