"""Where a program's processes write their metrics, for `microblog exporter` to add up.

Each program has a folder of its own below MICROBLOG_METRICS_DIR. What its former processes counted is kept:
cli/folding.py moves it into one file. prometheus_client reads PROMETHEUS_MULTIPROC_DIR when it is imported
and never again.
"""

import importlib
import os
import re
import sys
from pathlib import Path

from microblog.settings import Settings

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
#: Set by supervisord: the two slots of web, and the groups of workers, have different ones.
PROGRAM_VARIABLE = "SUPERVISOR_PROCESS_NAME"
PROGRAM = re.compile(r"[A-Za-z0-9_-]{1,64}")


def prepare_metrics(settings: Settings, program: str) -> None:
    """Make and tidy the program's folder; start the process anew where prometheus_client must be told of it.

    The folder has supervisord's name of the program, `program` where there is none. Call it before anything
    imports prometheus_client. Does nothing without MICROBLOG_METRICS_DIR.
    """
    if settings.metrics_dir is None:
        return
    named = os.environ.get(PROGRAM_VARIABLE, "")
    folder = settings.metrics_dir.absolute() / (named if PROGRAM.fullmatch(named) else program)
    if os.environ.get(VARIABLE) != str(folder):
        os.environ[VARIABLE] = str(folder)
        # The same process id: a supervisor sees no difference.
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - no shell is wanted
    folder.mkdir(parents=True, exist_ok=True)
    # Imported now: it imports prometheus_client.
    importlib.import_module("microblog.cli.folding").tidy(folder)


def mark_dead(pid: int) -> None:
    """Take the live gauges of a dead child out of this program's folder, where there is one.

    The exporter does the same for children whose parent isn't told, such as Celery's.
    """
    folder = os.environ.get(VARIABLE)
    if folder:
        for path in Path(folder).glob(f"gauge_live*_{pid}.db"):
            path.unlink(missing_ok=True)
