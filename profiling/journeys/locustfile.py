"""What Locust loads: the kinds of people, and what is told while they are there and when they have gone.

`python -m profiling load` starts it, in a process of its own: Locust patches sockets and threads.
"""

import json
import signal
import time
from pathlib import Path
from typing import Any

import gevent
from locust import events
from locust.env import Environment
from locust.runners import Runner
from locust.stats import StatsEntry

from profiling.journeys.apps import App
from profiling.journeys.members import Member
from profiling.journeys.people import PLAN, PUT_OFF, go_where_told
from profiling.journeys.visitors import Visitor

__all__ = ["App", "Member", "Visitor"]

PERCENTILES = (0.5, 0.95, 0.99)
WATCH_SECONDS = 0.2
#: Why a rehearsal ended; nothing where its time was over.
_ENDED: list[str] = []


@events.init.add_listener
def begin(environment: Environment, **_others: Any) -> None:
    """Tell of progress from now on."""
    # A shell that puts its commands behind makes them deaf to it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    go_where_told()
    if environment.runner is not None:
        gevent.spawn(tell_progress, environment.runner)
        if PLAN.is_rehearsal:
            gevent.spawn(end_rehearsal, environment.runner)


@events.quitting.add_listener
def end(environment: Environment, **_others: Any) -> None:
    """Write down what was seen."""
    if environment.runner is not None:
        Path(PLAN.result).write_text(json.dumps(summarize(environment.runner)), encoding="utf-8")


def tell_progress(runner: Runner) -> None:
    """A line of all figures so far, again and again."""
    begun = time.monotonic()
    while True:
        gevent.sleep(PLAN.progress_seconds)
        seconds, total = time.monotonic() - begun, runner.stats.total
        print(
            f"  {seconds:4.0f} s  {runner.user_count} people  {total.num_requests} requests,"
            f" {total.current_rps or 0:.1f}/s  p95 {total.get_current_response_time_percentile(0.95) or 0} ms"
            f"  {total.num_failures} failures  {PUT_OFF.total()} put off",
            flush=True,
        )


def end_rehearsal(runner: Runner) -> None:
    """Nobody is replaced: when the last one has gone, it is over."""
    while runner.state != "running" or runner.user_count:
        gevent.sleep(WATCH_SECONDS)
    _ENDED.append("all have gone")
    runner.quit()


def summarize(runner: Runner) -> dict[str, Any]:
    """All figures; times are in milliseconds, as Locust keeps them: rounded to two digits from 100 on."""
    stats = runner.stats
    # Each kind of people by itself, in the order in which they first did a thing.
    keys = list(dict.fromkeys([*stats.entries, *PUT_OFF]))
    keys.sort(key=lambda key: key[0].partition(":")[0])
    return {
        "steps": [_describe(stats.get(name, method)) for name, method in keys],
        "total": _describe(stats.total) | {"put_off": PUT_OFF.total()},
        "errors": [
            {"step": error.name, "count": error.occurrences, "error": str(error.error)}
            for error in stats.errors.values()
        ],
        # What the journeys themselves did wrong.
        "exceptions": [
            {"count": one["count"], "error": one["msg"], "traceback": one["traceback"]}
            for one in runner.exceptions.values()
        ],
        "history": stats.history,
        "is_whole": bool(_ENDED) or not PLAN.is_rehearsal,
        "was_too_busy": runner.cpu_warning_emitted,
    }


def _describe(entry: StatsEntry) -> dict[str, Any]:
    p50, p95, p99 = (entry.get_response_time_percentile(one) for one in PERCENTILES)
    return {
        "step": entry.name,
        "method": entry.method,
        "requests": entry.num_requests,
        "failures": entry.num_failures,
        "put_off": PUT_OFF[entry.name, entry.method],
        "p50": p50,
        "p95": p95,
        "p99": p99,
        "most": entry.max_response_time,
        "bytes": entry.total_content_length,
    }
