"""Many people at once, played by Locust in a process of its own: it patches sockets and threads."""

import json
import math
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from devstack.layout import ROOT
from devstack.processes import guarded, tail
from profiling.journeys.plan import VARIABLE, Plan
from profiling.load_report import Seen
from profiling.measuring import MeasuringError
from profiling.running import Say

LOCUSTFILE = Path(__file__).parent / "journeys" / "locustfile.py"
#: People may end what they do when the time is over.
STOP_SECONDS = 3


@dataclass(frozen=True)
class Coming:
    """How many people come to which site, of which kinds (Locust's classes), and for how long."""

    url: str
    people: int
    kinds: Sequence[str]
    spawn_rate: float
    minutes: float


def play(coming: Coming, plan: Plan, say: Say) -> tuple[Seen, str, bool]:
    """Let them come: what was seen, Locust's own report (HTML), and whether Ctrl-C ended it.

    Raises `MeasuringError` where Locust fails, and `KeyboardInterrupt` before there is anything to tell.
    """
    with tempfile.TemporaryDirectory(prefix="mb-load-") as name:
        folder = Path(name)
        result, report, log = folder / "result.json", folder / "report.html", folder / "locust.log"
        replace(plan, result=str(result)).write(folder / "plan.json")
        with log.open("wb") as errors:
            process = subprocess.Popen(
                guarded(make_command(coming, report, is_rehearsal=plan.is_rehearsal), "INT"),
                cwd=ROOT,
                env=make_environment(folder / "plan.json"),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                # Ctrl-C at a terminal is ours to pass on, once.
                start_new_session=True,
                text=True,
            )
        was_interrupted = pass_on(process, say)
        if not result.exists():
            if was_interrupted:
                raise KeyboardInterrupt
            raise MeasuringError(f"Locust ended without a result:\n{tail(log)}")
        seen: Seen = json.loads(result.read_text(encoding="utf-8"))
        return seen, report.read_text(encoding="utf-8") if report.exists() else "", was_interrupted


def make_command(coming: Coming, report: Path, *, is_rehearsal: bool) -> list[str]:
    """What Locust is told by itself; all else is in the plan."""
    options = {
        "--locustfile": LOCUSTFILE,
        "--host": coming.url,
        "--users": coming.people,
        "--spawn-rate": f"{coming.spawn_rate:g}",
        "--run-time": f"{math.ceil(coming.minutes * 60)}s",
        "--stop-timeout": STOP_SECONDS,
        "--html": report,
        # Not on standard output, where it would print tables of its own.
        "--json-file": os.devnull,
        "--loglevel": "WARNING",
        "--exit-code-on-error": 0,
    }
    words = [str(word) for option in options.items() for word in option]
    weights = ["--equal-weights"] if is_rehearsal else []
    return [sys.executable, "-m", "locust", "--headless", "--only-summary", *weights, *words, *coming.kinds]


def make_environment(plan: Path) -> dict[str, str]:
    """The person's environment without what would decide for Locust."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    return kept | {VARIABLE: str(plan)}


def pass_on(process: subprocess.Popen[str], say: Say) -> bool:
    """Say what it says until it ends; whether somebody wanted it to end sooner."""
    was_interrupted = False
    assert process.stdout is not None
    with process.stdout:
        while True:
            try:
                for line in process.stdout:
                    say(line.rstrip())
                process.wait()
            except KeyboardInterrupt:
                if was_interrupted:
                    process.kill()
                    process.wait()
                    raise
                was_interrupted = True
                process.send_signal(signal.SIGINT)
                say("Stopping: what was seen until now follows")
            else:
                return was_interrupted
