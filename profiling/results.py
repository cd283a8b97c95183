"""Results of harnesses: one JSON file per run, and pictures beside it."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path("var/profiling")


def write_result(folder: Path, name: str, result: dict[str, Any]) -> Path:
    """Keep all that a harness found, with when and on which machine; its file `NAME-TIME.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    path = folder / f"{name}-{now:%Y%m%dT%H%M%SZ}.json"
    machine = {"cpus": os.cpu_count(), "load": os.getloadavg(), "python": platform.python_version()}
    whole = {"harness": name, "ended": now.isoformat(timespec="seconds"), "machine": machine, **result}
    path.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
