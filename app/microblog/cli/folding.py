"""Adds up the metrics of processes that are gone, so that totals never fall and files don't pile up.

prometheus_client writes a file for each process and kind of metric into a program's folder: `counter_71.db`,
`histogram_71.db`, `gauge_livesum_71.db`. When process 71 is gone, what it said about the present is deleted,
and its totals move into `counter_folded-1.db`, the next dead ones' into `counter_folded-2.db`, and so on.

A folder's lock is held while files are folded or read, so that nobody sees a total twice or not at all. A
crash at any point does no harm either, since one rename decides. Files are first renamed to `counter_71.db.2`
and count as they are; once the second folded file has its name it holds them, they and the first no longer
count, and are deleted then or the next time. (Deleting them first would lose them; giving the new file the
name of the former would count them twice.)
"""

import fcntl
import json
import os
import re
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog
from prometheus_client.mmap_dict import MmapedDict

log = structlog.get_logger(__name__)

LOCK = "fold.lock"
LOCK_SECONDS = 5.0
KEPT = ("counter", "histogram", "gauge_mostrecent")
OF_A_PROCESS = re.compile(r"(counter|histogram|gauge_mostrecent|gauge_live[a-z]+)_(\d+)\.db")
TAKEN = re.compile(r"(counter|histogram|gauge_mostrecent|gauge_live[a-z]+)_(\d+)\.db\.(\d+)")
FOLDED = re.compile(r"(counter|histogram|gauge_mostrecent)_folded-(\d+)\.db")
#: Of live gauges: smaller than every number of a folded file, so that they never count.
NEVER = 0
#: Between creating a file and mapping it a process needs far less.
YOUNG_SECONDS = 5.0
BROKEN = (RuntimeError, ValueError, struct.error)

Entries = dict[str, tuple[float, float]]


