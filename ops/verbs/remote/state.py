"""On a host: prints its programs' states, versions and uptimes as JSON (`fab status`)."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from ops.verbs.remote.supervisor import ask_status, split_status

UNITS = (
    "haproxy.service",
    "microblog-log-store.service",
    "microblog-pictures.service",
    "nginx.service",
    "pgbackrest.service",
    "postgresql@*.service",
    "prometheus.service",
    "prometheus-alertmanager.service",
    "redis-server@*.service",
    "supervisord.service",
)
PROPERTIES = "Id,LoadState,ActiveState,SubState,ActiveEnterTimestampMonotonic"
STARTED = Path("/run/supervisor")
SOCKET = Path("/var/lib/microblog/run/current.sock")
SUPERVISOR = Path("/opt/supervisor/venv/lib")


def say(*command: str) -> str:
    """What a program prints; nothing where it isn't there."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return ""


def read_units(output: str, now: float) -> Iterator[dict[str, str]]:
    """The units that are there, as `systemctl show` prints them; `now` on the monotonic clock, in seconds."""
    for block in output.split("\n\n"):
        unit = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if unit.get("LoadState") != "loaded":
            continue
        running = unit["ActiveState"] == "active"
        since = int(unit["ActiveEnterTimestampMonotonic"]) / 1_000_000
        state = unit["SubState"] if running else unit["ActiveState"]
        uptime = str(timedelta(seconds=int(now - since))) if running else "-"
        name = unit["Id"].removesuffix(".service")
        yield {"name": program_of(name), "unit": name, "state": state, "uptime": uptime}


def program_of(unit: str) -> str:
    """What a unit's program is called everywhere: redis-broker, postgresql."""
    return re.sub(r"^postgresql@.*", "postgresql", unit).replace("redis-server@", "redis-")


def find_version(unit: str) -> str:
    """The version of what a unit runs: of Debian's package, or of the pinned Supervisor."""
    if unit == "supervisord":
        found = next(SUPERVISOR.glob("python3*/site-packages/supervisor-*.dist-info"), None)
        return found.name.removesuffix(".dist-info").removeprefix("supervisor-") if found else "-"
    cluster = re.fullmatch(r"postgresql@(\d+)-.*", unit)
    package = f"postgresql-{cluster[1]}" if cluster else unit.partition("@")[0]
    return say("dpkg-query", "--show", "--showformat", "${Version}", package) or "-"


def read_programs(output: str, releases: dict[str, str]) -> Iterator[dict[str, str]]:
    """Supervisor's programs as `supervisorctl status` prints them; `releases` is what they started with."""
    for words in split_status(output):
        name, state = words[0].rpartition(":")[2], words[1].lower()
        uptime = " ".join(words[words.index("uptime") + 1 :]) if "uptime" in words else "-"
        # What it once ran with is no news of a program that doesn't run.
        version = releases.get(name, "-") if state == "running" else "-"
        yield {"name": name, "state": state, "version": version, "uptime": uptime}


def main() -> None:
    """Print all that `fab status` tells of this host."""
    shown = say("systemctl", "show", "--property", PROPERTIES, *UNITS)
    units = list(read_units(shown, time.clock_gettime(time.CLOCK_MONOTONIC)))
    releases = {file.stem: file.read_text().split()[0] for file in STARTED.glob("*.started")}
    print(
        json.dumps(
            {
                "units": [unit | {"version": find_version(unit["unit"])} for unit in units],
                "programs": list(read_programs(ask_status(), releases)),
                "slot": SOCKET.readlink().stem if SOCKET.is_symlink() else "",
                "uptime": str(timedelta(seconds=int(float(Path("/proc/uptime").read_text().split()[0])))),
                "maintenance": Path("/var/lib/microblog/maintenance").exists(),
                "reboot": Path("/var/run/reboot-required").exists(),
            }
        )
    )


if __name__ == "__main__":
    main()
