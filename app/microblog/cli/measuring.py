"""Where a program's processes write their metrics, and how `microblog exporter` adds them up.

Each program has a folder of its own below MICROBLOG_METRICS_DIR, so that starting one clears what its former
processes left and nothing of the others. prometheus_client reads PROMETHEUS_MULTIPROC_DIR when it is imported
and never again.
"""

import os
import re
import sys
from pathlib import Path

from microblog.settings import Settings

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
PID = re.compile(r"_(\d+)\.db$")


def prepare_metrics(settings: Settings, program: str) -> None:
    """Make and clear the program's folder; start the process anew where prometheus_client must be told of it.

    Call it before anything imports prometheus_client. Does nothing without MICROBLOG_METRICS_DIR.
    """
    if settings.metrics_dir is None:
        return
    folder = settings.metrics_dir.absolute() / program
    if os.environ.get(VARIABLE) != str(folder):
        os.environ[VARIABLE] = str(folder)
        # The same process id: a supervisor sees no difference.
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - no shell is wanted
    folder.mkdir(parents=True, exist_ok=True)
    remove_dead_files(folder)


def remove_dead_files(folder: Path) -> None:
    """Delete the files of processes that are gone: the counters of a program start again with it."""
    for path in folder.glob("*.db"):
        found = PID.search(path.name)
        if found and not _is_alive(int(found[1])):
            path.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid != os.getpid()


def mark_dead(pid: int) -> None:
    """Take the live gauges of a dead child out of this program's folder, where there is one."""
    folder = os.environ.get(VARIABLE)
    if folder:
        for path in Path(folder).glob(f"gauge_live*_{pid}.db"):
            path.unlink(missing_ok=True)