@contextmanager
def locked(folder: Path, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Have a folder's files for this process alone. Raises TimeoutError where another one holds them."""
    deadline = time.monotonic() + seconds
    with (folder / LOCK).open("ab") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise TimeoutError(f"{folder / LOCK} was held for {seconds:g} s") from None
            time.sleep(0.005)
        # Closing the file, or the end of the process, gives it up.
        yield


def tidy(folder: Path) -> None:
    """Fold all that a program's former processes left, before it begins; where that is impossible, later.

    A process that got the number of a dead one would go on with its files.
    """
    try:
        with locked(folder):
            fold(folder, least=1)
    except (OSError, TimeoutError) as error:
        log.warning("metrics.not_folded", error=type(error).__name__)


def fold(folder: Path, *, least: int) -> None:
    """Fold what processes that are gone left, kind by kind where it is at least that many files.

    To be called with the lock. What they said about the present goes at once.
    """
    dead = find_dead(folder)
    numbers = {kind: _latest(folder, kind) for kind in KEPT}
    ready = {kind for kind in KEPT if sum(found[1] == kind for _, found in dead) >= least}
    taken = []
    for path, found in dead:
        if found[1] not in KEPT or found[1] in ready:
            number = numbers[found[1]] + 1 if found[1] in ready else NEVER
            # Its parent may delete what it said about the present before we do.
            with suppress(FileNotFoundError):
                taken.append((path, path.rename(f"{path}.{number}")))
    _give_back(taken)
    for kind in KEPT:
        if any(int(found[3]) > numbers[kind] for _, found in _match(folder, TAKEN) if found[1] == kind):
            _commit(folder, kind, numbers[kind])
    for path in set(folder.iterdir()) - set(list_files(folder)):
        if TAKEN.fullmatch(path.name) or FOLDED.fullmatch(path.name):
            path.unlink()


def list_files(folder: Path) -> list[Path]:
    """The files that count now. Another process may delete live gauges meanwhile."""
    numbers = {kind: _latest(folder, kind) for kind in KEPT}
    files = [folder / f"{kind}_folded-{number}.db" for kind, number in numbers.items() if number]
    files += [
        path for path, found in _match(folder, TAKEN) if int(found[3]) > numbers.get(found[1], NEVER + 1)
    ]
    # One that is being made is empty for a moment.
    return files + [path for path, _ in _match(folder, OF_A_PROCESS) if _size(path)]


def find_dead(folder: Path) -> list[tuple[Path, re.Match[str]]]:
    """The files that no process writes any more, each with its name's kind and process id."""
    maps: dict[int, str | None] = {}
    dead = []
    for path, found in _match(folder, OF_A_PROCESS):
        pid = int(found[2])
        if pid not in maps:
            maps[pid] = _read_maps(pid)
        if not _is_written(path, maps[pid]):
            dead.append((path, found))
    return dead


def _read_maps(pid: int) -> str | None:
    """The files that a process has in its memory: none where it is gone, None where it doesn't tell.

    That a process of this number lives is not enough: after a restart of the host it is somebody else's.
    """
    if pid == os.getpid():
        # Whoever folds has no figures of its own yet, or never will.
        return ""
    process = Path(f"/proc/{pid}")
    try:
        return (process / "maps").read_text(encoding="utf-8", errors="replace")
    except PermissionError:
        return None if _owner(process) == os.getuid() else ""
    except OSError:
        return ""


def _owner(process: Path) -> int | None:
    try:
        return process.stat().st_uid
    except OSError:
        return None


def _is_written(path: Path, maps: str | None) -> bool:
    if not maps:
        return maps is None
    if f"{_in_maps(path)}\n" in maps:
        return True
    try:
        return time.time() - path.stat().st_mtime < YOUNG_SECONDS
    except FileNotFoundError:
        return True


def _in_maps(path: Path) -> str:
    """The end of a file's line in /proc/…/maps: the kernel follows links."""
    return f"/{path.parent.resolve().name}/{path.name}"


def _give_back(taken: Sequence[tuple[Path, Path]]) -> None:
    """Undo the renaming of files that a new process of the same number opened at that very moment."""
    for path, renamed in taken:
        found = OF_A_PROCESS.fullmatch(path.name)
        if found and f"{_in_maps(renamed)}\n" in (_read_maps(int(found[2])) or ""):
            renamed.rename(path)


def _commit(folder: Path, kind: str, former: int) -> None:
    """Write the next folded file of a kind: the former one and all that was taken since."""
    entries: Entries = {}
    files = [folder / f"{kind}_folded-{former}.db"] if former else []
    files += [path for path, found in _match(folder, TAKEN) if found[1] == kind and int(found[3]) > former]
    for path in files:
        for key, (value, moment) in _read(path).items():
            total, latest = entries.get(key, (0.0, 0.0))
            if kind.startswith("gauge"):
                entries[key] = max((total, latest), (value, moment), key=lambda one: one[1])
            else:
                entries[key] = (total + value, 0.0)
    draft = folder / f"{kind}_folded.new"
    draft.unlink(missing_ok=True)
    written = MmapedDict(str(draft))  # type: ignore[no-untyped-call]
    for key, (value, moment) in entries.items():
        written.write_value(key, value, moment)  # type: ignore[no-untyped-call]
    written.close()  # type: ignore[no-untyped-call]
    with draft.open("rb+") as file:
        os.fsync(file.fileno())
    draft.rename(folder / f"{kind}_folded-{former + 1}.db")


def _read(path: Path) -> Entries:
    """A file's values and their moments by key; of one that a crash of the host broke, what can be read."""
    entries: Entries = {}
    if not _size(path):
        return entries
    try:
        for key, value, moment, _ in MmapedDict.read_all_values_from_file(str(path)):  # type: ignore[no-untyped-call]
            json.loads(key)
            entries[key] = (value, moment)
    except BROKEN as error:
        log.warning("metrics.file_broken", file=path.name, error=type(error).__name__)
    return entries


def _latest(folder: Path, kind: str) -> int:
    return max((int(found[2]) for _, found in _match(folder, FOLDED) if found[1] == kind), default=NEVER)


def _match(folder: Path, pattern: re.Pattern[str]) -> list[tuple[Path, re.Match[str]]]:
    matches = ((path, pattern.fullmatch(path.name)) for path in sorted(folder.iterdir()))
    return [(path, found) for path, found in matches if found]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
