"""Whether the log store of a monitoring host runs, and whose lines still come."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from ops.host_facts.series import Series, series

#: Of the service that looks up these facts, on each host: its lines come to the store from each.
PROGRAM = "microblog-host-facts"
#: There while the unit is to be started at boot, and while it runs.
WANTED = "etc/systemd/system/multi-user.target.wants/microblog-log-store.service"
RUNNING = "run/microblog-log-store"
#: How its configuration names the hosts that may send.
HOST = re.compile(r'set \$\.host = "([^"]+)"')
#: As much of the day's file is read, from its end: some minutes of hundreds of hosts.
TAIL = 256 * 1024


@dataclass
class LogStore:
    """What the store of this host knows of who sends; nothing on a host without one."""

    heard: dict[str, float] = field(default_factory=dict)

    def read(self, root: Path, today: date) -> Iterator[Series]:
        """Whether it runs, and when each host wrote the last sign of life that came; 0 for none."""
        if not (root / WANTED).is_symlink():
            return
        yield series("microblog_log_store_up", int((root / RUNNING).is_dir()))
        self.heard |= read_signs(root / f"var/log/microblog-store/{today.isoformat()}/{PROGRAM}.log")
        settings = (root / "etc/microblog/log-store.conf").read_text(encoding="utf-8")
        for host in HOST.findall(settings):
            yield series("microblog_log_heard_timestamp_seconds", self.heard.get(host, 0), host=host)


def read_signs(path: Path) -> dict[str, float]:
    """When each host wrote its last line in the end of that file."""
    if not path.exists():
        return {}
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - TAIL, 0))
        lines = file.read(TAIL).decode("utf-8", "replace").splitlines()
    heard = {}
    for line in lines:
        at, _, rest = line.partition(" ")
        try:
            heard[rest.partition(" ")[0]] = datetime.fromisoformat(at).timestamp()
        except ValueError:
            # The first may begin in its middle, the last may not be whole.
            continue
    return heard


def utc_today() -> date:
    """The day that the store writes in."""
    return datetime.now(UTC).date()
