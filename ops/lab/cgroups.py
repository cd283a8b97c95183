"""The control groups (version 2) of the lab's hosts: who lives in them, how they are frozen and killed."""

from functools import cache
from pathlib import Path

from ops.lab.layout import LabError

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


def group(name: str) -> Path:
    """The group of a host, or of a server of the lab's own; its processes are in it and in groups below."""
    return top() / name


def is_alive(name: str) -> bool:
    """Whether any process of the host exists."""
    events = group(name) / "cgroup.events"
    return events.exists() and "populated 1" in events.read_text()


def is_frozen(name: str) -> bool:
    """Whether the host is frozen."""
    freezer = group(name) / "cgroup.freeze"
    return freezer.exists() and freezer.read_text().strip() == "1"


def freeze(name: str, *, frozen: bool) -> None:
    """Stop all the host's processes where they stand, or let them go on."""
    (group(name) / "cgroup.freeze").write_text("1" if frozen else "0")


def kill(name: str) -> None:
    """End all the host's processes at once."""
    (group(name) / "cgroup.kill").write_text("1")


def supervisors(name: str) -> list[int]:
    """The process ids of the host's systemd-nspawn."""
    return _processes(group(name) / "supervisor")


def init(name: str) -> int | None:
    """The process id, seen from outside, of the host's process 1; None before there is one."""
    return next(iter(_processes(group(name) / "payload" / "init.scope")), None)


def make(name: str) -> Path:
    """The host's group, made where missing."""
    path = group(name)
    path.mkdir(parents=True, exist_ok=True)
    return path


def remove(name: str) -> None:
    """Remove the host's empty group with all below it; the lab's own with the last host."""
    if group(name).exists():
        for path in sorted(group(name).rglob("*/"), key=lambda path: -len(path.parts)):
            path.rmdir()
        group(name).rmdir()
    if top().exists() and not any(top().glob("*/")):
        top().rmdir()


def _processes(path: Path) -> list[int]:
    file = path / "cgroup.procs"
    # It is born by its parent's namespace: the first number is the oldest, so process 1.
    return [int(number) for number in file.read_text().split()] if file.exists() else []
