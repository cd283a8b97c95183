"""The control groups (version 2) of the lab's hosts: who lives in them, how they are frozen and killed."""

from functools import cache
from pathlib import Path

from ops.lab.layout import Host, LabError

NAME = "microblog-lab"


@cache
def top() -> Path:
    """The lab's own group.

    Raises `LabError` where the kernel has no control groups of version 2.
    """
    for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(place, NAME)
    raise LabError("the lab needs control groups of version 2: mount -t cgroup2 cgroup2 /sys/fs/cgroup")


def group(host: Host) -> Path:
    """The host's own group; its processes are in groups below."""
    return top() / host.name


def is_alive(host: Host) -> bool:
    """Whether any process of the host exists."""
    events = group(host) / "cgroup.events"
    return events.exists() and "populated 1" in events.read_text()


def is_frozen(host: Host) -> bool:
    """Whether the host is frozen."""
    freezer = group(host) / "cgroup.freeze"
    return freezer.exists() and freezer.read_text().strip() == "1"


def freeze(host: Host, *, frozen: bool) -> None:
    """Stop all the host's processes where they stand, or let them go on."""
    (group(host) / "cgroup.freeze").write_text("1" if frozen else "0")


def kill(host: Host) -> None:
    """End all the host's processes at once."""
    (group(host) / "cgroup.kill").write_text("1")


def supervisors(host: Host) -> list[int]:
    """The process ids of the host's systemd-nspawn."""
    return _processes(group(host) / "supervisor")


def init(host: Host) -> int | None:
    """The process id, seen from outside, of the host's process 1; None before there is one."""
    return next(iter(_processes(group(host) / "payload" / "init.scope")), None)


def make(host: Host) -> Path:
    """The host's group, made where missing."""
    path = group(host)
    path.mkdir(parents=True, exist_ok=True)
    return path


def remove(host: Host) -> None:
    """Remove the host's empty group with all below it; the lab's own with the last host."""
    if group(host).exists():
        for path in sorted(group(host).rglob("*/"), key=lambda path: -len(path.parts)):
            path.rmdir()
        group(host).rmdir()
    if top().exists() and not any(top().glob("*/")):
        top().rmdir()


def _processes(path: Path) -> list[int]:
    file = path / "cgroup.procs"
    # It is born by its parent's namespace: the first number is the oldest, so process 1.
    return [int(number) for number in file.read_text().split()] if file.exists() else []
