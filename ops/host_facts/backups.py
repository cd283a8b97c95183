"""How old the backups here are and what is wrong with them, as `fab backup.status` judges them."""

import json
import os
import pwd
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ops.host_facts.series import Series, series
from ops.verbs.remote.backups import ALARMS, SNAPSHOTS, SNAPSHOTS_SECRET, find_all_gaps, find_failed_units

STANZA = "microblog"
DAY, HOUR = 86400, 3600
#: Looking for gaps reads a folder of many thousand files.
GAPS_SECONDS = 600


def ask(*command: str, user: str) -> str:
    """What a program says as that user. Raises `subprocess.SubprocessError` and `OSError`."""
    account = pwd.getpwnam(user)
    done = subprocess.run(
        command,
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=os.getgrouplist(user, account.pw_gid),
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def ask_repository() -> list[dict[str, Any]]:
    """The database's backups, as pgBackRest lists them."""
    command = ["pgbackrest", f"--stanza={STANZA}", "--log-level-file=off", "--output=json", "info"]
    listed = json.loads(ask(*command, user="postgres"))
    assert isinstance(listed, list)
    return listed


def ask_snapshots() -> list[dict[str, Any]]:
    """The pictures' backups, as restic lists them."""
    command = ["restic", "--repo", str(SNAPSHOTS), "--password-file", SNAPSHOTS_SECRET, "--no-cache"]
    listed = json.loads(ask(*command, "--no-lock", "--json", "snapshots", user="microblog-pictures")) or []
    assert isinstance(listed, list)
    return listed


def broken(kind: str, found: object) -> Series:
    """Whether something is wrong with this of the backups."""
    return series("microblog_backup_broken", int(bool(found)), kind=kind)


def age(kind: str, last: float, limit: float) -> Iterator[Series]:
    """When the last of that kind was made, and how old it may be."""
    yield series("microblog_backup_last_timestamp_seconds", last, kind=kind)
    yield series("microblog_backup_limit_seconds", limit, kind=kind)


@dataclass
class Backups:
    """The backups that a host keeps; what is costly to find out is kept as long as it can't be otherwise."""

    gaps: list[str] = field(default_factory=list)
    gaps_at: float = -GAPS_SECONDS
    snapshot_names: set[str] | None = None
    last_snapshot: float = 0

    def read_database(self, root: Path, now: float) -> Iterator[Series]:
        """Of the database; nothing on a host that keeps none."""
        repository = root / "var/lib/pgbackrest"
        alarms = read_alarms(root)
        if not alarms or not (repository / "backup").is_dir():
            return
        try:
            info = ask_repository()
        except (subprocess.SubprocessError, ValueError):
            info = []
        state = info[0]["status"]["code"] if info else 1
        yield broken("repository", state)
        if state:
            return
        made = info[0]["backup"]
        yield broken("pages", made and made[-1]["error"])
        ends = [each["timestamp"]["stop"] for each in made]
        full = [each["timestamp"]["stop"] for each in made if each["type"] == "full"]
        yield from age("full", max(full, default=0), alarms["full_days"] * DAY)
        yield from age("any", max(ends, default=0), alarms["any_hours"] * HOUR)
        if now - self.gaps_at >= GAPS_SECONDS:
            self.gaps, self.gaps_at = find_all_gaps(STANZA, info), now
        yield broken("log", self.gaps)
        yield from read_verification(root, alarms)

    def read_pictures(self, root: Path) -> Iterator[Series]:
        """Of the pictures; nothing on a host that keeps none."""
        alarms = read_alarms(root)
        folder = root / SNAPSHOTS.relative_to("/") / "snapshots"
        if not alarms or not folder.is_dir():
            return
        names = {path.name for path in folder.iterdir()}
        try:
            # To open the repository takes a second of a processor's time.
            if names != self.snapshot_names:
                times = [datetime.fromisoformat(each["time"]).timestamp() for each in ask_snapshots()]
                self.last_snapshot, self.snapshot_names = max(times, default=0), names
        except (subprocess.SubprocessError, ValueError):
            yield broken("pictures", found=True)
            return
        yield broken("pictures", found=False)
        yield from age("pictures", self.last_snapshot, alarms["pictures_hours"] * HOUR)


def read_alarms(root: Path) -> dict[str, float] | None:
    """From when on a backup is too old; None on a host that keeps none."""
    path = root / ALARMS.relative_to("/")
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def read_verification(root: Path, alarms: dict[str, float]) -> Iterator[Series]:
    """When a backup was last restored on another host; without any, since when this host keeps them."""
    path = root / "var/lib/pgbackrest/verified.json"
    if path.exists():
        verified = json.loads(path.read_text(encoding="utf-8"))
        last, is_equal = float(verified["at"]), bool(verified["equal"])
    else:
        last, is_equal = (root / ALARMS.relative_to("/")).stat().st_mtime, True
    yield broken("verification", not is_equal)
    yield from age("verification", last, alarms["verified_days"] * DAY)


def read_units(root: Path) -> Iterator[Series]:
    """Whether a unit that makes backups, or its timer, has failed; nothing on a host without one."""
    if any((root / "etc/systemd/system").glob("microblog-backup*")):
        yield broken("units", find_failed_units())
