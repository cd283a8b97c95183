"""What `fab restore --to` means: a moment, a restore point or the newest there is."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ops.backups import describe_age, describe_time

LATEST = "latest"
EXAMPLE = "2026-11-21 20:15:03+00"


class RestoreRefused(Exception):
    """A moment that can't be restored; the message is why, and what can be."""


@dataclass(frozen=True)
class Target:
    """Where a recovery ends: pgBackRest's type and target, and the moment (seconds since 1970)."""

    kind: str
    value: str
    at: float

    @property
    def variables(self) -> dict[str, str]:
        """As `ops/playbooks/restore.yml` takes it."""
        return {
            "restore_type": self.kind,
            "restore_target": self.value,
            "restore_time": datetime.fromtimestamp(self.at, UTC).isoformat(),
        }


def find_target(to: str, found: dict[str, Any], now: float, *, database: bool = True) -> Target:
    """The target that `to` names, in what the backup host told (`targets`) at `now`.

    Without `database` it is for pictures alone, which go back as far as they do.

    Raises `RestoreRefused` for what is no time, hasn't come yet, or lies before the oldest backup.
    """
    info = found["info"]
    backups = [each for each in (info[0]["backup"] if info else []) if not each["error"]]
    if database and not backups:
        raise RestoreRefused(
            f"there is no backup of the database to restore: {found['error'] or 'none was made'}"
        )
    if to == LATEST:
        return Target("default", "", now)
    if to in found["points"]:
        place, time = found["points"][to]
        target = Target("lsn", place, datetime.fromisoformat(time).timestamp())
    else:
        at = read_time(to, found["points"])
        target = Target("time", datetime.fromtimestamp(at, UTC).isoformat(" "), at)
    oldest = min((each["timestamp"]["stop"] for each in backups if database), default=0)
    if target.at > now:
        raise RestoreRefused(
            f"{to} has not come yet: it is {describe_time(now)}; {LATEST} is the newest there is"
        )
    if target.at < oldest:
        raise RestoreRefused(f"{to} is before the oldest backup, which ended at {describe_time(oldest)}")
    return target


def read_time(text: str, points: dict[str, Any]) -> float:
    """A moment with its zone, as seconds since 1970. Raises `RestoreRefused` for what is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        known = f"; restore points: {', '.join(points)}" if points else "; there are no restore points"
        raise RestoreRefused(f"{text!r} is neither a time such as '{EXAMPLE}' nor {LATEST}{known}") from None
    if moment.tzinfo is None:
        raise RestoreRefused(f"{text!r} names no zone: '{text}+00' is that time in UTC")
    return moment.timestamp()


def describe_loss(target: Target, host: str, now: float) -> str:
    """What somebody who restores over a database in use should know."""
    if target.kind == "default":
        return f"{host} gets all that the backups hold"
    return (
        f"{host} gets the database as it was at {describe_time(target.at)}: what was written in the "
        f"{describe_age(now - target.at)} since then will not be in it"
    )
