"""Results of harnesses: one JSON file per run, and pictures beside it."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from profiling.measuring import UsageError

RESULTS = Path("var/profiling")


def check_folder(folder: Path) -> None:
    """Make a folder for results; before minutes are spent. Raises `UsageError` where that can't be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--output {folder}: {error.strerror}") from error
    if not os.access(folder, os.W_OK):
        raise UsageError(f"--output {folder}: nothing may be written there")


def write_result(folder: Path, name: str, result: dict[str, Any]) -> Path:
    """Keep all that a harness found, with when and on which machine; its file `NAME-TIME.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    path = folder / f"{name}-{now:%Y%m%dT%H%M%SZ}.json"
    machine = {"cpus": os.cpu_count(), "load": os.getloadavg(), "python": platform.python_version()}
    whole = {"harness": name, "ended": now.isoformat(timespec="seconds"), "machine": machine, **result}
    path.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
