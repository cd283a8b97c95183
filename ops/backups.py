"""What is known of an environment's backups, as a table, and what of it is not as it should be."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from ops.inventory import Host, InventoryError

STANZA = "microblog"
MINUTE, HOUR, DAY = 60, 3600, 86400
KINDS = {"full": "full", "diff": "difference", "incr": "increment"}


def parts_of(host: Host) -> list[str]:
    """What of the backups is asked on a host: see `ops/verbs/remote/backups.py`."""
    parts = []
    if "backup" in host.groups:
        parts.append("snapshots")
    if "microblog_database_url" not in host.variables:
        parts += ["repository"] * ("backup" in host.groups) + ["database"] * ("database" in host.groups)
    return parts


def picture_hosts(hosts: list[Host]) -> list[str]:
    """The hosts that keep pictures, each all of them."""
    stores = [host.name for host in hosts if "media" in host.groups]
    return stores or [host.name for host in hosts if {"web", "worker"} & set(host.groups)]


def backup_host(environment: str, hosts: list[Host]) -> Host:
    """The host that keeps the backups. Raises `InventoryError` where the environment has none."""
    for host in hosts:
        if "backup" in host.groups:
            return host
    raise InventoryError(
        f"{environment} has no backups: put a host into the group `backup` of hosts.yml, then fab provision"
    )


def describe_age(seconds: float) -> str:
    """How long ago something was, in the largest unit of which there are two."""
    for unit, length in (("days", DAY), ("h", HOUR), ("min", MINUTE)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def describe_size(size: float) -> str:
    """Bytes as people read them."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def describe_time(seconds: float) -> str:
    """A moment since 1970 as `fab restore --to` takes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S+00")


def list_backups(info: list[dict[str, Any]], now: float) -> list[tuple[str, ...]]:
    """A row for each backup of `pgbackrest info`: label, kind, end, age, the database's size, its own."""
    rows = []
    for backup in info[0]["backup"] if info else []:
        end = backup["timestamp"]["stop"]
        sizes = backup["info"]["size"], backup["info"]["repository"]["delta"]
        rows.append(
            (
                backup["label"],
                KINDS[backup["type"]],
                describe_time(end),
                describe_age(now - end),
                *(describe_size(size) for size in sizes),
            )
        )
    return rows


def judge_repository(found: dict[str, Any], alarms: dict[str, float], now: float) -> Iterator[str]:
    """What is wrong with the database's backups."""
    info = found["info"]
    state = info[0]["status"] if info else {"code": 1, "message": "there is no repository"}
    if found["error"] or state["code"]:
        yield f"the repository can't be used: {found['error'] or state['message']}"
        return
    if found["check"]:
        yield f"the database's log does not get into the repository: {found['check']}"
    for gap in found["gaps"]:
        yield f"the log in the repository has a gap: {gap}. After fab backup --full what comes is safe again"
    backups = info[0]["backup"] if info else []
    for backup in backups[-1:]:
        if backup["error"]:
            yield f"{backup['label']} found damaged pages in the database: its host's disk may be failing"
    ends = [backup["timestamp"]["stop"] for backup in backups]
    full = [backup["timestamp"]["stop"] for backup in backups if backup["type"] == "full"]
    yield from _judge_age("full backup", full, alarms["full_days"] * DAY, now, "fab backup --full")
    if full:
        yield from _judge_age("backup", ends, alarms["any_hours"] * HOUR, now, "fab backup")
    verified = found["verified"] or {}
    if verified and not verified["equal"]:
        yield f"the last verification found differences: {verified['message']}"
    yield from _judge_age(
        "verification",
        [verified["at"]] if verified else [],
        alarms["verified_days"] * DAY,
        now,
        "fab backup.verify",
    )


def _judge_age(what: str, times: list[float], longest: float, now: float, fix: str) -> Iterator[str]:
    if not times:
        yield f"there is no {what} yet: {fix}"
    elif now - max(times) > longest:
        yield f"the last {what} is {describe_age(now - max(times))} old: {fix}"


def judge_database(found: dict[str, Any], alarms: dict[str, float], now: float) -> Iterator[str]:
    """What is wrong with the way of the database's log into the repository."""
    if found["error"]:
        yield f"PostgreSQL does not answer: {found['error']}"
        return
    if found["mode"] != "on":
        yield "PostgreSQL hands no log over (archive_mode): fab provision"
    if found["waits"] and now - found["waits_since"] > alarms["archive_seconds"]:
        oldest = describe_age(now - found["waits_since"])
        yield f"{found['waits']} files of the log wait, the oldest for {oldest}"
    if found["waits"] and (found["failed_at"] or 0) > (found["at"] or 0):
        failed = describe_time(found["failed_at"])
        yield f"handing the log over failed at {failed}: fab logs --program postgresql says why"


def judge_snapshots(found: dict[str, Any], alarms: dict[str, float], now: float) -> Iterator[str]:
    """What is wrong with the pictures' backups."""
    if found["error"]:
        yield f"the pictures' backups can't be read: {found['error']}"
        return
    times = [datetime.fromisoformat(each["time"]).timestamp() for each in found["snapshots"]]
    yield from _judge_age("backup of pictures", times, alarms["pictures_hours"] * HOUR, now, "fab backup")


#: By what the remote program tells: what is wrong with it.
JUDGES: dict[str, Callable[[dict[str, Any], dict[str, float], float], Iterator[str]]] = {
    "repository": judge_repository,
    "database": judge_database,
    "snapshots": judge_snapshots,
}


def judge_hosts(said: dict[str, dict[str, Any]], keeper: str) -> Iterator[str]:
    """What is wrong on each host that told, by what the one that keeps the backups calls too old."""
    alarms = said[keeper]["alarms"]
    if alarms is None:
        yield f"{keeper}: it does not know from when on a backup is too old: fab provision"
        return
    for name in (keeper, *sorted(said.keys() - {keeper})):
        for part, judge in JUDGES.items():
            if part in said[name]:
                yield from (f"{name}: {each}" for each in judge(said[name][part], alarms, said[name]["now"]))


def describe_verification(verified: dict[str, Any] | None) -> str:
    """When the last backup was restored, and what came of it."""
    return f"{describe_time(verified['at'])}, {verified['message']}" if verified else "never"


def describe_snapshots(found: dict[str, Any], now: float) -> str:
    """How many backups of the pictures there are, how large, and how old the last."""
    times = [datetime.fromisoformat(each["time"]).timestamp() for each in found["snapshots"]]
    if not times:
        return "none"
    age = describe_age(now - max(times))
    return f"{len(times)} backups, {describe_size(found['size'])}; the last is {age} old"
