"""On a host: prints what is known of its backups as JSON (`fab backup.status`).

The request: parts are `repository`, `snapshots` (of pictures) and `targets` (what can be restored) on the
backup host, and `database`; each host tells of its failed units.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

REPOSITORY = Path("/var/lib/pgbackrest")
SNAPSHOTS = Path("/var/lib/microblog-pictures")
SNAPSHOTS_SECRET = "/etc/microblog/backup-pictures-password"  # noqa: S105 - where it lies
ARCHIVER = """
SELECT json_build_object(
  'mode', current_setting('archive_mode'), 'last', last_archived_wal,
  'at', extract(epoch FROM last_archived_time), 'failed_at', extract(epoch FROM last_failed_time),
  'waits', (SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'),
  'waits_since', (SELECT extract(epoch FROM min(modification)) FROM pg_ls_archive_statusdir()
                  WHERE name LIKE '%.ready')
) FROM pg_stat_archiver
"""
#: A file of the log is switched and has to come through within this many seconds.
CHECK_SECONDS = 20
ALARMS = Path("/etc/microblog/backup-alarms.json")
#: A file of the log in the repository, after its timeline and number (whose last two digits end at FF).
SEGMENT = re.compile(r"[0-9A-F]{16}000000[0-9A-F]{2}-[0-9a-f]{40}(\.\w+)?")


def say(*command: str, user: str = "") -> tuple[int, str]:
    """A command's exit code and what it says: its output, or the last line of its errors."""
    words = ["runuser", "-u", user, "--", *command] if user else [*command]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, cwd="/")
    except FileNotFoundError:
        return 127, f"{command[0]} is not there"
    if done.returncode == 0:
        return 0, done.stdout
    lines = (done.stderr.strip() or done.stdout.strip() or "it says nothing").splitlines()
    errors = [line for line in lines if "ERROR" in line]
    return done.returncode, " ".join((errors or lines)[0].split())


def read_json(path: Path) -> object:
    """What a file holds; None where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def find_failed_units() -> list[str]:
    """The units of backups whose last run failed, and timers that don't run."""
    command = ["systemctl", "list-units", "--all", "--plain", "--no-legend", "microblog-backup*.service"]
    units = [line.split() for line in say(*command)[1].splitlines()]
    # Failed, and about to try again.
    failed = [words[0] for words in units if words[2] == "failed" or words[3] == "auto-restart"]
    command = ["systemctl", "list-unit-files", "--plain", "--no-legend", "microblog-backup*.timer"]
    # Without any it ends with 1.
    code, listed = say(*command)
    timers = [line.split()[0] for line in listed.splitlines()] if code == 0 else []
    return failed + [name for name in timers if say("systemctl", "is-active", name)[0]]


def number_of(segment: str) -> int:
    """Where a file of the log is in its timeline."""
    return int(segment[8:16], 16) * 256 + int(segment[22:24], 16)


def find_gaps(names: Iterable[str], first: str) -> list[str]:
    """What is missing in the log among files of these names, from the file `first` on."""
    lines: dict[str, set[int]] = {first[:8]: set()}
    for name in names:
        if SEGMENT.fullmatch(name) and name[8:24] >= first[8:24]:
            lines.setdefault(name[:8], set()).add(number_of(name))
    gaps = []
    for line, there in sorted(lines.items()):
        # Another timeline begins wherever the database was put back to.
        start = number_of(first) if line == first[:8] else min(there)
        missing = [number for number in range(start, max(there, default=start + 1)) if number not in there]
        if missing:
            name = f"{line}{missing[0] // 256:08X}{missing[0] % 256:08X}"
            gaps.append(f"{name} is missing" + (f", and {len(missing) - 1} more" if missing[1:] else ""))
    return gaps


def find_all_gaps(stanza: str, info: list[dict[str, Any]]) -> list[str]:
    """What is missing in the log from the oldest backup on: what is older has gone with its backup."""
    gaps = []
    for archive in info[0]["archive"] if info else []:
        backups = [each for each in info[0]["backup"] if each["database"] == archive["database"]]
        folder = REPOSITORY / "archive" / stanza / archive["id"]
        if backups:
            names = (path.name for path in folder.glob("*/*"))
            gaps += find_gaps(names, backups[0]["archive"]["start"])
    return gaps


