"""What `fab restore --to` means: a moment, a restore point or the newest; and which backup leads there."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from ops.backups import describe_age, describe_time

LATEST = "latest"
EXAMPLE = "2026-11-21 20:15:03+00"


class RestoreRefused(Exception):
    """A moment that can't be restored; the message is why, and what can be."""


@dataclass(frozen=True)
class Target:
    """Where a recovery ends: pgBackRest's type and target, and the moment (seconds since 1970).

    Each restore begins another history (PostgreSQL's timeline) from its moment on. A database's target has
    the number of the history that it is in, the label of the backup that leads there and, where a later
    restore has ended this history, when.
    """

    kind: str
    value: str
    at: float
    timeline: int = 0
    backup: str = ""
    ended: float = 0

    @property
    def variables(self) -> dict[str, str]:
        """As `ops/playbooks/restore.yml` takes it."""
        way = {"restore_timeline": str(self.timeline), "restore_set": self.backup} if self.backup else {}
        return {
            "restore_type": self.kind,
            "restore_target": self.value,
            "restore_time": datetime.fromtimestamp(self.at, UTC).isoformat(),
        } | way


def find_target(to: str, found: dict[str, Any], now: float, *, database: bool = True) -> Target:
    """The target that `to` names, in what the backup host told (`targets`) at `now`.

    Without `database` it is for pictures alone, which go back as far as they do.

    Raises `RestoreRefused` for what is no time, hasn't come yet, or lies before the oldest backup.
    """
    info = found["info"]
    backups = [each for each in (info[0]["backup"] if info else []) if not each["error"]]
    if database and (found["error"] or not backups):
        raise RestoreRefused(
            f"there is no backup of the database to restore: {found['error'] or 'none was made'}"
        )
    target = _read_target(to, found["points"], now)
    if target.at > now:
        raise RestoreRefused(
            f"{to} has not come yet: it is {describe_time(now)}; {LATEST} is the newest there is"
        )
    return _find_way(target, to, backups, found["timelines"]) if database else target


def _read_target(to: str, points: dict[str, Any], now: float) -> Target:
    if to == LATEST:
        return Target("default", "", now)
    if to in points:
        place, time, timeline = points[to]
        return Target("lsn", place, datetime.fromisoformat(time).timestamp(), timeline)
    at = read_time(to, points)
    return Target("time", datetime.fromtimestamp(at, UTC).isoformat(" "), at)


def _find_way(
    target: Target, to: str, backups: list[dict[str, Any]], timelines: list[dict[str, Any]]
) -> Target:
    """The target with its history, which is the one that the database had at that moment, and its backup."""
    begun = [each["number"] for each in timelines if each["since"] <= target.at]
    timeline = target.timeline or (begun[-1] if begun else _timeline_of(backups[0]))
    ended = min((each["since"] for each in timelines if each["number"] > timeline), default=0)
    parents = {
        number: place for each in timelines if each["number"] == timeline for number, place in each["parents"]
    }

    def leads_there(backup: dict[str, Any]) -> bool:
        """Whether the history goes on from the backup: not where it was made after another was left."""
        line = _timeline_of(backup)
        return line == timeline or (
            line in parents and _place(backup["lsn"]["stop"]) <= _place(parents[line])
        )

    leading = [each for each in backups if leads_there(each)]
    if not leading:
        raise RestoreRefused(f"{to} is in the history {timeline}, to which none of the backups leads")
    # Their times are whole seconds.
    former = [each for each in leading if each["timestamp"]["stop"] + 1 <= target.at]
    if not former:
        end = describe_time(leading[0]["timestamp"]["stop"])
        raise RestoreRefused(f"{to} is before the oldest backup, which ended at {end}")
    return replace(target, timeline=timeline, backup=former[-1]["label"], ended=ended)


def _timeline_of(backup: dict[str, Any]) -> int:
    return int(backup["archive"]["stop"][:8], 16)


def _place(lsn: str) -> tuple[int, ...]:
    """A place in the log, to be compared."""
    return tuple(int(part, 16) for part in lsn.split("/"))


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
    undone = f", in the history that a restore ended at {describe_time(target.ended)}" if target.ended else ""
    return (
        f"{host} gets the database as it was at {describe_time(target.at)}{undone}: what was written in the "
        f"{describe_age(now - target.at)} since then will not be in it"
    )
