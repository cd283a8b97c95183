"""CPU and memory of processes and their children, from the kernel's accounting."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
NANOSECONDS = 1_000_000_000
KIB = 1024


class MeasuringError(Exception):
    """What was measured is not what was meant; the message is what happened."""


class UsageError(MeasuringError):
    """What a command was given is wrong; the message is what to give."""


def find_tree(root: int, proc: Path = Path("/proc")) -> frozenset[int]:
    """The process and all that descend from it."""
    parents: dict[int, int] = {}
    for folder in proc.iterdir():
        if folder.name.isdecimal() and (fields := _read_stat(folder)):
            parents[int(folder.name)] = int(fields[1])
    tree = {root} & parents.keys()
    while found := {pid for pid, parent in parents.items() if parent in tree and pid not in tree}:
        tree |= found
    return frozenset(tree)


class Meter:
    """Reads what a process and all that descend from it have taken; they must stay the same processes."""

    def __init__(self, root: int, proc: Path = Path("/proc")) -> None:
        self.root = root
        self.proc = proc
        self.pids = find_tree(root, proc)

    def read(self) -> float:
        """CPU seconds so far, user and system.

        Raises `MeasuringError` where a process came or went: the sum would be another one's.
        """
        if not self.pids or find_tree(self.root, self.proc) != self.pids:
            raise MeasuringError("a process ended or started while it was measured: its log says why")
        return sum(cpu_seconds(pid, self.proc) for pid in self.pids)


def tree_seconds(root: int, proc: Path = Path("/proc")) -> float:
    """CPU seconds of a process and of all that descend from it; of those that ended, too."""
    return sum(cpu_seconds(pid, proc) for pid in find_tree(root, proc)) + ended_seconds(root, proc)


def tree_bytes(root: int, proc: Path = Path("/proc")) -> int:
    """Memory of a process and of all that descend from it: PSS, what they share counted once."""
    return sum(read_sizes(pid, proc)["Pss"] for pid in find_tree(root, proc))


def cpu_seconds(pid: int, proc: Path = Path("/proc")) -> float:
    """CPU seconds of a process, all of its threads included.

    stat counts in hundredths and remembers ended threads, schedstat in nanoseconds those that live: the
    larger one is nearer to the truth.
    """
    folder = proc / str(pid)
    fields = _read_stat(folder)
    coarse = (int(fields[11]) + int(fields[12])) / TICKS if fields else 0.0
    fine = 0
    for path in folder.glob("task/*/schedstat"):
        try:
            fine += int(path.read_text().split()[0])
        except (OSError, IndexError):
            continue
    return max(coarse, fine / NANOSECONDS)


def ended_seconds(pid: int, proc: Path = Path("/proc")) -> float:
    """CPU seconds of the children of a process that have ended, in hundredths."""
    fields = _read_stat(proc / str(pid))
    return (int(fields[13]) + int(fields[14])) / TICKS if fields else 0.0


def read_sizes(pid: int | str, proc: Path = Path("/proc")) -> dict[str, int]:
    """A process's memory in bytes, by the kernel's names (`Rss`, `Pss`).

    Raises `MeasuringError` where the process is gone, or the kernel doesn't tell.
    """
    path = proc / str(pid) / "smaps_rollup"
    try:
        lines = [line.partition(":") for line in path.read_text().splitlines()[1:]]
        sizes = {name: int(size.split()[0]) * KIB for name, _, size in lines}
        return {name: sizes[name] for name in ("Rss", "Pss")}
    except (OSError, KeyError, ValueError) as error:
        raise MeasuringError(f"memory of a process is read from {path}, which only Linux has") from error


def _read_stat(folder: Path) -> list[str]:
    """The fields after the program's name, which may hold spaces; none where the process is gone."""
    try:
        return (folder / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