def read_repository(stanza: str) -> dict[str, object]:
    """The database's backups as the repository lists them, and whether its log comes through now."""
    command = ["pgbackrest", f"--stanza={stanza}"]
    code, listed = say(*command, "--output=json", "info", user="postgres")
    info = json.loads(listed) if code == 0 else []
    checked, said = say(*command, f"--archive-timeout={CHECK_SECONDS}", "check", user="postgres")
    space = os.statvfs(REPOSITORY)
    return {
        "error": listed if code else "",
        "info": info,
        "gaps": find_all_gaps(stanza, info),
        "check": said if checked else "",
        "size": size_of(REPOSITORY),
        "free": space.f_bavail * space.f_frsize,
        "verified": read_json(REPOSITORY / "verified.json"),
    }


def size_of(folder: Path) -> int:
    """What a folder takes on its disk, in bytes."""
    _, used = say("du", "--summarize", "--block-size=1", str(folder))
    return int(used.split()[0])


def read_targets(stanza: str) -> dict[str, object]:
    """What can be gone back to: the backups, and restore points by name."""
    code, listed = say("pgbackrest", f"--stanza={stanza}", "--output=json", "info", user="postgres")
    points = REPOSITORY / "restore-points"
    lines = points.read_text(encoding="utf-8").splitlines() if points.exists() else []
    info = json.loads(listed) if code == 0 else []
    error, timelines = read_timelines(stanza, info)
    return {
        "error": listed if code else error,
        "info": info,
        "timelines": timelines,
        "points": dict(read_point(line) for line in lines),
    }


def read_point(line: str) -> tuple[str, list[object]]:
    """A restore point's name; its place, time and timeline, which is 0 in lines of former releases."""
    name, place, day, clock, *timeline = line.split()
    return name, [place, f"{day} {clock}", int(timeline[0], 16) if timeline else 0]


def read_timelines(stanza: str, info: list[dict[str, Any]]) -> tuple[str, list[dict[str, object]]]:
    """An error, and the histories that began with a restore: since when, and where they left those before."""
    timelines: list[dict[str, object]] = []
    for archive in info[0]["archive"][-1:] if info else []:
        folder = f"archive/{stanza}/{archive['id']}"
        for path in sorted((REPOSITORY / folder).glob("*.history")):
            code, said = say("pgbackrest", "repo-get", f"{folder}/{path.name}", user="postgres")
            if code:
                return said, []
            rows = [line.split() for line in said.splitlines() if line[:1].isdigit()]
            timelines.append(
                {
                    "number": int(path.stem, 16),
                    # PostgreSQL hands it over as soon as it takes changes again.
                    "since": path.stat().st_mtime,
                    "parents": [[int(row[0]), row[1]] for row in rows],
                }
            )
    return "", timelines


def read_snapshots() -> dict[str, object]:
    """The pictures' backups: of which host, and when."""
    command = ["restic", "--repo", str(SNAPSHOTS), "--password-file", SNAPSHOTS_SECRET, "--no-cache"]
    code, listed = say(*command, "--no-lock", "--json", "snapshots", user="microblog-pictures")
    if code:
        return {"error": listed, "size": 0, "snapshots": []}
    snapshots = [{"host": each["hostname"], "time": each["time"]} for each in json.loads(listed) or []]
    return {"error": "", "size": size_of(SNAPSHOTS), "snapshots": snapshots}


def read_database() -> dict[str, object]:
    """How far the database's log has been handed over."""
    code, said = say("psql", "-XAtq", "--dbname=postgres", f"--command={ARCHIVER}", user="postgres")
    return {"error": said} if code else {"error": "", **json.loads(said)}


def main(parts: list[str], stanza: str) -> None:
    """Print what is asked for, part by part."""
    found: dict[str, object] = {
        "now": time.time(),
        "failed_units": find_failed_units(),
        "alarms": read_json(ALARMS),
    }
    if "repository" in parts:
        found["repository"] = read_repository(stanza)
    if "targets" in parts:
        found["targets"] = read_targets(stanza)
    if "snapshots" in parts:
        found["snapshots"] = read_snapshots()
    if "database" in parts:
        found["database"] = read_database()
    print(json.dumps(found))


if __name__ == "__main__":
    main(**json.loads(sys.argv[-1]))
